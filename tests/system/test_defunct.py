"""A list that dies, in each way in which the catalogue's defunct lists did: it opens no listing and closes none, for ever.

One exporter asks two of those lists for each death: one that dies while it is watched and has listed some targets, and one that
was dead before it was ever asked. It is restarted while they are dead. A config can have them as lists of one's own only.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib import resources

import pytest
import yaml

from exporter import catalogue
from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import (
    UNLISTED_TESTS,
    Behaviour,
    Packet,
    Question,
    absent,
    cname_then,
    healthy,
    listed,
    nodata,
    refused,
    servfail,
    zone_data,
)
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.ledger import Ledger, assert_sound
from tests.system.scrape import Place, Scrape
from tests.system.settings import Settings, config


def _all_but_the_negatives(question: Question) -> Iterable[Packet]:
    """A wildcard that keeps what must not be listed apart."""
    return (absent if question.prefix in UNLISTED_TESTS else listed("127.0.0.2"))(question)


@dataclass(frozen=True, slots=True)
class Death:
    """What a list answers once it is dead, and the health it must then have."""

    way: str
    behaviour: Behaviour
    health: str


DEATHS = {
    "empty": Death("emptied", absent, "silent"),
    "no answer": Death("timeouts", mischief.silent, "unreachable"),
    "the whole world": Death("wildcard", listed("127.0.0.2"), "everything"),
    "the world with exceptions": Death("wildcard", _all_but_the_negatives, "everything"),
    "a foreign address": Death("parked", listed("54.72.130.67"), "bogus"),
    "an alias of one": Death("parked", cname_then("91.195.240.117"), "bogus"),
    "SERVFAIL": Death("servfail", servfail, "unreachable"),
    # What a retired list answers is not recorded: anything of the above, or this.
    "no records": Death("retired", nodata, "silent"),
    "REFUSED": Death("retired", refused, "refused"),
}
WAYS = {death.way for death in DEATHS.values()}
ROWS = yaml.safe_load((resources.files(catalogue) / "defunct.yml").read_text("utf-8"))


def _victims() -> dict[str, tuple[str, str]]:
    """Two lists for each death, that ended in this way."""
    zones = {way: [row["zone"] for row in ROWS if row["way"] == way and not row.get("subtree")] for way in WAYS}
    return {name: (zones[death.way].pop(), zones[death.way].pop()) for name, death in DEATHS.items()}


VICTIMS = _victims()
DYING = {name: dying for name, (dying, _) in VICTIMS.items()}
DEAD = {name: dead for name, (_, dead) in VICTIMS.items()}
ZONES = [*DYING.values(), *DEAD.values()]

ON = {"192.0.2.1": ["127.0.0.2"], "192.0.2.2": ["127.0.0.2", "127.0.0.4"], "bad.example": ["127.0.0.2"]}
OFF = ["198.51.100.1", "good.example"]
OPENED = 4  # 192.0.2.2 is on two sublists
CHECKS: Settings = {"interval": "1s", "confirm_interval": "500ms", "test_interval": "1s"}
QUERY: Settings = {"timeout": "2s", "attempts": 1}


@dataclass(frozen=True, slots=True)
class Course:
    """What /metrics said before the deaths, after them and after a restart; and all that is in the history's file at the end."""

    alive: Scrape
    dead: Scrape
    restarted: Scrape
    ledger: Ledger

    @property
    def after(self) -> tuple[Scrape, Scrape]:
        return self.dead, self.restarted


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    folder = tmp_path_factory.mktemp("defunct")
    with Rude() as rude:
        for name, death in DEATHS.items():
            rude.behave(DYING[name], healthy(zone_data({prefix(target): codes for target, codes in ON.items()})))
            rude.behave(DEAD[name], death.behaviour)
        with Exporter(folder, config(rude.address, map(_list, ZONES), [*ON, *OFF], CHECKS, QUERY)) as exporter:
            alive = _first(exporter, _all_is_known, "all is known")
            for name, death in DEATHS.items():
                rude.behave(DYING[name], death.behaviour)
            dead = _when_dead(exporter, rude)
            exporter.restart()
            restarted = _when_dead(exporter, rude)
            yield Course(alive, dead, restarted, Ledger.read(folder / "history.db"))


def _first(exporter: Exporter, condition: Callable[[Scrape], bool], what: str) -> Scrape:
    """The first body for which the condition holds."""
    bodies: list[Scrape] = []

    def holds(_: Exporter) -> bool:
        bodies[:] = [Scrape.now(exporter)]
        return condition(bodies[0])

    exporter.wait(holds, what)
    return bodies[0]


def _list(zone: str) -> Settings:
    codes = {"127.0.0.2": {"sublist": "SPAM"}, "127.0.0.4": {"sublist": "EXPLOIT"}}
    return {"zone": zone, "kinds": ["ipv4", "domain"], "non_global": True, "codes": codes}


def _all_is_known(scrape: Scrape) -> bool:
    known = {"listed": len(ON), "not_listed": len(OFF)}
    return all(scrape.checks(zone) == known for zone in DYING.values()) and _nothing_is_known(scrape, DEAD.values())


def _nothing_is_known(scrape: Scrape, zones: Iterable[str]) -> bool:
    """Each list was tested in vain, and so no check of it says anything."""
    up = scrape.by("dnsbl_list_up", "list")
    return all(
        _healths(scrape, zone) and up[zone,] == 0 and scrape.checks(zone) == {"unknown": len(ON) + len(OFF)} for zone in zones
    )


def _healths(scrape: Scrape, zone: str) -> set[str]:
    states = scrape.by("dnsbl_list_health", "list", "health")
    return {health for (name, health), value in states.items() if name == zone and value}


def _when_dead(exporter: Exporter, rude: Rude) -> Scrape:
    """What /metrics says once nothing is known of any list, not even after one more test."""
    _first(exporter, lambda scrape: _nothing_is_known(scrape, ZONES), "nothing is known")
    asked = len(rude.questions)
    tests = {f"{prefix('127.0.0.2')}.{zone}" for zone in ZONES}
    exporter.wait(lambda _: tests <= {each.name.lower() for each in rude.questions[asked:]}, "every list is tested again")
    return _first(exporter, lambda scrape: _nothing_is_known(scrape, ZONES), "nothing is known after that")


def test_every_recorded_way_is_played() -> None:
    """A way of dying that is new to the catalogue has to be played here."""
    assert {row["way"] for row in ROWS} == WAYS


each_death = pytest.mark.parametrize("name", DEATHS, ids=[f"{death.way}: {name}" for name, death in DEATHS.items()])


@each_death
def test_its_health_says_how(course: Course, name: str) -> None:
    """It is down, in the one state that fits, also for an exporter that starts only then."""
    for scrape in course.after:
        for zone in VICTIMS[name]:
            assert _healths(scrape, zone) == {DEATHS[name].health}
            assert scrape.by("dnsbl_list_up", "list")[zone,] == 0


@each_death
def test_nobody_is_accused_or_cleared(course: Course, name: str) -> None:
    """What was listed stays so, since the same moment and as often as before; what was clean stays clean."""
    zone = DYING[name]
    assert course.alive.totals(zone) == (OPENED, 0)
    assert course.alive.listed(zone) == dict.fromkeys(ON, 1) | dict.fromkeys(OFF, 0)
    for scrape in course.after:
        assert scrape.totals(zone) == (OPENED, 0)
        assert scrape.listed(zone) == course.alive.listed(zone)
        assert _standings(scrape, zone) == _standings(course.alive, zone)


@each_death
def test_one_that_was_never_alive_says_nothing(course: Course, name: str) -> None:
    """No target has a series of it: not as listed, nor as clean."""
    zone = DEAD[name]
    for scrape in (course.alive, *course.after):
        assert scrape.totals(zone) == (0, 0)
        assert scrape.listed(zone) == {}
        assert _standings(scrape, zone) == {}


def _standings(scrape: Scrape, zone: str) -> dict[Place, object]:
    return {place: held for place, held in scrape.standings().items() if place.list == zone}


def test_nothing_else_was_ever_recorded(course: Course) -> None:
    """The history holds the listings of the time when the lists were alive, all of them open, and no other."""
    assert_sound(course.ledger)
    assert {row.place.list for row in course.ledger.rows} == set(DYING.values())
    assert len(course.ledger.rows) == OPENED * len(DYING)
    assert [row for row in course.ledger.rows if row.closed is not None] == []
