"""Checks that are asked again sooner than their lap, also when a plan with other targets has taken over."""

from math import inf

import pytest

from exporter.moves import Comparing, Moves
from exporter.repeats import Repeats
from exporter.verdict import Cause
from tests.unit.builders import a_roster, domains

DOMAINS = domains(9)
"""In the order of a plan: by their names."""
T = 1800.0


def away(*places: int) -> Moves:
    """From all to those without these places."""
    return Comparing().moves(a_roster(DOMAINS), a_roster(target for place, target in enumerate(DOMAINS) if place not in places))


def taken(repeats: Repeats, now: float) -> list[int]:
    """All that are due, in their order."""
    found = []
    while repeats.due(now):
        found.append(repeats.take())
    return found


def some() -> Repeats:
    """Five places: the last comes first."""
    repeats = Repeats()
    for place in range(5):
        repeats.ask(place, 100.0 - 10 * place)
    return repeats


def test_they_are_due_in_the_order_of_their_times() -> None:
    """At their time and not before; each is taken once."""
    repeats = some()
    assert (repeats.due(59.9), repeats.next_at(), repeats.overdue(59.9)) == (False, 60.0, 0)
    assert (repeats.due(60.0), repeats.overdue(60.0), repeats.overdue(80.0)) == (True, 1, 3)
    assert taken(repeats, 80.0) == [4, 3, 2]
    assert repeats.overdue(1000.0) == 2
    assert taken(repeats, 1000.0) == [1, 0]
    assert repeats.next_at() == inf


def test_the_latest_word_counts() -> None:
    """A place that is planned twice is due at the second time only, sooner or later; one that was asked meanwhile is not due."""
    repeats = some()
    repeats.ask(4, 200.0)
    repeats.ask(0, 50.0)
    repeats.overtake(2)
    assert taken(repeats, 199.0) == [0, 3, 1]
    assert taken(repeats, 200.0) == [4]


def test_a_confirmation_that_is_taken_waits_no_more() -> None:
    """Nor does one that was overtaken."""
    repeats = Repeats()
    repeats.confirm(1, 10.0)
    repeats.confirm(2, 20.0)
    assert repeats.confirming == {1, 2}
    assert taken(repeats, 10.0) == [1]
    assert repeats.confirming == {2}
    repeats.overtake(2)
    assert repeats.confirming == set()
    assert not repeats.due(inf)


@pytest.mark.parametrize(
    ("cause", "failures", "wait"),
    [
        (Cause.TIMEOUT, 1, 30.0),
        (Cause.TIMEOUT, 2, 60.0),
        (Cause.TIMEOUT, 6, 960.0),
        (Cause.TIMEOUT, 7, inf),
        (Cause.REFUSED, 1, 900.0),
        (Cause.REFUSED, 2, inf),
    ],
)
def test_failures_in_a_row_wait_longer(cause: Cause, failures: int, wait: float) -> None:
    """Until the lap is as soon."""
    repeats = Repeats()
    for _ in range(failures):
        repeats.overtake(3)
        repeats.fail(3, cause, 0.0, T)
    assert not repeats.due(wait - 0.001)
    assert repeats.next_at() == wait


# ---- with other targets


def test_what_moved_is_due_when_it_was() -> None:
    """At its new place, in the order of times; what is gone is not due."""
    repeats = some().moved(away(0, 3))
    assert (repeats.due(59.9), repeats.due(60.0), repeats.next_at()) == (False, True, 60.0)
    assert taken(repeats, 1000.0) == [2, 1, 0]


def test_what_was_overtaken_before_a_move_is_not_due_after_it() -> None:
    """Nor is what was asked meanwhile."""
    repeats = some()
    repeats.overtake(2)
    repeats.ask(4, 200.0)
    assert taken(repeats.moved(away(0)), 1000.0) == [2, 0, 3]


def test_who_waits_for_a_confirmation_does_so_at_the_new_place() -> None:
    """And at no other."""
    repeats = Repeats()
    for place in (1, 4):
        repeats.confirm(place, 300.0)
    moved = repeats.moved(away(0, 4))
    assert moved.confirming == {0}
    assert taken(moved, 300.0) == [0]


def test_failures_are_counted_on_at_the_new_place() -> None:
    """Those of one that is gone count for nobody."""
    repeats = Repeats()
    for place in (0, 1):
        for _ in range(3):
            repeats.fail(place, Cause.TIMEOUT, 0.0, T)
    moved = repeats.moved(away(0))
    for place in (0, 1):
        moved.overtake(place)
        moved.fail(place, Cause.TIMEOUT, 1000.0, T)
    assert taken(moved, 1029.0) == []
    assert taken(moved, 1030.0) == [1]
    assert taken(moved, 1239.0) == []
    assert taken(moved, 1240.0) == [0]
    repeats = moved.moved(Comparing().moves(a_roster(DOMAINS[1:]), a_roster(DOMAINS)))
    repeats.fail(1, Cause.TIMEOUT, 2000.0, T)
    assert (repeats.due(2479.0), repeats.due(2480.0)) == (False, True)


def test_an_answer_ends_the_count() -> None:
    """The next failure is the first one."""
    repeats = Repeats()
    for _ in range(3):
        repeats.fail(0, Cause.TIMEOUT, 0.0, T)
    repeats.succeed(0)
    repeats.fail(0, Cause.TIMEOUT, 1000.0, T)
    assert taken(repeats, 1030.0) == [0]
