"""Who is watched, on which lists, and where it comes from: a small office, a provider, a large provider. Addresses are from the
ranges for documentation and benchmarks."""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from exporter.config import Config, load
from exporter.expansion import Reason, Skipped
from exporter.portions import Portion, members
from exporter.roster import Labels
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

FILE, LOST = "/etc/dnsbl-exporter/targets.d/shops.yml", "example.org mx"
_SPF = "example.com spf"
ORIGINS: Mapping[str, tuple[Skipped, ...]] = {
    "mail.example.com": (),
    "example.com mx": (),
    _SPF: (
        Skipped(Reason.KNOWN_PROVIDER, "include:_spf.google.com", "Somebody else's."),
        Skipped(Reason.KNOWN_PROVIDER, "include:spf.protection.outlook.com", "Somebody else's."),
        Skipped(Reason.NETWORK_TOO_LARGE, "ip4:198.51.100.0/24", "Too large."),
    ),
    LOST: (),
    FILE: (),
}
"""Names and a file that targets come from, with what they lead to and is not watched."""

_WEB, _OUTBOUND, _DESKS = ((("team", team),) for team in ("web", "outbound", "desks"))
_OF_OFFICE: Mapping[str, Labels] = dict(zip(OFFICE, (_OUTBOUND, _DESKS, _OUTBOUND, _WEB, _WEB), strict=True))
_OF_NETWORKS: tuple[Labels, ...] = (
    _OUTBOUND,
    *((("customer", customer), ("team", "hosting")) for customer in ("globex", "initech", "hooli")),
)
_SIX = "2001:db8:25::/64"
_NAMED = (
    *((OFFICE[0], origin, (("role", "mx"),)) for origin in ("mail.example.com", "example.com mx", _SPF)),
    *((OFFICE[1], origin, ()) for origin in (_SPF, LOST)),
)
"""What names lead to is in the config in another way, too."""
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
    entries = list(_office(targets) if targets <= len(OFFICE) else _entries(targets))
    there = {text for text, *_ in entries}
    entries += [entry for entry in _NAMED if entry[0] in there]
    return replace(load(path, {}), sources=tuple(_portions(entries)))


def watched(config: Config) -> list[Target]:
    """All targets in the order of the entries that they came from first."""
    singles = (source.members.singles() for source in config.sources if isinstance(source, Portion))
    return list(dict.fromkeys(itertools.chain.from_iterable(singles)))


Entry = tuple[str, str, Labels]
"""A target, where it comes from (itself, if that is empty), and its labels."""


def _portions(entries: Iterable[Entry]) -> Iterator[Portion]:
    for (origin, labels), few in itertools.groupby(entries, key=lambda entry: entry[1:]):
        yield Portion(members(parse(text) for text, *_ in few), origin, labels)


def _office(targets: int) -> Iterator[Entry]:
    yield from ((text, FILE if text == OFFICE[4] else "", _OF_OFFICE[text]) for text in OFFICE[:targets])


def _entries(targets: int) -> Iterator[Entry]:
    """So many targets: a tenth are domains, in a file but for one, a twentieth IPv6 addresses."""
    domains, six = int(targets * _DOMAINS), int(targets * _IPV6)
    for number in range(domains):
        yield (f"shop-{number}.example", FILE, (("customer", "shops"), *_WEB)) if number else ("example.com", "", _WEB)
    yield from ((str(address), _SIX, _OUTBOUND) for address in _first(six, IPv6Network(_SIX).hosts()))
    ranges = (IPv4Network("203.0.113.0/24"), IPv4Network("198.51.100.0/24"), IPv4Network("198.18.0.0/15"))
    networks = (network for wide in ranges for network in wide.subnets(new_prefix=26))
    addresses = (
        (str(address), str(network), labels)
        for network, labels in zip(networks, itertools.cycle(_OF_NETWORKS), strict=False)
        for address in network
    )
    yield from itertools.islice(addresses, targets - domains - six)


def _first(count: int, things: Iterable[object]) -> Iterator[object]:
    return itertools.islice(things, count)
