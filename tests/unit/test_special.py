"""Which addresses have a special purpose: the table at its edges, and beside the one in ``ipaddress``."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.special import is_special, special_within
from tests.unit.builders import quick

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

OTHER_THAN_IPADDRESS = {
    "::ffff:0:0/96": "what the IPv4 address is, but a target that is one is written as one",
    "64:ff9b::/96": "IANA calls it reachable, but lists know the IPv4 address that it writes",
    "100:0:0:1::/64": "RFC 9780, of 2025",
    "2001:1::3/128": "RFC 9665, of 2025",
    "5f00::/16": "RFC 9602, of 2024",
}
"""Where no release of Python up to 3.13 says what we say."""
KNOWN_TO_SOME_RELEASES = {
    "192.0.0.0/24": "the whole of it, but for two addresses, since 3.11.9",
    "64:ff9b:1::/48": "since 3.11.9",
    "2001::/23": "what is reachable in it, since 3.11.9",
    "2002::/16": "since 3.11.9",
    "3fff::/20": "since 3.13.1",
}
"""Where releases differ, and the later ones say what we say."""
DIFFERENCES = [ip_network(text) for text in (*OTHER_THAN_IPADDRESS, *KNOWN_TO_SOME_RELEASES)]

# At these, and beside them, something begins or ends in one of the two tables.
EDGES = [
    ip_network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.2.0/24"),
        *("192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4"),
        *("::/127", "100::/64", "2001:db8::/32", "2620:4f:8000::/48"),
        *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", *OTHER_THAN_IPADDRESS, *KNOWN_TO_SOME_RELEASES),
    )
]


def _special(text: str) -> bool:
    address = ip_address(text)
    return is_special(address.version, int(address))


@pytest.mark.parametrize(
    ("text", "special"),
    [
        ("0.0.0.0", True),
        ("0.255.255.255", True),
        ("1.0.0.0", False),
        ("100.63.255.255", False),
        ("100.64.0.0", True),
        ("100.127.255.255", True),
        ("100.128.0.0", False),
        ("192.0.0.8", True),
        ("192.0.0.9", False),
        ("192.0.0.10", False),
        ("192.0.0.11", True),
        ("192.0.0.170", True),
        ("192.88.99.1", False),
        ("223.255.255.255", False),
        ("224.0.0.0", True),
        ("255.255.255.255", True),
        ("::", True),
        ("::1", True),
        ("::2", False),
        ("::ffff:9.9.9.9", True),
        ("64:ff9b::909:909", True),
        ("64:ff9b:1::1", True),
        ("64:ff9b:2::1", False),
        ("100::1", True),
        ("100:0:0:1::1", True),
        ("100:0:0:2::1", False),
        ("2001::1", True),
        ("2001:1::", True),
        ("2001:1::1", False),
        ("2001:1::3", False),
        ("2001:1::4", True),
        ("2001:2::1", True),
        ("2001:3::1", False),
        ("2001:4:112::1", False),
        ("2001:10::1", True),
        ("2001:20::1", False),
        ("2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", False),
        ("2001:40::", True),
        ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", True),
        ("2001:200::", False),
        ("2001:db8::1", True),
        ("2002:909:909::1", True),
        ("2003::1", False),
        ("3fff:fff::1", True),
        ("3fff:1000::", False),
        ("5f00::1", True),
        ("fbff::1", False),
        ("fc00::1", True),
        ("fe80::1", True),
        ("fec0::1", False),
        ("ff0e::1", True),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", True),
    ],
)
def test_an_address_is_special_as_the_registries_say(text: str, special: bool) -> None:
    """Rows at their edges, what is reachable inside them, and what stands right beside them."""
    assert _special(text) is special


@pytest.mark.parametrize(
    ("text", "special"),
    [
        pytest.param("9.9.9.0/24", False, id="apart from all rows"),
        pytest.param("10.1.0.0/16", True, id="inside a row"),
        pytest.param("10.0.0.0/8", True, id="a row"),
        pytest.param("8.0.0.0/6", True, id="around a row"),
        pytest.param("8.0.0.0/7", False, id="right before a row"),
        pytest.param("11.0.0.0/8", False, id="right behind a row"),
        pytest.param("0.0.0.0/0", True, id="everything"),
        pytest.param("192.0.0.9/32", False, id="reachable inside a row"),
        pytest.param("192.0.0.8/31", True, id="half of it reachable inside a row"),
        pytest.param("2620:fe::/48", False, id="ipv6, apart"),
        pytest.param("2000::/3", True, id="ipv6, around rows"),
        pytest.param("2001:20::/28", False, id="ipv6, reachable inside a row"),
        pytest.param("2001:20::/27", False, id="ipv6, two neighbours, both reachable"),
        pytest.param("2001:0::/26", True, id="ipv6, more than what is reachable"),
    ],
)
def test_a_network_is_special_if_any_of_its_addresses_is(text: str, special: bool) -> None:
    """An overlap with a row is enough, from inside and from outside."""
    assert special_within(ip_network(text)) is special


def _agree(address: Address) -> bool:
    """Whether both tables say the same, or one of the stated differences is about it."""
    different = any(address in network for network in DIFFERENCES)
    return different or is_special(address.version, int(address)) is not (address.is_global and not address.is_multicast)


@pytest.mark.parametrize("network", EDGES, ids=str)
def test_ipaddress_says_the_same_at_every_edge(network: Network) -> None:
    """First and last address, those beside them, and the middle."""
    first, last = network[0], network[-1]
    beside = [first - 1] if int(first) else []
    beside += [last + 1] if int(last) + 1 < 2**network.max_prefixlen else []
    assert all(_agree(address) for address in (*beside, first, network[network.num_addresses // 2], last))


@quick
@given(st.ip_addresses() | st.sampled_from(EDGES).flatmap(lambda network: st.ip_addresses(network=network)))
def test_ipaddress_says_the_same_everywhere_else(address: Address) -> None:
    """But for the stated differences."""
    assert _agree(address)


@quick
@given(st.ip_addresses(), st.integers(0, 128))
def test_a_network_with_a_special_address_is_special(address: Address, length: int) -> None:
    """Whatever holds a special address overlaps a row."""
    network = ip_network((address, min(length, address.max_prefixlen)), strict=False)
    assert special_within(network) or not is_special(address.version, int(address))
