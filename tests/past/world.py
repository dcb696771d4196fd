"""Who is watched, on which lists: a small office, a provider, a large provider. Addresses are from the ranges for documentation
and benchmarks."""

import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from exporter.config import Config, load
from exporter.portions import Portion, members
from exporter.target import Target, parse

ADDRESS_LISTS = (
    "zen.spamhaus.org",
    "bl.spamcop.net",
    "b.barracudacentral.org",
    "dnsbl-1.uceprotect.net",
    "dnsbl-2.uceprotect.net",
    "dnsbl-3.uceprotect.net",
    "psbl.surriel.com",
    "bl.mailspike.net",
    "dnsbl.dronebl.org",
    "all.s5h.net",
)
DOMAIN_LISTS = ("dbl.spamhaus.org", "multi.surbl.org", "multi.uribl.com")
RESOLVERS = ("10.0.0.53:53", "10.0.1.53:53")
OFFICE = ("203.0.113.5", "203.0.113.6", "2001:db8::25", "example.com", "example.org")

_DOMAINS = 0.1
_IPV6 = 0.05


def config(folder: Path, targets: int) -> Config:
    """The config of so many targets; up to five are a small office."""
    lists = [{"zone": zone, "non_global": True} for zone in ADDRESS_LISTS]
    document = {
        "resolvers": list(RESOLVERS),
        "lists": [*lists, *({"zone": zone} for zone in DOMAIN_LISTS)],
        "targets": list(OFFICE),
        "history": {"path": str(folder / "past.db")},
    }
    path = folder / "past.yml"
    path.write_text(json.dumps(document))
    office = load(path, {})
    if targets <= len(OFFICE):
        return replace(office, sources=(Portion(members(watched(office)[:targets])),))
    entries = itertools.groupby(_entries(targets), key=lambda entry: entry[1])
    return replace(office, sources=tuple(Portion(members(parse(text) for text, _ in few), origin) for origin, few in entries))


def watched(config: Config) -> list[Target]:
    """All targets in the order of the entries that they came from."""
    return [target for source in config.sources if isinstance(source, Portion) for target in source.members.singles()]


def _entries(targets: int) -> Iterator[tuple[str, str]]:
    """So many targets and the entries they came from, domains being their own: a tenth are domains, a twentieth IPv6
    addresses."""
    domains, six = int(targets * _DOMAINS), int(targets * _IPV6)
    for number in range(domains):
        name = f"shop-{number}.example" if number else "example.com"
        yield name, ""
    yield from ((str(address), "2001:db8:25::/64") for address in _first(six, IPv6Network("2001:db8:25::/64").hosts()))
    ranges = (IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.0/24"), *IPv4Network("198.18.0.0/15").subnets(new_prefix=24))
    addresses = ((str(address), str(network)) for network in ranges for address in network)
    yield from itertools.islice(addresses, targets - domains - six)


def _first(count: int, things: Iterable[object]) -> Iterator[object]:
    return itertools.islice(things, count)
