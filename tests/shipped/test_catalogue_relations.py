"""How the catalogue's lists stand to each other: parts and wholes, sets, and what an operator allows for all its lists."""

import math

import pytest

from exporter.blocklist import ListingClass
from exporter.target import Kind
from tests.shipped.entries import ZONES, entry_of, list_of

ADDRESSES = {Kind.IPV4, Kind.IPV6}
DOMAINS = {Kind.DOMAIN}
SETS = {"default": ADDRESSES, "domains": DOMAINS}
"""What the lists of a set list."""
ACCUSES_NOBODY = {ListingClass.INFORMATIONAL, ListingClass.AGE, ListingClass.TOR, ListingClass.BOGON}
SHARE = 0.9
"""How much of an operator's limit may be used."""


@pytest.mark.parametrize("zone", ZONES)
def test_parts_know_their_wholes(zone: str) -> None:
    """What a list includes is another list of the catalogue, which says that it is part of it; and the other way round."""
    includes, part_of = entry_of(zone).includes, entry_of(zone).part_of
    assert [part for part in includes if entry_of(part).part_of.count(zone) != 1] == []
    assert [whole for whole in part_of if entry_of(whole).includes.count(zone) != 1] == []


@pytest.mark.parametrize("zone", ZONES)
def test_parts_of_parts_are_parts(zone: str) -> None:
    """Whoever asks the whole need not look further than its own entry."""
    includes = entry_of(zone).includes
    assert {part for name in includes for part in entry_of(name).includes} <= set(includes)


@pytest.mark.parametrize("zone", ZONES)
def test_a_part_is_smaller_than_the_whole(zone: str) -> None:
    """No list holds itself or its whole, and a part lists something that the whole lists, too."""
    includes = entry_of(zone).includes
    assert not {zone, *entry_of(zone).part_of} & set(includes)
    assert [part for part in includes if not set(entry_of(part).kinds) & set(entry_of(zone).kinds)] == []


@pytest.mark.parametrize("zone", ZONES)
def test_a_part_holds_names_as_the_whole_does(zone: str) -> None:
    """Registrable domains only, or any: it is the same data."""
    assert {entry_of(part).registrable for part in entry_of(zone).includes} <= {entry_of(zone).registrable}


def test_the_sets_are_these() -> None:
    """No set is unknown here, and none is empty."""
    assert {name for zone in ZONES for name in entry_of(zone).sets} == SETS.keys()


@pytest.mark.parametrize("name", SETS)
def test_a_set_may_be_asked_by_everybody(name: str) -> None:
    """Its lists are alive, and want neither a key nor a registration."""
    assert {(entry_of(zone).status, entry_of(zone).needs_key) for zone in _members(name)} == {("alive", False)}


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_worth_asking(name: str) -> None:
    """Each of its lists lists what the set is for, accuses somebody, and proves itself."""
    for zone in _members(name):
        assert list_of(zone).kinds <= SETS[name]
        assert list_of(zone).default.listing_class not in ACCUSES_NOBODY
        assert list_of(zone).test_entries is not None


@pytest.mark.parametrize("name", SETS)
def test_the_lists_of_a_set_are_independent(name: str) -> None:
    """None of them holds another, and no operator speaks twice."""
    members = _members(name)
    assert not [zone for zone in members if members & {*entry_of(zone).includes, *entry_of(zone).part_of}]
    assert len({entry_of(zone).operator for zone in members}) == len(members)


def _members(name: str) -> set[str]:
    return {zone for zone in ZONES if name in entry_of(zone).sets}


@pytest.mark.parametrize(("kinds", "least"), [(ADDRESSES, 65), (DOMAINS, 15)])
def test_there_are_many_lists(kinds: set[Kind], least: int) -> None:
    """Of addresses and of domains, that whoever names them may ask, some with a key or after registration."""
    assert len([zone for zone in ZONES if kinds & set(entry_of(zone).kinds)]) >= least


@pytest.mark.parametrize(
    ("status", "addresses", "domains"),
    [("alive", 50, 20), ("unproven", 50, 5), ("key", 5, 3), ("registration", 5, 0)],
)
def test_an_edit_loses_no_part_of_the_catalogue(status: str, addresses: int, domains: int) -> None:
    """Of each status there are at least so many."""
    found = [set(entry_of(zone).kinds) for zone in ZONES if entry_of(zone).status == status]
    assert len([kinds for kinds in found if kinds & ADDRESSES]) >= addresses
    assert len([kinds for kinds in found if kinds & DOMAINS]) >= domains


@pytest.mark.parametrize(
    ("operator", "with_key", "limit"),
    [
        ("DNSWL", False, 100_000),
        ("Hostkarma", False, 250_000),
        ("Mailspike", False, 100_000),
        ("NordSpam", False, 10_000),
        ("Spam Eating Monkey", False, 100_000),
        ("Spamhaus", False, 300_000),
        ("Spamhaus", True, 300_000),
        ("SURBL", False, 250_000),
        ("Validity", False, 10_000 / 30),
    ],
)
def test_the_lists_of_an_operator_share_its_day(operator: str, with_key: bool, limit: float) -> None:
    """Whoever asks all of them as often as the catalogue lets them does not pass what the operator allows in a day."""
    budgets = [entry_of(zone).max_queries_per_day for zone in _of(operator, with_key)]
    assert budgets
    assert sum(budget or math.inf for budget in budgets) <= limit * SHARE


@pytest.mark.parametrize(("operator", "limit"), [("Spam Eating Monkey", 5), ("SPFBL", 10)])
def test_the_lists_of_an_operator_share_its_second(operator: str, limit: float) -> None:
    """Nor what it allows in a second."""
    rates = [entry_of(zone).max_qps for zone in _of(operator, with_key=False)]
    assert rates
    assert sum(rate or math.inf for rate in rates) <= limit * SHARE


def _of(operator: str, with_key: bool) -> list[str]:
    return [zone for zone in ZONES if (entry_of(zone).operator, entry_of(zone).needs_key) == (operator, with_key)]
