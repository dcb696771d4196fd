"""Stub."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network


def is_special(version: int, number: int) -> bool:
    a = IPv4Address(number) if version == 4 else IPv6Address(number)
    return not a.is_global or a.is_multicast


def special_within(network: IPv4Network | IPv6Network) -> bool:
    return not network.is_global or network.is_multicast


def spans(version: int) -> list[tuple[int, int]]:
    return []
