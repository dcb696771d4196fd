"""``max_qps`` as a list sees it: all that a schedule asks, whoever drives it. Times are seconds after the start."""

from bisect import bisect_left

import pytest

from exporter.health import Health
from exporter.listing import Standing
from exporter.schedule import Schedule
from exporter.verdict import NotListed
from tests.unit.builders import a_list, a_pace, a_plan
from tests.unit.simulation import START, Simulation, due

QPS = 50.0
MINUTE = 60.0
PLAN = a_plan(4000, a_list(pace=a_pace(interval=60.0, max_qps=QPS)))
"""More checks than a minute's rate gives, and all of them wanted within each minute."""


def by_its_own_word(room: int) -> list[float]:
    """When something is asked, if the schedule itself says when to look again."""
    return [at for at, _ in Simulation(PLAN, room=room).run(MINUTE).asked]


def by_small_steps(seconds: float) -> list[float]:
    """The same, if it is looked at again and again."""
    schedule = Schedule(PLAN, START, lambda key: Standing())
    schedule.tested("bl.example", Health.OK, START)
    times: list[float] = []
    for step in range(round(MINUTE / seconds)):
        now = START + step * seconds
        for turn in due(schedule, now, lambda name: 64):
            times.append(now - START)
            schedule.finish(turn, NotListed(), now)
    return times


def most_in_a_second(times: list[float]) -> int:
    """The most questions in any second, its end left out."""
    return max(bisect_left(times, start + 1.0) - place for place, start in enumerate(times))


@pytest.mark.parametrize("room", [1, 64])
def test_a_minute_holds_the_rate_by_the_schedules_own_word(room: int) -> None:
    """Woken when it says, a schedule asks 50 a second within 2 %, and in no second more than 1.2 times that."""
    assert_fifty_a_second(by_its_own_word(room))


@pytest.mark.parametrize("seconds", [0.005, 0.1])
def test_a_minute_holds_the_rate_in_small_steps(seconds: float) -> None:
    """Woken for other reasons all the time it asks no more, and woken seldom no less."""
    assert_fifty_a_second(by_small_steps(seconds))


def assert_fifty_a_second(times: list[float]) -> None:
    assert len(times) == pytest.approx(QPS * MINUTE, rel=0.02)
    assert most_in_a_second(times) <= 1.2 * QPS
