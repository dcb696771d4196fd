"""Which lists the sets stand for, and how they stand to the lists that a config names."""

from collections.abc import Iterable

import pytest

from exporter import catalogue
from exporter.config import Config
from exporter.config.sets import SETS, members, without_key
from exporter.config.unions import parts
from exporter.target import parse
from tests.unit.config.conftest import Load

ADDRESS, DOMAIN = "9.9.9.9", "example.com"
MARKED = {name: [zone for zone in catalogue.entries() if name in catalogue.texts(zone, "sets")] for name in SETS}


def _lists(*entries: str, targets: Iterable[str] = (ADDRESS, DOMAIN)) -> str:
    return "lists:\n" + "".join(f"  - {entry}\n" for entry in entries) + f"targets: [{', '.join(targets)}]\n"


def _names(config: Config) -> list[str]:
    return [blocklist.name for blocklist in config.lists]


# ---- which lists they are


@pytest.mark.parametrize("name", ["default", "domains"])
def test_a_set_is_what_the_catalogue_marks(loaded: Load, name: str) -> None:
    """The entries with its name in their `sets`, and a config that names it has them all."""
    assert members(name) == MARKED[name] != []
    assert _names(loaded(_lists("default", "domains"))) == MARKED["default"] + MARKED["domains"]


@pytest.mark.parametrize("name", SETS)
def test_a_set_asks_nothing_of_its_user(loaded: Load, name: str) -> None:
    """It loads without a key, and warns of nothing that would have to be arranged first."""
    assert not loaded(_lists(name, "dbl.spamhaus.org", "psbl.surriel.com")).warnings


@pytest.mark.parametrize("zone", catalogue.entries())
def test_the_status_says_who_needs_a_key(zone: str) -> None:
    """Sets go by it, so it must agree with what a config is asked for."""
    entry = catalogue.entries()[zone]
    assert (entry.get("status") == "key") == entry.get("needs_key", False)


@pytest.mark.parametrize("name", SETS)
def test_no_member_is_part_of_another(name: str) -> None:
    """One listing counts once."""
    assert not [(zone, part) for zone in members(name) for part in parts(zone) & set(members(name))]


@pytest.mark.parametrize(
    ("zone", "there", "why"),
    [
        ("dnsbl.dronebl.org", True, "it is alive, though in no other set"),
        ("bl.technovision.dk", True, "it is unproven, and its tests will tell"),
        ("zen.spamhaus.org", True, "that zen.dq.spamhaus.net holds it is nothing to those without a key"),
        ("bb.barracudacentral.org", True, "what holds it wants a registration"),
        ("black.junkemailfilter.com", True, "what holds it is mostly no blocklist"),
        ("xbl.spamhaus.org", False, "zen.spamhaus.org holds it"),
        ("z.mailspike.net", False, "bl.mailspike.net holds it"),
        ("zen.dq.spamhaus.net", False, "it needs a key"),
        ("b.barracudacentral.org", False, "it wants a registration"),
        ("list.dnswl.org", False, "it is an allowlist"),
        ("korea.services.net", False, "it lists countries"),
    ],
)
def test_all_is_what_anybody_may_ask(zone: str, *, there: bool, why: str) -> None:
    """Alive or unproven, without a key or an agreement, about harm, and in no larger list of the set."""
    assert (zone in members("all")) == there, why


def test_all_holds_the_other_sets() -> None:
    """More than the others in every way."""
    assert set(members("all")) > set(members("default")) | set(members("domains"))


# ---- how they stand to what is named


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("entry", ["psbl.surriel.com", "{zone: PSBL.surriel.com., interval: 7h}"])
def test_a_list_that_the_file_names_wins_over_the_same_out_of_a_set(loaded: Load, entry: str, place: int) -> None:
    """In whatever order they stand: it is there once, as the file has it."""
    entries = ["default"]
    entries.insert(place, entry)
    config = loaded(_lists(*entries, targets=[ADDRESS]))
    assert sorted(_names(config)) == sorted(MARKED["default"])
    interval = {blocklist.name: blocklist.pace.interval for blocklist in config.lists}["psbl.surriel.com"]
    assert interval == (7 * 3600.0 if "7h" in entry else 1800.0)
    assert config.out_of_sets == set(MARKED["default"]) - {"psbl.surriel.com"}


@pytest.mark.parametrize(
    "entry",
    [
        "{zone: zen.dq.spamhaus.net, key_env: K}",
        "{zone: own.example.net, kinds: [ipv4], includes: [zen.spamhaus.org]}",
        "{zone: own.example.net, kinds: [ipv4], includes: [zen.dq.spamhaus.net]}",
    ],
    ids=["by the catalogue", "by the user", "through a list that is not asked"],
)
def test_a_member_that_a_named_list_holds_is_left_out(loaded: Load, entry: str) -> None:
    """Whoever has a key for ZEN, or a mirror of it, writes so beside `default`, and nothing counts twice."""
    config = loaded(_lists("default", entry, targets=[ADDRESS]), {"K": "hunter2"})
    assert set(_names(config)) == set(MARKED["default"]) - {"zen.spamhaus.org"} | {config.lists[0].name}
    assert not config.warnings


def test_sets_may_overlap(loaded: Load) -> None:
    """A list that two of them hold is there once."""
    assert sorted(_names(loaded(_lists("default", "all", "domains")))) == sorted(members("all"))


def test_parts_that_the_user_denies_may_be_asked(loaded: Load) -> None:
    """His own word for what a list includes replaces the catalogue's."""
    config = loaded(_lists("{zone: zen.spamhaus.org, includes: []}", "sbl.spamhaus.org", targets=[ADDRESS]))
    assert _names(config) == ["zen.spamhaus.org", "sbl.spamhaus.org"]


def test_without_lists_the_two_sets_are_asked(loaded: Load) -> None:
    """The smallest config has targets only."""
    config = loaded(f"targets: [{ADDRESS}, {DOMAIN}]")
    assert _names(config) == MARKED["default"] + MARKED["domains"]
    assert config == loaded(_lists("default", "domains"))


# ---- which of them are asked


@pytest.mark.parametrize("target", [ADDRESS, DOMAIN, "2620:fe::fe"])
def test_a_member_that_takes_no_target_is_not_asked(loaded: Load, target: str) -> None:
    """Nobody has named it, so nobody misses it; it is there for `check`, which may ask about another target."""
    config = loaded(f"targets: ['{target}']")
    assert {blocklist.name for blocklist in config.in_use(config.roster().roster)} == {
        blocklist.name for blocklist in config.lists if blocklist.accepts(parse(target))
    }
    assert len(config.in_use(config.roster().roster)) < len(config.lists)
    assert not config.warnings


def test_a_named_list_that_takes_no_target_is_asked_and_told_of(loaded: Load) -> None:
    """It may be a slip of the hand, and its health shows."""
    config = loaded(_lists("dbl.spamhaus.org", "default", "bl.ipv6.spameatingmonkey.net", targets=[ADDRESS]))
    assert {"dbl.spamhaus.org", "bl.ipv6.spameatingmonkey.net"} < {
        blocklist.name for blocklist in config.in_use(config.roster().roster)
    }
    assert list(map(str, config.warnings)) == [
        "2: lists[0]: dbl.spamhaus.org takes none of these targets",
        "4: lists[2]: bl.ipv6.spameatingmonkey.net takes none of these targets",
    ]


# ---- what to ask without a key


@pytest.mark.parametrize(
    ("zone", "instead"),
    [
        ("zen.dq.spamhaus.net", ["zen.spamhaus.org"]),
        ("dbl.dq.spamhaus.net", ["dbl.spamhaus.org"]),
        ("zrd.dq.spamhaus.net", []),
        ("combined.mail.abusix.zone", []),
        ("black.mail.abusix.zone", []),
        ("bl.example.net", []),
    ],
)
def test_what_to_ask_without_a_key(zone: str, instead: list[str]) -> None:
    """The largest list with the same data that anybody may ask, if there is one."""
    assert without_key(zone) == instead


# ---- parts of parts


def test_parts_are_found_through_every_level() -> None:
    """What a part holds is held; a ring ends, and nothing holds itself."""
    holds = {"a": ["b"], "b": ["c", "d"], "d": ["a", "e"]}
    assert parts("a", lambda zone: holds.get(zone, ())) == {"b", "c", "d", "e"}
    assert parts("e", lambda zone: holds.get(zone, ())) == set()
