"""One target, newly listed by several operators within an hour."""

import pytest

from tests.shipped.alerts.exporters import Exporter, List, Place
from tests.shipped.alerts.world import Alert, World, alert

TARGET = "192.0.2.1"
LISTS = {
    "a1.example": List(operator="A"),
    "a2.example": List(operator="A"),
    "b.example": List(operator="B"),
    "c.example": List(operator="C"),
    "d.example": List(operator="D"),
}
A1, A2, B, C, D = (Place(TARGET, name) for name in LISTS)
OUTBREAK = alert("DNSBLOutbreak", "critical", target=TARGET)


@pytest.fixture(name="exporter")
def _exporter(world: World) -> Exporter:
    exporter = world.exporter(lists=LISTS)
    world.run(5)
    return exporter


def _new(*places: Place) -> list[Alert]:
    return [alert("DNSBLNewListing", "warning", place) for place in places]


def test_three_operators_within_an_hour(world: World, exporter: Exporter) -> None:
    """It fires with the third, for as long as all three list the target."""
    exporter.puts_on(A1)
    world.run_expecting(25, *_new(A1))
    exporter.puts_on(B)
    world.run_expecting(25, *_new(A1, B))
    exporter.puts_on(C)
    world.run_expecting(75, *_new(A1, B, C), OUTBREAK)
    exporter.takes_off(B)
    world.run_expecting(5, *_new(A1, C))
    world.check()
    world.check_as_managed()


def test_several_lists_of_one_operator_count_once(world: World, exporter: Exporter) -> None:
    """Two operators are two, on however many of their lists."""
    exporter.puts_on(A1, A2, B)
    world.run_expecting(30, *_new(A1, A2, B))
    world.check()


def test_one_after_another_is_no_outbreak(world: World, exporter: Exporter) -> None:
    """Three operators within an hour and a bit are three listings."""
    exporter.puts_on(A1)
    world.run(31)
    exporter.puts_on(B)
    world.run(31)
    exporter.puts_on(C)
    world.run_expecting(30, *_new(A1, B, C))
    world.check()


def test_what_was_there_before_is_no_outbreak(world: World, exporter: Exporter) -> None:
    """A target on many lists when it is first checked is no news."""
    exporter.finds(A1, B, C, D)
    world.run_expecting(30, *(alert("DNSBLListed", "warning", place) for place in (A1, B, C, D)))
    world.check()


def test_repeats_count(world: World, exporter: Exporter) -> None:
    """Whoever is put back on three lists has an outbreak too, and each repeat is told."""
    exporter.finds(A1, B)
    world.run(1)
    exporter.takes_off(A1, B)
    world.run(1)
    exporter.puts_on(A1, B, C)
    repeats = [alert("DNSBLRelisted", "critical", place) for place in (A1, B)]
    world.run_expecting(30, *repeats, *_new(C), OUTBREAK)
    world.check()


def test_one_more_within_the_hour_goes_on_with_it(world: World, exporter: Exporter) -> None:
    """It is the same outbreak."""
    exporter.puts_on(A1, B, C)
    world.run_expecting(30, *_new(A1, B, C), OUTBREAK)
    exporter.puts_on(D)
    world.run_expecting(30, *_new(A1, B, C, D), OUTBREAK)
    world.check()


def test_one_more_much_later_ends_it(world: World, exporter: Exporter) -> None:
    """While it fires, Alertmanager holds back the new listings that are part of it. One that is not must not be held back."""
    exporter.puts_on(A1, B, C)
    world.run_expecting(70, *_new(A1, B, C), OUTBREAK)
    exporter.puts_on(D)
    world.run_expecting(30, *_new(A1, B, C, D))
    world.check()


def test_targets_are_counted_each_for_itself(world: World, exporter: Exporter) -> None:
    """Three operators, each with another target, are no outbreak."""
    places = [Place(f"192.0.2.{number}", each.list) for number, each in enumerate((A1, B, C))]
    exporter.puts_on(*places)
    world.run_expecting(30, *_new(*places))
    world.check()


def test_it_carries_the_labels_of_the_target(world: World, exporter: Exporter) -> None:
    """So routes can use them."""
    places = [place._replace(labels=(("team", "outbound"),)) for place in (A1, B, C)]
    exporter.puts_on(*places)
    world.run_expecting(5, *_new(*places), alert("DNSBLOutbreak", "critical", target=TARGET, team="outbound"))
    world.check()


def test_it_outlives_a_restart(world: World, exporter: Exporter) -> None:
    """While the exporter is away its last word counts, for operators too."""
    exporter.puts_on(A1, B, C)
    world.run(5)
    exporter.up = False
    world.run_expecting(9, *_new(A1, B, C), OUTBREAK)
    exporter.up = True
    world.run_expecting(5, *_new(A1, B, C), OUTBREAK)
    world.check()


def test_a_pair_that_names_operators_differently(world: World, exporter: Exporter) -> None:
    """While one is upgraded before the other, each list still has one operator, and no rule fails."""
    other = world.exporter("b", {name: List(operator=f"{each.operator} Ltd") for name, each in LISTS.items()})
    for each in (exporter, other):
        each.puts_on(A1, A2, B)
    world.run_expecting(5, *_new(A1, A2, B))
    for each in (exporter, other):
        each.puts_on(C)
    world.run(1)
    world.expect(*_new(A1, A2, B, C), OUTBREAK)
    world.check()
