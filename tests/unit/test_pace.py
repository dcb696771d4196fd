"""How fast a list may be asked."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.blocklist import Pace
from exporter.pace import FULL_AGAIN_SECONDS, Allowance, Level, sustained_qps
from tests.unit.builders import a_pace, quick

START = 1_800_000_000.0
DAY = 86400.0
PACES = st.builds(
    a_pace,
    max_qps=st.one_of(st.none(), st.floats(0.001, 1000.0)),
    max_queries_per_day=st.one_of(st.none(), st.integers(1, 10_000_000)),
)


def take(allowance: Allowance, now: float) -> bool:
    """Ask once, if it is allowed now."""
    allowed = allowance.free(now) > 0
    if allowed:
        allowance.spend(1, now)
    return allowed


def taken(allowance: Allowance, since: float, until: float) -> list[float]:
    """The times of all queries that a greedy asker gets."""
    times, now = [], since
    while now < until:
        if take(allowance, now):
            times.append(now)
        else:
            now = allowance.ready_at(now)
    return times


def most_within(times: list[float], seconds: float) -> int:
    """The most queries in any window that long, its end left out."""
    return max(bisect_left(times, start + seconds) - place for place, start in enumerate(times))


@pytest.mark.parametrize("max_qps", [1.0, 5.0, 20.0, 250.0])
def test_a_minute_holds_the_rate(max_qps: float) -> None:
    """A greedy asker gets ``max_qps`` over a minute within 2 %, and in no second more than 1.2 times that."""
    times = taken(Allowance(a_pace(max_qps=max_qps), START), START, START + 60)
    assert len(times) == pytest.approx(max_qps * 60, rel=0.02)
    assert most_within(times, 1.0) <= 1.2 * max_qps


@pytest.mark.parametrize("max_qps", [1.0, 20.0, 250.0])
def test_idleness_saves_up_no_burst(max_qps: float) -> None:
    """After an hour without a query the rate is what it always is."""
    allowance = Allowance(a_pace(max_qps=max_qps), START)
    assert take(allowance, START)
    times = taken(allowance, START + 3600, START + 3610)
    assert most_within(times, 1.0) <= 1.2 * max_qps


@pytest.mark.parametrize("idle_hours", [0, 7, 30])
@pytest.mark.parametrize("daily", [1, 2, 9, 10, 11, 300])
def test_no_day_holds_more_than_its_budget(daily: int, idle_hours: int) -> None:
    """In any 24 hours no more than ``max_queries_per_day`` are taken, also after a rest."""
    allowance = Allowance(a_pace(max_queries_per_day=daily), START)
    times = taken(allowance, START, START + DAY)
    resumed = times[-1] + idle_hours * 3600
    times += taken(allowance, resumed, resumed + 2.5 * DAY)
    assert most_within(times, DAY) <= daily
    assert len(times) >= 3 * 0.9 * daily


def test_a_tenth_of_the_day_may_come_at_once() -> None:
    """A first lap gets a tenth of the day's budget without waiting, and not one query more."""
    allowance = Allowance(a_pace(max_queries_per_day=300), START)
    assert allowance.free(START) == 30
    assert sum(take(allowance, START) for _ in range(300)) == 30


@pytest.mark.parametrize(
    ("pace", "qps"),
    [
        (a_pace(), None),
        (a_pace(max_qps=5.0), 5.0),
        (a_pace(max_queries_per_day=96_000), 1.0),
        (a_pace(max_qps=5.0, max_queries_per_day=96_000), 1.0),
        (a_pace(max_qps=0.5, max_queries_per_day=96_000), 0.5),
    ],
)
def test_the_tighter_limit_is_sustained(pace: Pace, qps: float | None) -> None:
    """The rate that a list allows for ever is the lower one of its limits."""
    assert sustained_qps(pace) == (None if qps is None else pytest.approx(qps))


def test_both_limits_hold_at_once() -> None:
    """With both limits the rate holds in every second and the budget in every day."""
    times = taken(Allowance(a_pace(max_qps=1.0, max_queries_per_day=1000), START), START, START + 2 * DAY)
    assert most_within(times, 1.0) == 1
    assert most_within(times, DAY) <= 1000
    assert len(times) > 1.8 * 1000


@pytest.mark.parametrize("spent", [1, 5, 20])
def test_queries_beyond_the_allowance_are_paid_later(spent: int) -> None:
    """What is spent without asking is a debt that the next query waits for."""
    allowance = Allowance(a_pace(max_qps=2.0), START)
    assert take(allowance, START)
    allowance.spend(spent, START)
    assert allowance.ready_at(START) == pytest.approx(START + (spent + 1) / 2, abs=1e-6)
    assert not take(allowance, START + spent / 2)
    assert take(allowance, START + (spent + 1) / 2)


def test_a_debt_is_not_paid_by_an_idle_time_before_it() -> None:
    """After an hour of idleness a debt is as long as at any other time."""
    allowance = Allowance(a_pace(max_qps=2.0), START)
    allowance.spend(4, START + 3600)
    assert allowance.ready_at(START + 3600) == pytest.approx(START + 3600 + 4 / 2, abs=1e-6)


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.4])
def test_waiting_does_not_move_the_time(pause: float) -> None:
    """The next query is allowed at the same time, whenever that is asked."""
    allowance = Allowance(a_pace(max_qps=2.0), START)
    assert take(allowance, START)
    assert allowance.ready_at(START + pause) == pytest.approx(START + 0.5, abs=1e-6)


def test_without_limits_nothing_waits() -> None:
    """A list without limits, such as a local mirror, is asked at any speed, and owes nothing."""
    allowance = Allowance(a_pace(), START)
    allowance.spend(1_000_000, START)
    assert allowance.free(START) > 1_000_000
    assert allowance.ready_at(START) == START


@quick
@given(PACES, st.floats(0.0, 2e9), st.lists(st.tuples(st.floats(0.0, 3000.0), st.integers(0, 30)), max_size=8))
def test_a_query_is_taken_exactly_when_it_is_ready(pace: Pace, now: float, story: list[tuple[float, int]]) -> None:
    """Something is free if and only if ``ready_at`` says now, and waiting until then always gets there."""
    allowance = Allowance(pace, now)
    for pause, spent in story:
        now += pause
        allowance.spend(spent, now)
        ready = allowance.ready_at(now)
        assert ready >= now
        assert take(allowance, now) is (ready == now)
        waits = 0
        while not take(allowance, now):
            now = allowance.ready_at(now)
            waits += 1
            assert waits <= 2


@quick
@given(PACES, st.floats(0.0, 2e9), st.lists(st.tuples(st.floats(0.0, 3000.0), st.integers(0, 30)), max_size=8))
def test_what_is_free_at_once_is_what_is_free_one_by_one(pace: Pace, now: float, story: list[tuple[float, int]]) -> None:
    """As many queries can be taken one after another as ``free`` says before the first, and no more."""
    one, other = Allowance(pace, now), Allowance(pace, now)
    for pause, spent in story:
        now += pause
        one.spend(spent, now)
        other.spend(spent, now)
        many = min(one.free(now), 1000)
        one.spend(many, now)
        assert sum(take(other, now) for _ in range(many)) == many
        assert take(one, now) is take(other, now)


# ---- going on where another has left off


HUNDRED = a_pace(max_queries_per_day=1000)
"""A hundred queries at once, then one in 96 seconds."""


@pytest.mark.parametrize(
    ("kept", "left"),
    [
        pytest.param(None, 100.0, id="nothing known: full"),
        pytest.param(Level(40.0, START), 40.0, id="a moment ago"),
        pytest.param(Level(40.0, START - 960.0), 50.0, id="filled for the time between"),
        pytest.param(Level(40.0, START - DAY), 100.0, id="filled up"),
        pytest.param(Level(-5.0, START - 960.0), 5.0, id="a debt, paid since"),
        pytest.param(Level(-50.0, START), -50.0, id="a debt"),
        pytest.param(Level(40.0, START + 5000.0), 40.0, id="the clock went back: nothing for that"),
        pytest.param(Level(25_000.0, START), 100.0, id="of a larger limit"),
        pytest.param(Level(-25_000.0, START), -900.0, id="the debt of a larger limit: no more than a day pays"),
        pytest.param(Level(3.0, START), 3.0, id="of a smaller limit"),
        pytest.param(Level(-1e6, START - FULL_AGAIN_SECONDS), 100.0, id="long ago"),
    ],
)
def test_a_days_budget_goes_on(kept: Level | None, left: float) -> None:
    """What was left is filled for the time that passed, and is never more than the limit of today gives at once."""
    allowance = Allowance(HUNDRED, START, kept)
    assert allowance.left(START) == pytest.approx(left)
    assert allowance.free(START) == max(0, int(left))


def test_a_list_without_a_daily_limit_has_nothing_left_over() -> None:
    """Nothing is kept of a list without a daily limit, and nothing that was kept of one limits it."""
    allowance = Allowance(a_pace(max_qps=50.0), START, Level(-100.0, START))
    assert allowance.left(START) is allowance.left(START, 10.0) is None
    assert allowance.free(START) == 5


@pytest.mark.parametrize(
    ("max_qps", "left", "ahead"),
    [
        pytest.param(None, 100.0, 0.0, id="all may go at once"),
        pytest.param(None, -7.0, -7.0, id="nothing may go"),
        pytest.param(2.0, 100.0, 79.0, id="as many as a second's limit gives"),
        pytest.param(2.0, 5.5, 0.5, id="or as there are"),
    ],
)
def test_what_is_written_down_is_what_will_be_left(max_qps: float | None, left: float, ahead: float) -> None:
    """Of what may be read later, all that may go in the next ten seconds is taken already."""
    allowance = Allowance(a_pace(max_qps=max_qps, max_queries_per_day=1000), START, Level(left, START))
    assert allowance.left(START, 10.0) == pytest.approx(ahead)
    assert allowance.left(START) == pytest.approx(left)


@quick
@given(PACES, st.floats(-50.0, 1e6), st.floats(0.0, 10.0))
def test_a_greedy_asker_leaves_no_less_than_was_written_down(pace: Pace, left: float, pause: float) -> None:
    """Whenever within its time what was written down is read, it does not grow to more than there is."""
    allowance = Allowance(pace, START, Level(left, START))
    written = allowance.left(START, 10.0)
    if written is None:
        return
    now, asked = START, 0
    while now <= START + pause and asked < 5000:
        allowance.spend(free := min(5000, allowance.free(now)), now)
        asked += free
        now = allowance.ready_at(now)
    end = START + pause
    there, read = allowance.left(end), Allowance(pace, end, Level(written, START)).left(end)
    assert there is not None
    assert read is not None
    assert read <= there + 0.001


# ---- saving up for a test


def test_queries_are_saved_up_for_a_test() -> None:
    """While the day's budget holds less than a test takes, nothing else goes; then the test does, and the rest is free."""
    allowance = Allowance(HUNDRED, START, Level(2.0, START))
    assert not allowance.save_up(4, START)
    assert allowance.free(START) == 0
    assert allowance.saved_at(START) == pytest.approx(START + 192)
    assert allowance.ready_at(START) == pytest.approx(START + 288)
    assert allowance.save_up(4, START + 192.1)
    allowance.spend(4, START + 192.1)
    assert allowance.ready_at(START + 192.1) == pytest.approx(START + 288)


def test_what_is_saved_up_for_a_test_that_is_not_due_any_more_is_free() -> None:
    """Without a test to save up for, everything is free again."""
    allowance = Allowance(HUNDRED, START, Level(2.0, START))
    assert not allowance.save_up(4, START)
    assert allowance.save_up(0, START)
    assert allowance.free(START) == 2


@pytest.mark.parametrize(("daily", "queries"), [(8, 4), (36, 4), (39, 4)])
def test_a_test_that_a_small_budget_never_holds_waits_until_it_is_full(daily: int, queries: int) -> None:
    """A list with less than ten tests a day is tested when all of a tenth is there."""
    allowance = Allowance(a_pace(max_queries_per_day=daily), START)
    assert allowance.save_up(queries, START)
    allowance.spend(queries, START)
    assert not allowance.save_up(queries, START)
    saved = allowance.saved_at(START)
    assert START < saved < START + FULL_AGAIN_SECONDS
    assert allowance.save_up(queries, saved + 0.001)


@pytest.mark.parametrize("pace", [a_pace(), a_pace(max_qps=1.0)])
def test_a_test_waits_for_no_second(pace: Pace) -> None:
    """Without a daily limit a test is never waited for; what is over a second's limit is paid afterwards."""
    allowance = Allowance(pace, START)
    allowance.spend(10, START)
    assert allowance.save_up(4, START)
    assert allowance.saved_at(START) == START
