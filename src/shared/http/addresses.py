"""Read internet addresses as proxies write them."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

MAX_ENTRY = 100
# With a port, as some proxies add it; IPv6 stands in brackets then. RFC 7239 allows words for ports too.
BRACKETED = re.compile(r"\[([^\[\]]*)\](?::[\w.-]*)?")
WITH_PORT = re.compile(r"([^:\[\]]+):[\w.-]*")
# An IPv6 address in full and a port, without brackets.
FULL_WITH_PORT = re.compile(r"((?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}):[0-9]{1,5}")


def address_in(entry: str) -> IPv4Address | IPv6Address | None:
    """Parse an entry of X-Forwarded-For, or a socket's peer: port, brackets, quotes and zone do not count.

    An IPv4 address that is mapped into IPv6 is the IPv4 address. None for `unknown`, an obfuscated name, or any text
    that is no address.
    """
    bare = entry.strip().strip("\"'").strip() if len(entry) <= MAX_ENTRY else ""
    read = BRACKETED.fullmatch(bare) or WITH_PORT.fullmatch(bare) or FULL_WITH_PORT.fullmatch(bare)
    host = read[1] if read else bare
    try:
        address = ip_address(host.strip().partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
