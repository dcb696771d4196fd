"""Addresses of a special purpose: those of which no stranger can have an opinion.

Rules:

1. A row is multicast, or one of IANA's registries of special-purpose addresses (RFC 6890, RFC 8190) that is not globally
   reachable. What is reachable inside a row is cut out of it.
2. A prefix that writes an IPv4 address as an IPv6 one is special, whoever may reach it: lists know the IPv4 address.
3. The table is ours, since the one in ``ipaddress`` is another one in nearly every release of Python.
"""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network

from exporter.spans import Spans

_SPECIAL_IPV4: Mapping[str, str] = {
    "0.0.0.0/8": "RFC 791: this network",
    "10.0.0.0/8": "RFC 1918: private",
    "100.64.0.0/10": "RFC 6598: shared, behind a carrier's NAT",
    "127.0.0.0/8": "RFC 1122: loopback",
    "169.254.0.0/16": "RFC 3927: link-local",
    "172.16.0.0/12": "RFC 1918: private",
    "192.0.0.0/24": "RFC 6890: protocol assignments",
    "192.0.2.0/24": "RFC 5737: documentation",
    "192.168.0.0/16": "RFC 1918: private",
    "198.18.0.0/15": "RFC 2544: benchmarks",
    "198.51.100.0/24": "RFC 5737: documentation",
    "203.0.113.0/24": "RFC 5737: documentation",
    "224.0.0.0/4": "RFC 5771: multicast",
    "240.0.0.0/4": "RFC 1112: reserved, and the broadcast of RFC 8190",
}
_REACHABLE_IPV4: Mapping[str, str] = {
    "192.0.0.9/32": "RFC 7723: port control",
    "192.0.0.10/32": "RFC 8155: traversal of NATs",
}
_SPECIAL_IPV6: Mapping[str, str] = {
    "::/128": "RFC 4291: unspecified",
    "::1/128": "RFC 4291: loopback",
    "::ffff:0:0/96": "RFC 4291: IPv4-mapped",
    "64:ff9b::/96": "RFC 6052: IPv4 translated; reachable, but see rule 2",
    "64:ff9b:1::/48": "RFC 8215: IPv4 translated within a network",
    "100::/64": "RFC 6666: discarded",
    "100:0:0:1::/64": "RFC 9780: dummy",
    "2001::/23": "RFC 2928: protocol assignments, Teredo (RFC 4380) and benchmarks (RFC 5180) among them",
    "2001:db8::/32": "RFC 3849: documentation",
    "2002::/16": "RFC 3056: 6to4, which writes an IPv4 address",
    "3fff::/20": "RFC 9637: documentation",
    "5f00::/16": "RFC 9602: segment routing",
    "fc00::/7": "RFC 4193: unique local",
    "fe80::/10": "RFC 4291: link-local",
    "ff00::/8": "RFC 4291: multicast",
}
_REACHABLE_IPV6: Mapping[str, str] = {
    "2001:1::1/128": "RFC 7723: port control",
    "2001:1::2/128": "RFC 8155: traversal of NATs",
    "2001:1::3/128": "RFC 9665: registration of services",
    "2001:3::/32": "RFC 7450: multicast tunnels",
    "2001:4:112::/48": "RFC 7535: AS112",
    "2001:20::/28": "RFC 7343: ORCHIDv2",
    "2001:30::/28": "RFC 9374: identifiers of drones",
}


def is_special(version: int, number: int) -> bool:
    """Whether the address of that number has a special purpose; ``version`` is 4 or 6."""
    return number in _SPANS[version]


def special_within(network: IPv4Network | IPv6Network) -> bool:
    """Whether any address of the network has a special purpose."""
    return _SPANS[network.version].meet(*_ends(network))


def spans(version: int) -> list[tuple[int, int]]:
    """All of them, as inclusive spans in order."""
    return list(_SPANS[version])


def _spans(special: Iterable[str], reachable: Iterable[str]) -> Spans:
    holes = Spans.of(_ends(ip_network(text)) for text in reachable)
    return Spans.of(piece for text in special for piece in holes.outside(*_ends(ip_network(text))))


def _ends(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    return int(network.network_address), int(network.broadcast_address)


_SPANS: Mapping[int, Spans] = {
    4: _spans(_SPECIAL_IPV4, _REACHABLE_IPV4),
    6: _spans(_SPECIAL_IPV6, _REACHABLE_IPV6),
}
