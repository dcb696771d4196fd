"""A day's budget over many lives of a process: restarts, kill -9, reloads, clocks that go back. Time is simulated.

A process here does with its schedule what the engine does: it writes down what will be left, before it asks anything and then
every few seconds, and what is left when it ends in order.
"""

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.blocklist import Blocklist
from exporter.health import Health, queries_a_test
from exporter.listing import Standing
from exporter.pace import Level
from exporter.plan import Key, Shard, build
from exporter.schedule import Schedule
from exporter.verdict import Cause, NotListed, Unknown
from tests.unit.builders import a_list, a_pace, a_plan, a_roster, domains, quick
from tests.unit.simulation import START, due

DAY = 86400.0
FLUSH = 5.0
AHEAD = 2 * FLUSH
NAME = "bl.example"
WHOLE = Shard()
QUERIES_A_TEST = queries_a_test(a_list())


def never_known(key: Key) -> Standing:
    """Whatever a life learned, the next has forgotten: each wants to ask everything at once."""
    return Standing()


def plenty(name: str) -> int:
    return 1000


def limited(daily: int, max_qps: float | None = None, delist_after: int = 2) -> Blocklist:
    """A list with a daily limit that is tested every hour."""
    return a_list(pace=a_pace(interval=60.0, delist_after=delist_after, max_qps=max_qps, max_queries_per_day=daily))


def healthy(at: float) -> Health:
    return Health.OK


@dataclass
class Life:
    """How long a process lives and how it ends; how long it takes until the next one, whose clock is so much further behind; and
    how often this happens."""

    seconds: float
    killed: bool = False
    down: float = 0.0
    back: float = 0.0
    times: int = 1


class World:
    """A list that is asked more than it allows, and what outlives the processes. ``sent`` are the true times of all queries."""

    def __init__(
        self,
        daily: int,
        max_qps: float | None = None,
        *,
        since: float = 0.0,
        health: Callable[[float], Health] = healthy,
        shard: Shard = WHOLE,
    ) -> None:
        self.sent: list[float] = []
        self._plan = build(a_roster(domains(60), shard), [limited(daily, max_qps)], shard)
        self._health = health
        self._now = START + since
        """What the clock says."""
        self._behind = 0.0
        self._file: dict[str, Level] = {}

    def live(self, *lives: Life) -> "World":
        for life in lives:
            for _ in range(life.times):
                schedule = self._run(life.seconds)
                if not life.killed:
                    self._write(schedule, 0.0)
                self._now += life.down - life.back
                self._behind += life.back
        return self

    def _run(self, seconds: float) -> Schedule:
        schedule = Schedule(self._plan, self._now, never_known, kept=self._file)
        self._write(schedule, AHEAD)
        end, flush_at, used = self._now + seconds, self._now + FLUSH, False
        while self._now < end:
            sent = len(self.sent)
            self._step(schedule)
            used = used or len(self.sent) > sent
            wake = min(schedule.next_at(self._now, plenty), flush_at if used else inf, end)
            self._now = max(wake, self._now + 1e-6)
            if used and self._now >= flush_at:
                self._write(schedule, AHEAD)
                used = False
            while flush_at <= self._now:
                flush_at += FLUSH
        return schedule

    def _write(self, schedule: Schedule, ahead: float) -> None:
        self._file |= {name: Level(left, self._now) for name, left in schedule.levels(self._now, ahead).items()}

    def _step(self, schedule: Schedule) -> None:
        for blocklist in schedule.tests_due(self._now):
            schedule.spent(NAME, QUERIES_A_TEST, self._now)
            self._send(QUERIES_A_TEST)
            schedule.tested(blocklist.name, self._health(self._now - START), self._now)
        for turn in schedule.paused(self._now, 1000):
            schedule.finish(turn, Unknown(Cause.UNHEALTHY), self._now)
        for turn in due(schedule, self._now, plenty):
            self._send(1)
            schedule.finish(turn, NotListed(), self._now)

    def _send(self, queries: int) -> None:
        self.sent += [self._now + self._behind] * queries

    def most_in_a_day(self) -> int:
        """The most queries in any 24 hours, their end left out."""
        return most_in_a_day(self.sent)


def most_in_a_day(sent: list[float]) -> int:
    return max((bisect_left(sent, start + DAY) - place for place, start in enumerate(sent)), default=0)


def lives(*, killed: bool) -> st.SearchStrategy[list[Life]]:
    """Crash loops, long lives, long rests."""
    pauses = st.sampled_from([0.0, 0.7, 30.0, 4000.0, 50_000.0])
    back = st.sampled_from([0.0, 0.0, 1.0, 7000.0])
    kills = st.booleans() if killed else st.just(False)
    short = st.builds(Life, st.floats(0.0, 100.0), kills, pauses, back, st.integers(1, 20))
    long = st.builds(Life, st.floats(100.0, 60_000.0), kills, pauses, back)
    return st.lists(st.one_of(short, long), min_size=1, max_size=6)


limits = st.sampled_from([8, 9, 12, 25, 31, 99, 250])
seconds_of_the_day = st.floats(0.0, DAY)


@quick
@given(limits, st.sampled_from([None, 0.5, 20.0]), seconds_of_the_day, lives(killed=False), st.floats(0.0, 2 * DAY))
def test_no_day_holds_more_than_its_budget_over_restarts(
    daily: int, max_qps: float | None, since: float, story: list[Life], sick_until: float
) -> None:
    """However often a process ends and starts, in any 24 hours no more than ``max_queries_per_day`` are sent, tests too."""

    def health(at: float) -> Health:
        return Health.SILENT if at < sick_until else Health.OK

    assert World(daily, max_qps, since=since, health=health).live(*story).most_in_a_day() <= daily


@quick
@given(limits, st.sampled_from([None, 0.5, 20.0]), seconds_of_the_day, lives(killed=True))
def test_no_day_holds_more_than_its_budget_over_kills(daily: int, max_qps: float | None, since: float, story: list[Life]) -> None:
    """The same where a process may be killed at any moment, before it wrote down what it had sent."""
    assert World(daily, max_qps, since=since).live(*story).most_in_a_day() <= daily


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize("seconds", [0.5, 4.0, 9.0, 61.0])
@pytest.mark.parametrize("max_qps", [None, 5.0])
def test_a_crash_loop_does_not_exceed_the_limit(killed: bool, seconds: float, max_qps: float | None) -> None:
    """A process that lives only for seconds asks in ten minutes what one start may, and what flows after it."""
    world = World(1000, max_qps).live(Life(seconds, killed, 0.5, times=round(600 / (seconds + 0.5))))
    assert len(world.sent) <= 100 + 900 / 144
    assert killed or len(world.sent) >= 100


def test_restarts_take_nothing_away() -> None:
    """A day with a restart every hour sends as much as one without, but for what its tests take."""
    once = World(1000).live(Life(DAY))
    often = World(1000).live(Life(3600.0, times=24))
    assert len(once.sent) == pytest.approx(1000, abs=2)
    assert len(often.sent) == pytest.approx(1000, abs=2)


def test_a_kill_costs_no_more_than_a_few_seconds_of_the_limit() -> None:
    """With a limit a second as well, little is written off, so a kill every hour is hardly felt."""
    world = World(10_000, 2.0).live(Life(3600.0, killed=True, times=6))
    assert len(world.sent) >= 1000 + 6 * 375 - 6 * 21


# ---- shards


@quick
@given(st.sampled_from([40, 41, 99, 203]), st.integers(2, 5), seconds_of_the_day, lives(killed=False))
def test_no_day_holds_more_than_the_budget_of_all_shards(daily: int, total: int, since: float, story: list[Life]) -> None:
    """Shards that know nothing of each other send together no more than ``max_queries_per_day`` in any 24 hours, tests too."""
    worlds = [World(daily, since=since, shard=Shard(ordinal, total)).live(*story) for ordinal in range(total)]
    assert most_in_a_day(sorted(at for world in worlds for at in world.sent)) <= daily


# ---- reloads


@pytest.mark.parametrize("daily", [1000, 500, 10_000])
def test_a_reload_with_other_settings_gives_no_new_budget(daily: int) -> None:
    """What is left of a list's day stays when its settings change, though never more than its new limit gives at once."""
    first = Schedule(a_plan(60, limited(1000)), START, never_known)
    first.spent(NAME, 90, START)
    second = Schedule(a_plan(60, limited(daily, delist_after=3)), START, never_known, first)
    assert second.levels(START) == {NAME: pytest.approx(10)}
    second.spent(NAME, -500, START)
    third = Schedule(a_plan(60, limited(daily, delist_after=4)), START, never_known, second)
    assert third.levels(START) == {NAME: pytest.approx(min(510, daily / 10))}


def test_a_first_limit_starts_full() -> None:
    """A list that had no daily limit has a whole one once it gets it."""
    first = Schedule(a_plan(60, a_list()), START, never_known)
    first.spent(NAME, 90, START)
    assert first.levels(START) == {}
    second = Schedule(a_plan(60, limited(1000)), START, never_known, first)
    assert second.levels(START) == {NAME: 100}


def test_a_list_that_comes_back_goes_on() -> None:
    """A list that a reload took away, and another brings back, has what was left when it went."""
    first = Schedule(a_plan(60, limited(1000)), START, never_known)
    first.spent(NAME, 90, START)
    kept = {name: Level(left, START) for name, left in first.levels(START).items()}
    without = Schedule(a_plan(60, a_list("other.example")), START, never_known, first, kept)
    again = Schedule(a_plan(60, limited(1000)), START + 960, never_known, without, kept)
    assert again.levels(START + 960) == {NAME: pytest.approx(20)}


def test_only_what_was_used_is_written_again() -> None:
    """A list that was asked nothing since is not written down anew; at the end everything is, exactly."""
    schedule = Schedule(a_plan(60, limited(1000), a_list("free.example")), START, never_known)
    assert schedule.levels(START, AHEAD) == {NAME: 0}
    assert schedule.levels(START + 1, AHEAD) == {}
    schedule.spent(NAME, 1, START + 1)
    assert schedule.levels(START + 2, AHEAD).keys() == {NAME}
    assert schedule.levels(START + 3, AHEAD) == {}
    assert schedule.levels(START + 3) == {NAME: pytest.approx(99, abs=0.03)}
