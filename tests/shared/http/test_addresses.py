import pytest

from shared.http.rate_limits import address_in


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:50123", "203.0.113.7"),
        ('"203.0.113.7:50123"', "203.0.113.7"),
        ("'203.0.113.7'", "203.0.113.7"),
        ("203.0.113.7:", "203.0.113.7"),
        ("203.0.113.7:_hidden", "203.0.113.7"),
        ("[203.0.113.7]:80", "203.0.113.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ('"[2001:db8::7]:443"', "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("[fe80::1%25eth0]:80", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
    ],
)
def test_an_address_is_read_however_a_proxy_writes_it(entry: str, address: str) -> None:
    assert str(address_in(entry)) == address


@pytest.mark.parametrize(
    "entry",
    [
        "",
        "unknown",
        "_hidden",
        "_hidden:80",
        "unknown:80",
        "example.com",
        "203.0.113",
        "203.0.113.07",
        "[2001:db8::7",
        "2001:db8::7]",
        "[2001:db8::7]x",
        "203.0.113.7 x",
        "1" * 5000,
        "[[::1]]",
        "<script>",
        "203.0.113.7:80:90",
    ],
)
def test_what_is_no_address_is_none(entry: str) -> None:
    assert address_in(entry) is None
