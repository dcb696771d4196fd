"""A list that goes wrong as a whole, right after it passed a test: nobody is accused, nobody is cleared, and it recovers.

One exporter has a list of each sickness and a well one, and the same fifty targets on all of them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pytest

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import (
    Behaviour,
    absent,
    listed,
    nodata,
    refused,
    servfail,
)
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.scrape import Place, Scrape, assert_consistent
from tests.system.settings import addresses_on, config

WELL = "well.example"
SICKNESSES: dict[str, tuple[Behaviour, str]] = {
    "everything.example": (listed("127.0.0.4"), "everything"),
    "nothing.example": (absent, "silent"),
    "hidden.example": (nodata, "silent"),
    "refused.example": (refused, "refused"),
    "refusal-code.example": (listed("127.255.255.254"), "refused"),
    "timeout.example": (mischief.silent, "unreachable"),
    "servfail.example": (servfail, "unreachable"),
    "parked.example": (listed("192.0.2.80"), "bogus"),
}

ON = [f"192.0.2.{number}" for number in range(25)]
OFF = [f"198.51.100.{number}" for number in range(25)]
GOES, COMES = ON[0], OFF[0]  # what really changes while the lists are sick


@dataclass(frozen=True, slots=True)
class Course:
    """What /metrics said before, during and after the sickness."""

    before: Scrape
    during: Scrape
    after: Scrape


@pytest.fixture(name="course", scope="module")
def _course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Course]:
    zones = [*SICKNESSES, WELL]
    # Tests are three seconds apart, laps two: a lap is asked while the test before it would still be believed.
    checks = {"interval": "2s", "confirm_interval": "1s", "test_interval": "3s"}
    with Rude() as rude:
        for zone in zones:
            rude.behave(zone, holding(*ON))
        text = config(rude.address, map(addresses_on, zones), [*ON, *OFF], checks)
        with Exporter(tmp_path_factory.mktemp("sick"), text) as exporter:
            exporter.wait(lambda it: _are_known(Scrape.now(it), zones, (25, 0)), "all is known")
            before = Scrape.now(exporter)
            _wait_for_tests(exporter, rude)
            for zone, (sickness, _) in SICKNESSES.items():
                rude.behave(zone, sickness)
            exporter.wait(lambda it: _are_lost(Scrape.now(it)), "all is unknown")
            well = exporter.value("dnsbl_checks_total", list=WELL) or 0
            exporter.wait(lambda it: (it.value("dnsbl_checks_total", list=WELL) or 0) > well + 50, "the well list goes on")
            during = Scrape.now(exporter)
            for zone in SICKNESSES:
                rude.behave(zone, holding(*ON[1:], COMES))
            exporter.wait(lambda it: _are_known(Scrape.now(it), SICKNESSES, (26, 1)), "all is known again")
            yield Course(before, during, Scrape.now(exporter))


def _are_known(scrape: Scrape, zones: Iterable[str], totals: tuple[int, int]) -> bool:
    known = {"listed": 25, "not_listed": 25}
    return all(scrape.checks(zone) == known and scrape.totals(zone) == totals for zone in zones)


def _are_lost(scrape: Scrape) -> bool:
    down = scrape.by("dnsbl_list_up", "list")
    return all(scrape.checks(zone) == {"unknown": 50} and down[zone,] == 0 for zone in SICKNESSES)


def _wait_for_tests(exporter: Exporter, rude: Rude) -> None:
    """Return right after every list was tested, and passed."""
    asked = len(rude.questions)
    names = {f"{prefix('127.0.0.2')}.{zone}" for zone in SICKNESSES}
    exporter.wait(lambda _: names <= {each.name.lower() for each in rude.questions[asked:]}, "every list is tested")


@pytest.mark.parametrize("zone", SICKNESSES)
def test_health_says_what_is_wrong(course: Course, zone: str) -> None:
    """A sick list is down, in exactly the one state that fits, and back up when it recovered."""
    for scrape, state in ((course.before, "ok"), (course.during, SICKNESSES[zone][1]), (course.after, "ok")):
        states = {
            health for (name, health), value in scrape.by("dnsbl_list_health", "list", "health").items() if name == zone and value
        }
        assert states == {state}
        assert scrape.by("dnsbl_list_up", "list")[zone,] == (state == "ok")


@pytest.mark.parametrize("zone", SICKNESSES)
def test_a_sick_list_changes_nothing(course: Course, zone: str) -> None:
    """What was known of fifty targets stays as it was, and all of it is marked unknown."""
    assert course.during.listed(zone) == course.before.listed(zone)
    assert course.during.totals(zone) == course.before.totals(zone) == (25, 0)
    assert course.during.checks(zone) == {"unknown": 50}
    assert _standings(course.during, zone) == _standings(course.before, zone)


def _standings(scrape: Scrape, zone: str) -> dict[Place, object]:
    return {place: held for place, held in scrape.standings().items() if place.list == zone}


@pytest.mark.parametrize("zone", SICKNESSES)
def test_a_list_that_recovers_goes_on_by_itself(course: Course, zone: str) -> None:
    """What really changed meanwhile is recorded once the list is well, and nothing else."""
    before, after = _standings(course.before, zone), _standings(course.after, zone)
    changed = {place.target for place in before.keys() | after.keys() if before.get(place) != after.get(place)}
    assert changed == {GOES, COMES}
    assert course.after.listed(zone) == course.before.listed(zone) | {GOES: 0, COMES: 1}
    assert not course.after.causes(zone)
    came = course.after.standings()[Place(COMES, zone, "")]
    assert (came.number, came.onset_observed) == (1, True)
    assert course.after.standings()[Place(GOES, zone, "")].since == 0


def test_other_lists_go_on(course: Course) -> None:
    """A list that is well is known throughout, with eight sick ones beside it."""
    for scrape in (course.before, course.during, course.after):
        assert scrape.checks(WELL) == {"listed": 25, "not_listed": 25}
        assert scrape.by("dnsbl_list_up", "list")[WELL,] == 1
        assert_consistent(scrape)
    assert course.after.listed(WELL) == course.before.listed(WELL)
    assert course.after.totals(WELL) == (25, 0)
