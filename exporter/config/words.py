"""Entries of the file to words of the house: a :class:`ListEntry` becomes a :class:`Blocklist`.

Every function here returns what it could read and notes what it could not, with the path inside the entry.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path as FilePath

from exporter.blocklist import (
    LISTING_NETWORK,
    Bit,
    Blocklist,
    Code,
    Key,
    ListingClass,
    Pace,
    Pattern,
    Scope,
    Span,
    Sublist,
    TestEntries,
)
from exporter.config.document import Path
from exporter.config.model import Checks, ListEntry, TestEntriesEntry
from exporter.target import Kind, parse_test_entry

Note = Callable[[Path, str], None]
"""Takes a path inside the entry and what is wrong there."""

_RFC_TEST_ENTRIES = {
    Kind.IPV4: ("127.0.0.2", "127.0.0.1"),
    Kind.IPV6: ("::ffff:7f00:2", "::ffff:7f00:1"),
    Kind.DOMAIN: ("test", "invalid"),
}
_KEY = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
# No label of a zone that anybody runs is this long; every key that is sold is longer.
_LOOKS_LIKE_A_KEY = re.compile(r"(?=.*[0-9])[a-z0-9]{20,63}")


def to_blocklist(entry: ListEntry, checks: Checks, folder: FilePath, environment: Mapping[str, str], note: Note) -> Blocklist:
    """The list that ``entry`` describes; ``checks`` gives the pace where the entry does not."""
    kinds = frozenset(entry.kinds)
    default = _default_sublist(entry, kinds)
    codes = _codes(entry, default, note)
    return Blocklist(
        zone=_zone(entry.zone, note),
        operator=entry.operator,
        provider=entry.provider,
        kinds=kinds,
        default=default,
        meaning=entry.meaning,
        codes=codes,
        refusal_codes=_patterns(entry, "refusal_codes", entry.refusal_codes, codes, note),
        neutral_codes=_patterns(entry, "neutral_codes", entry.neutral_codes, codes, note),
        test_entries=_test_entries(entry, note),
        non_global=entry.non_global,
        delist_url=entry.delist_url,
        pace=Pace(
            interval=entry.interval or checks.interval,
            delist_after=entry.delist_after or checks.delist_after,
            confirm_interval=entry.confirm_interval or checks.confirm_interval,
            test_interval=entry.test_interval or checks.test_interval,
            max_qps=entry.max_qps,
            max_queries_per_day=entry.max_queries_per_day,
        ),
        resolvers=resolvers(entry.resolvers or (), ("resolvers",), note),
        key=_key(entry, folder, environment, note),
    )


def resolvers(texts: Sequence[str], path: Path, note: Note) -> tuple[str, ...]:
    """``system``, ``10.0.0.53``, ``127.0.0.1:5353``, ``[::1]:53``: as ``address`` or ``[address]:port`` with the port always there."""
    found = []
    for index, text in enumerate(texts):
        try:
            found.append(text if text == "system" else _resolver(text))
        except ValueError as error:
            note((*path, index), str(error))
    return tuple(found)


def _resolver(text: str) -> str:
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]+)\](?::([0-9]{1,5}))?", text)
    plain = re.fullmatch(r"([0-9.]+)(?::([0-9]{1,5}))?", text)
    host, port = (bracketed or plain).groups() if bracketed or plain else (text, None)  # type: ignore[union-attr]
    address = parse_test_entry(host)
    number = int(port or 53)
    if address.kind is Kind.DOMAIN or (address.kind is Kind.IPV6) != bool(bracketed or host == text and ":" in text):
        raise ValueError(f"{text!r} is not a resolver: give an address such as 10.0.0.53, 127.0.0.1:5353 or [::1]:53")
    if not 0 < number < 65536:
        raise ValueError(f"{text!r}: a port lies between 1 and 65535")
    return f"[{address.text}]:{number}" if address.kind is Kind.IPV6 else f"{address.text}:{number}"


def normal_zone(text: str) -> str:
    """The one spelling of a zone. Raises ``ValueError`` if it can be none."""
    zone = parse_test_entry(text)
    if zone.kind is not Kind.DOMAIN:
        raise ValueError("is an address: a zone is a domain, such as zen.spamhaus.org")
    return zone.text


def _zone(text: str, note: Note) -> str:
    try:
        zone = normal_zone(text)
    except ValueError as error:
        # The text may hold a key, so it is not shown again.
        note(("zone",), "is an address" if "address" in str(error) else "is not a domain name")
        return "invalid"
    if any(_LOOKS_LIKE_A_KEY.fullmatch(label) for label in zone.split(".")):
        note(("zone",), "holds what looks like a key: write the zone without it, and name its file with key_file (or key_env)")
        return "invalid"
    return zone


def _default_sublist(entry: ListEntry, kinds: frozenset[Kind]) -> Sublist:
    only_domains = kinds == {Kind.DOMAIN}
    listing_class = entry.listing_class or (ListingClass.DOMAIN if only_domains else ListingClass.ABUSE)
    return Sublist("", listing_class, entry.impact, entry.scope or (Scope.DOMAIN if only_domains else Scope.ADDRESS))


def _codes(entry: ListEntry, default: Sublist, note: Note) -> tuple[Code, ...]:
    rows: list[Code] = []
    for text, row in entry.codes.items():
        path = ("codes", text)
        try:
            pattern = _pattern(text, entry)
        except ValueError as error:
            note(path, str(error))
            continue
        sublist = Sublist(
            row.sublist,
            row.listing_class or default.listing_class,
            row.impact or default.impact,
            row.scope or default.scope,
        )
        if any(other.sublist.name == sublist.name and other.sublist != sublist for other in rows):
            note(path, f"sublist {sublist.name} has another class, impact or scope in a row before")
        if any(_overlap(other.pattern, pattern) for other in rows):
            note(path, "overlaps a row before")
        rows.append(Code(pattern, sublist, row.meaning))
    return tuple(rows)


def _patterns(entry: ListEntry, field: str, texts: Sequence[str | int], codes: Sequence[Code], note: Note) -> tuple[Pattern, ...]:
    patterns = []
    for index, text in enumerate(texts):
        try:
            pattern = _pattern(str(text), entry)
        except ValueError as error:
            note((field, index), str(error))
            continue
        if any(_overlap(code.pattern, pattern) for code in codes):
            note((field, index), f"{text} is also in codes: a code is either a listing or not")
        patterns.append(pattern)
    return tuple(patterns)


def _pattern(text: str, entry: ListEntry) -> Pattern:
    """``127.0.0.2``, ``127.0.0.4-127.0.0.7``, ``127.255.255.0/24``, or with ``match: bitmask`` a bit such as ``8``."""
    if text.isdigit():
        if entry.match != "bitmask":
            raise ValueError("is a bit: bits need `match: bitmask`")
        if int(text) not in {1 << place for place in range(8)}:
            raise ValueError("is not one bit of an octet: 1, 2, 4, 8, 16, 32, 64 or 128")
        return Bit(int(text))
    try:
        span = _span(text)
    except ValueError:
        raise ValueError("is not a return code: write 127.0.0.2, 127.0.0.4-127.0.0.7 or 127.255.255.0/24") from None
    if span.first > span.last or span.first not in LISTING_NETWORK or span.last not in LISTING_NETWORK:
        raise ValueError("is not a return code: it must lie in 127.0.0.0/8 and run upwards")
    return span


def _span(text: str) -> Span:
    if "/" in text:
        network = IPv4Network(text)
        return Span(network.network_address, network.broadcast_address)
    first, _, last = text.partition("-")
    return Span(IPv4Address(first), IPv4Address(last or first))


def _overlap(one: Pattern, other: Pattern) -> bool:
    if isinstance(one, Span) and isinstance(other, Span):
        return one.first <= other.last and other.first <= one.last
    return one == other


def _test_entries(entry: ListEntry, note: Note) -> TestEntries | None:
    given = entry.test_entries
    if given is None:
        if "test_entries" in entry.model_fields_set:
            return None
        pairs = [_RFC_TEST_ENTRIES[kind] for kind in Kind if kind in entry.kinds]
        given = TestEntriesEntry(listed=[listed for listed, _ in pairs], not_listed=[clean for _, clean in pairs])
    found = {}
    for field, texts in (("listed", given.listed), ("not_listed", given.not_listed)):
        targets = []
        for index, text in enumerate(texts):
            try:
                target = parse_test_entry(text)
            except ValueError as error:
                note(("test_entries", field, index), str(error))
                continue
            if target.kind not in entry.kinds:
                note(("test_entries", field, index), f"is of kind {target.kind}, which the list does not hold")
            targets.append(target)
        found[field] = tuple(targets)
    return TestEntries(found["listed"], found["not_listed"])


def _key(entry: ListEntry, folder: FilePath, environment: Mapping[str, str], note: Note) -> Key | None:
    """The key of a list, from its file or variable. What it holds is never part of a message."""
    if entry.key_file is not None and entry.key_env is not None:
        note(("key_env",), "and key_file exclude each other")
        return None
    if entry.key_file is not None:
        field, secret = "key_file", _key_from_file(folder / entry.key_file, note)
    elif entry.key_env is not None:
        field, secret = "key_env", environment.get(entry.key_env)
        if secret is None:
            note((field,), "names a variable that is not set")
    else:
        if entry.needs_key:
            note(("zone",), "needs a key: give key_file or key_env")
        return None
    if secret is None:
        return None
    if not _KEY.fullmatch(secret.strip()):
        note((field,), "leads to something that is no key: one DNS label of letters, digits and hyphens is expected")
        return None
    return Key(secret.strip())


def _key_from_file(path: FilePath, note: Note) -> str | None:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        note(("key_file",), f"cannot be read: {reason}")
        return None
