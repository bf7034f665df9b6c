"""One mailbox, one spelling."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.text.emails import email_of, in_ascii, normalized_email

BOUNDED = settings(max_examples=300, derandomize=True, deadline=None)
DOMAINS = st.sampled_from(("acme.example", "münchen.example", "xn--mnchen-3ya.example", "例え.jp", "faß.de", "a.b-c.d"))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("\u200bada@acme.example", "ada@acme.example"),
        ("ada\u00ad@acme.example\ufeff", "ada@acme.example"),
        ("\u202aada@acme.example\u202c", "ada@acme.example"),
        ("\u00a0Ada@ACME.example\n", "ada@acme.example"),
        ("ａda＠acme。example", "ada@acme.example"),
        ("ada@xn--mnchen-3ya.example", "ada@münchen.example"),
        ("ADA@XN--MNCHEN-3YA.example", "ada@münchen.example"),
        ("ada@MU\u0308NCHEN.example", "ada@münchen.example"),
        ("ada@xn--fa-hia.example", "ada@faß.example"),
        ("ada@foo_bar.example", "ada@foo_bar.example"),
    ],
)
def test_every_spelling_of_an_address_is_one(typed: str, kept: str) -> None:
    assert email_of(typed) == kept == email_of(in_ascii(kept)) == normalized_email(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "@acme.example", "ada@acme..example", "ada@xn--a.example", "ada@xn--zz--.example", "a\x00@b.c",
     "ada@❤.example", "a b@acme.example", "a\u2028@acme.example", "a@b@c", f"a@{'ü' * 60}.example", f"{'a' * 65}@b.c"],
)  # fmt: skip
def test_what_can_be_no_address_is_none(typed: str) -> None:
    assert email_of(typed) is None
    assert normalized_email(normalized_email(typed)) == normalized_email(typed)


@BOUNDED
@given(st.text(st.characters(), max_size=30), DOMAINS | st.text(st.characters(), max_size=20))
def test_any_text_has_one_spelling_or_is_no_address(local_part: str, domain: str) -> None:
    email = normalized_email(f"{local_part}@{domain}")
    assert normalized_email(email) == email
    if email_of(email) is not None:
        assert email_of(f" {email}\u200b ") == email
        assert len(email.encode()) > 2
        assert len(email) <= 254
