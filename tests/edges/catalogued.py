"""The catalogue's lists as rbldnsd serves them, and what each of their answers has to become.

Rule 1: what is expected is read off the files here once more, not by the exporter: two readings must agree.
Rule 2: a range is asked at both ends and in the middle; a bitmask by every number that an octet can be.
Rule 3: a zone holds its test entries as well, answered as the operator is known to answer them, or as RFC 5782 says.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from pathlib import Path
from typing import cast

from exporter import catalogue
from exporter.blocklist import Blocklist
from exporter.config.model import Checks, ListEntry
from exporter.config.words import to_blocklist
from exporter.target import Kind, Target
from exporter.verdict import Cause, Hit, Listed, NotListed, Unknown, Verdict
from tests.servers.zones import Zone, addresses, domains

ZONES = tuple(catalogue.entries())
KEY = "0123456789abcdefghijklmnop"
USUAL = "127.0.0.2"
IN_NO_TABLE = "127.77.77.77"
KNOWN_ANSWERS = {
    "bl.suomispam.net": "127.0.0.99",
    "dbl.dq.spamhaus.net": "127.0.1.2",
    "dbl.spamhaus.org": "127.0.1.2",
    "list.dnswl.org": "127.0.10.0",
    "multi.surbl.org": "127.0.0.254",
    "multi.uribl.com": "127.0.0.14",
}
"""What test entries are answered with, where it is neither 127.0.0.2 nor the code of their own address."""

BOGONS = {Kind.IPV4: ["127.0.0.0/8", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24"], Kind.IPV6: ["2001:2::/48"]}
"""Some of what a list of unusable space holds: the test entries of RFC 5782, and the space for benchmarks."""

Meanings = Mapping[str, frozenset[str] | None]
"""The sublists that a code names, none if it is neutral; ``None`` if it refuses."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a list answers, and the verdict that it has to become."""

    codes: tuple[str, ...]
    verdict: Verdict


@cache
def blocklist(zone: str) -> Blocklist:
    """The list of a config that names it and gives a key where one is needed."""
    entry = ListEntry.model_validate(_entry(zone) | ({"key_env": "KEY"} if _entry(zone).get("needs_key") else {}))
    notes: list[str] = []
    found = to_blocklist(entry, Checks(), Path(), {"KEY": KEY}, lambda path, message: notes.append(f"{path}: {message}"))
    assert not notes
    return found


def suffix(zone: str) -> str:
    """What its names end in: the key stands in front of the zone."""
    return f"{KEY}.{zone}" if _entry(zone).get("needs_key") else zone


@cache
def cases(zone: str) -> tuple[Case, ...]:
    """Each code alone; one of every sublist together; and beside a listing, what is neutral and what refuses."""
    meanings = _meanings(zone)
    one_of_each = tuple({names: code for code, names in meanings.items() if names and len(names) == 1}.values())
    others = [code for code, names in meanings.items() if not names]
    answers = [*((code,) for code in meanings), one_of_each, *((code, one_of_each[0]) for code in others)]
    return tuple(Case(codes, _verdict(codes, meanings)) for codes in answers)


def asked(zone: str, index: int) -> list[Target]:
    """The targets that are answered as the case of this index says, one of each kind."""
    texts = {Kind.IPV4: str(IPv4Address("10.0.0.0") + index), Kind.DOMAIN: f"case-{index}.example"}
    if len(cases(zone)[index].codes) == 1:  # rbldnsd keeps one code for an IPv6 address
        texts[Kind.IPV6] = str(IPv6Address("2001:db8::") + index)
    return [Target(texts[kind], kind) for kind in Kind if kind in _texts(zone, "kinds") and kind in texts]


def served(zone: str) -> Zone:
    """What rbldnsd has of the list: its test entries and all cases."""
    entries: dict[Kind, dict[str, Sequence[str]]] = {kind: {} for kind in Kind}
    for index, case in enumerate(cases(zone)):
        for target in asked(zone, index):
            entries[target.kind][target.text] = case.codes
    for kind in BOGONS if _entry(zone).get("class") == "bogon" else ():
        entries[kind] |= dict.fromkeys(BOGONS[kind], (USUAL,))
    for target, code in _test_entries(zone):
        entries[target.kind][target.text] = (code,)
    numbers = addresses(entries[Kind.IPV4] | entries[Kind.IPV6], tested=False)
    return Zone((*numbers.datasets, *domains(entries[Kind.DOMAIN], tested=False).datasets))


def _test_entries(zone: str) -> Iterator[tuple[Target, str]]:
    """What must be listed, and its code."""
    entries = blocklist(zone).test_entries
    for target in entries.listed if entries else ():
        code = KNOWN_ANSWERS.get(zone, target.text if target.text in _meanings(zone) else USUAL)
        yield target, code
        if target.kind is Kind.IPV6 and (mapped := IPv6Address(target.text).ipv4_mapped):
            yield Target(str(mapped), Kind.IPV4), code  # rbldnsd looks for it there


def refusals(zone: str) -> list[str]:
    """A code of each pattern that refuses."""
    return [f"127.0.0.{text}" if text.isdigit() else _codes(text)[0] for text in _refusing(zone)]


def _meanings(zone: str) -> Meanings:
    """What the file says of each code that is asked for, and of one that it says nothing of."""
    named: dict[str, frozenset[str] | None] = {}
    table = {text: str(row["sublist"]) for text, row in _table(zone).items()}
    for text, sublist in table.items():
        named |= {} if text.isdigit() else dict.fromkeys(_codes(text), frozenset({sublist}))
    if _entry(zone).get("match") == "bitmask":
        named |= {f"127.0.0.{number}": _bits(number, table, _refusing(zone)) for number in range(1, 256)}
    for text in _texts(zone, "neutral_codes"):
        named |= dict.fromkeys(_codes(text), frozenset[str]())
    for text in _refusing(zone):
        named |= {} if text.isdigit() else dict.fromkeys(_codes(text))
    if table:
        return named | {IN_NO_TABLE: frozenset({IN_NO_TABLE})}
    return named | dict.fromkeys((USUAL, IN_NO_TABLE), frozenset({""}))


def _bits(number: int, table: Mapping[str, str], refusing: Sequence[str]) -> frozenset[str] | None:
    bits = [str(1 << place) for place in range(8) if number & 1 << place]
    if set(bits) & set(refusing):
        return None
    return frozenset(table.get(bit, f"127.0.0.{bit}") for bit in bits)


def _codes(text: str) -> list[str]:
    """Both ends of a range and its middle, or the one code that it is."""
    if "/" in text:
        network = IPv4Network(text)
        first, last = int(network[0]), int(network[-1])
    else:
        ends = [int(IPv4Address(end)) for end in text.split("-")]
        first, last = ends[0], ends[-1]
    return [str(IPv4Address(number)) for number in sorted({first, (first + last) // 2, last})]


def _verdict(codes: tuple[str, ...], meanings: Meanings) -> Verdict:
    found = defaultdict[str, set[IPv4Address]](set)
    for code in codes:
        names = meanings[code]
        if names is None:
            return Unknown(Cause.REFUSED)
        for name in names:
            found[name].add(IPv4Address(code))
    if not found:
        return NotListed()
    return Listed(tuple(Hit(name, tuple(str(code) for code in sorted(found[name]))) for name in sorted(found)))


def _entry(zone: str) -> dict[str, object]:
    return dict(catalogue.entries()[zone])


def _table(zone: str) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", _entry(zone).get("codes", {}))


def _texts(zone: str, field: str) -> list[str]:
    return [str(text) for text in cast("Sequence[object]", _entry(zone).get(field, []))]


def _refusing(zone: str) -> list[str]:
    return _texts(zone, "refusal_codes") or ["127.255.255.0/24"]
