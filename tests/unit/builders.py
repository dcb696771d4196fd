"""Words of the house with good defaults, so a test names only what it is about."""

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network

from hypothesis import settings

from exporter.blocklist import (
    Bit,
    Blocklist,
    Code,
    Impact,
    Key,
    ListingClass,
    Pace,
    Pattern,
    Scope,
    Span,
    Sublist,
    TestEntries,
)
from exporter.plan import Plan, Shard, build
from exporter.portions import Portion, assemble, members
from exporter.roster import Roster
from exporter.target import Kind, Target, parse, parse_test_entry
from exporter.verdict import Codes, Hit, Listed

quick = settings(max_examples=25, deadline=None, derandomize=True, database=None)
"""For properties: the same examples in every run, and few enough for the folder to stay fast."""

RFC_TEST_ENTRIES = TestEntries((parse_test_entry("127.0.0.2"),), (parse_test_entry("127.0.0.1"),))
SPAMHAUS_REFUSALS = ("127.255.255.0/24",)


def a_sublist(name: str) -> Sublist:
    """A sublist of which only the name matters."""
    return Sublist(name, ListingClass.ABUSE, Impact.HIGH, Scope.ADDRESS)


def a_pattern(text: str | int) -> Pattern:
    """``127.0.0.2``, ``127.0.0.4-127.0.0.7``, ``127.255.255.0/24``; a number is a bit."""
    if isinstance(text, int):
        return Bit(text)
    if "/" in text:
        network = IPv4Network(text)
        return Span(network.network_address, network.broadcast_address)
    first, _, last = text.partition("-")
    return Span(IPv4Address(first), IPv4Address(last or first))


def a_pace(
    interval: float = 1800.0,
    delist_after: int = 2,
    confirm_interval: float = 300.0,
    test_interval: float = 3600.0,
    max_qps: float | None = None,
    max_queries_per_day: int | None = None,
) -> Pace:
    """The pace that the config has by default, without limits."""
    return Pace(interval, delist_after, confirm_interval, test_interval, max_qps, max_queries_per_day)


def a_list(
    zone: str = "bl.example",
    *,
    kinds: tuple[Kind, ...] = tuple(Kind),
    codes: Mapping[str | int, str] | None = None,
    refusal: tuple[str | int, ...] = SPAMHAUS_REFUSALS,
    neutral: tuple[str | int, ...] = (),
    test_entries: TestEntries | None = RFC_TEST_ENTRIES,
    non_global: bool = False,
    pace: Pace | None = None,
    key: str | None = None,
    registrable: bool = False,
) -> Blocklist:
    """A list of every kind without a code table; ``codes`` gives the sublist of each pattern."""
    return Blocklist(
        zone=zone,
        operator="Example",
        provider="dnsxl",
        kinds=frozenset(kinds),
        default=a_sublist(""),
        meaning="",
        codes=tuple(Code(a_pattern(text), a_sublist(name), "") for text, name in (codes or {}).items()),
        refusal_codes=tuple(map(a_pattern, refusal)),
        neutral_codes=tuple(map(a_pattern, neutral)),
        test_entries=test_entries,
        non_global=non_global,
        delist_url="",
        pace=a_pace() if pace is None else pace,
        resolvers=(),
        key=None if key is None else Key(key),
        registrable=registrable,
    )


def answered(*addresses: str) -> Codes:
    """An answer of these A records."""
    return Codes(tuple(map(IPv4Address, addresses)))


def on(**codes: str) -> Listed:
    """Listed on these sublists: each one's codes, separated by blanks."""
    return Listed(tuple(sorted(Hit(sublist, tuple(texts.split())) for sublist, texts in codes.items())))


def domains(count: int) -> list[Target]:
    """So many targets."""
    return [parse(f"t{number}.example") for number in range(count)]


def a_roster(targets: Iterable[Target], shard: Shard | None = None) -> Roster:
    """These targets, as far as the shard owns them."""
    return assemble([Portion(members(targets), "file")], owns=None if shard is None else shard.owns).roster


def a_plan(count: int, *lists: Blocklist) -> Plan:
    """So many domains on each of these lists."""
    return build(a_roster(domains(count)), lists, Shard())
