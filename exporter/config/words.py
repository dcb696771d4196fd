"""Entries of the file to words of the house: a :class:`ListEntry` becomes a :class:`Blocklist`.

Every function here returns what it could read and notes what it could not, with the path inside the entry.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path as FilePath

from exporter import catalogue
from exporter.blocklist import Blocklist, Facts, Key, ListingClass, Pace, Scope, Sublist, TestEntries
from exporter.config import cautions, codes, keys
from exporter.config.document import Note
from exporter.config.model import Checks, ListEntry, TestEntriesEntry
from exporter.config.resolvers import read_resolvers
from exporter.target import Kind, Target, parse_test_entry

_RFC_TEST_ENTRIES = {
    Kind.IPV4: ("127.0.0.2", "127.0.0.1"),
    Kind.IPV6: ("::ffff:7f00:2", "::ffff:7f00:1"),
    Kind.DOMAIN: ("test", "invalid"),
}
_LONGEST_ADDRESSES = (parse_test_entry("255.255.255.255"), parse_test_entry("ffff::ffff"))
"""In front of a zone, every IPv6 address is of one length."""


def to_blocklist(entry: ListEntry, checks: Checks, folder: FilePath, environment: Mapping[str, str], note: Note) -> Blocklist:
    """The list that ``entry`` describes, with an empty zone if it has none; ``checks`` gives the pace that the entry does not."""
    default = _default_sublist(entry)
    table = codes.code_table(entry, default, note)
    listing = {"codes": [code.pattern for code in table]}
    refusal = codes.patterns("refusal_codes", entry.refusal_codes, entry, listing, note)
    neutral = codes.patterns("neutral_codes", entry.neutral_codes, entry, listing | {"refusal_codes": refusal}, note)
    zone = _zone(entry, note)
    blocklist = Blocklist(
        zone=zone,
        operator=entry.operator,
        provider=entry.provider,
        kinds=frozenset(entry.kinds),
        default=default,
        meaning=entry.meaning,
        codes=table,
        refusal_codes=refusal,
        neutral_codes=neutral,
        test_entries=_test_entries(entry, note),
        non_global=entry.non_global,
        delist_url=entry.delist_url,
        pace=_pace(entry, checks),
        resolvers=read_resolvers(entry.resolvers or (), ("resolvers",), note),
        key=_key(entry, zone, folder, environment, note),
        registrable=entry.registrable,
        facts=Facts(entry.status, entry.policy, entry.expiry, entry.lookup_url, tuple(entry.notes)),
    )
    _note_long_names(blocklist, note)
    return blocklist


def read_zone(text: str) -> str:
    """The one spelling of a zone. Raises ``ValueError`` with a sentence without the text: it may hold a key."""
    try:
        zone = parse_test_entry(text[:1000])
    except ValueError:
        raise ValueError("is not a domain such as zen.spamhaus.org") from None
    if zone.kind is not Kind.DOMAIN:
        raise ValueError("is an address: a zone is a domain such as zen.spamhaus.org")
    if keys.holds_key(zone.text) or any(zone.text.endswith(f".{keyed}") for keyed in keyed_zones()):
        raise ValueError("holds what looks like a key: write the zone without it, and name its file with key_file (or key_env)")
    return zone.text


@cache
def keyed_zones() -> tuple[str, ...]:
    return tuple(zone for zone, entry in catalogue.entries().items() if entry.get("needs_key"))


def _zone(entry: ListEntry, note: Note) -> str:
    try:
        return read_zone(entry.zone)
    except ValueError as error:
        note(("zone",), str(error))
        return ""


def _default_sublist(entry: ListEntry) -> Sublist:
    only_domains = set(entry.kinds) == {Kind.DOMAIN}
    listing_class = entry.listing_class or (ListingClass.DOMAIN if only_domains else ListingClass.ABUSE)
    scope = entry.scope or (Scope.DOMAIN if only_domains else Scope.ADDRESS)
    return Sublist("", listing_class, entry.impact, scope, entry.cause or "")


def _pace(entry: ListEntry, checks: Checks) -> Pace:
    return Pace(
        interval=entry.interval or checks.interval,
        delist_after=entry.delist_after or checks.delist_after,
        confirm_interval=entry.confirm_interval or checks.confirm_interval,
        test_interval=entry.test_interval or checks.test_interval,
        max_qps=entry.max_qps,
        max_queries_per_day=entry.max_queries_per_day,
    )


def _test_entries(entry: ListEntry, note: Note) -> TestEntries | None:
    given = entry.test_entries
    if given is None:
        if "test_entries" in entry.model_fields_set:
            return None
        pairs = [_RFC_TEST_ENTRIES[kind] for kind in Kind if kind in entry.kinds]
        given = TestEntriesEntry(listed=[listed for listed, _ in pairs], not_listed=[clean for _, clean in pairs])
    listed = _entries("listed", given.listed, entry, (), note)
    return TestEntries(listed, _entries("not_listed", given.not_listed, entry, listed, note))


def _entries(field: str, texts: list[str], entry: ListEntry, taken: tuple[Target, ...], note: Note) -> tuple[Target, ...]:
    found = []
    for index, text in enumerate(texts):
        path = ("test_entries", field, index)
        try:
            target = parse_test_entry(text)
        except ValueError as error:
            note(path, str(error))
            continue
        if target.kind not in entry.kinds:
            note(path, f"is of kind {target.kind}, which the list does not hold")
        if target in taken:
            note(path, "is also in listed: no answer could be right")
        found.append(target)
    return tuple(found)


def _note_long_names(blocklist: Blocklist, note: Note) -> None:
    """A test entry that cannot be asked would leave the list unhealthy for ever, and nobody would know why. Every address can
    be asked, so that the length of a name is a matter of domains only."""
    tests = blocklist.test_entries
    entries = () if tests is None else (*tests.listed, *tests.not_listed)
    longest = [target for target in _LONGEST_ADDRESSES if target.kind in blocklist.kinds]
    if not all(target.fits_under(blocklist.suffix) for target in (*entries, *longest)):
        note(("zone",), "is too long: with an address or a test entry in front, the name has more than 253 octets")


def _key(entry: ListEntry, zone: str, folder: FilePath, environment: Mapping[str, str], note: Note) -> Key | None:
    if entry.key_file is not None and entry.key_env is not None:
        note(("key_env",), "excludes key_file: remove one of them")
        return None
    try:
        if entry.key_file is not None:
            return keys.from_file(folder / entry.key_file)
        if entry.key_env is not None:
            return keys.from_variable(entry.key_env, environment)
    except ValueError as error:
        note(("key_env" if entry.key_file is None else "key_file",), str(error))
        return None
    if missing := cautions.key_missing(entry, zone):
        note(("zone",), missing)
    return None
