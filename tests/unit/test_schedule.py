"""When each check is due. The clock is simulated; T is the interval, times are seconds after the start."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.health import Health
from exporter.listing import Event, Listing, Standing
from exporter.plan import Check, Key, Plan, Shard, build
from exporter.probation import Trial
from exporter.schedule import Schedule, Turn
from exporter.target import Target, parse
from exporter.verdict import Cause, NotListed, Unknown, Verdict
from tests.unit.builders import a_list, a_pace, a_plan, a_roster, quick
from tests.unit.simulation import START, Simulation, due

T = 1800.0
NAME = "bl.example"
PLAN = a_plan(20, a_list())
SLOT = T / 20
TIMEOUT = Unknown(Cause.TIMEOUT)
LISTING = Listing("", 1, START - 10 * T, True, ("127.0.0.2",))


def plenty(name: str) -> int:
    return 1000


def never_known(key: Key) -> Standing:
    return Standing()


def started(plan: Plan, health: Health = Health.OK) -> Schedule:
    """A fresh schedule whose lists have just been tested."""
    schedule = Schedule(plan, START, never_known)
    for name in plan.lists:
        schedule.tested(name, health, START)
    return schedule


def places(turns: list[Turn]) -> list[int]:
    return [turn.place for turn in turns]


def fail(schedule: Schedule, verdicts: list[Verdict], now: float) -> None:
    """Finish the first turns with these verdicts."""
    for turn, verdict in zip(due(schedule, now, lambda name: len(verdicts)), verdicts, strict=True):
        schedule.finish(turn, verdict, now)


def held(plan: Plan, standings: dict[int, Standing]) -> dict[Key, Standing]:
    """What is held of the checks in these places."""
    return {plan.checks[NAME][place].key: standing for place, standing in standings.items()}


def in_lap_order(turns: list[tuple[float, int]], count: int) -> bool:
    """Whether each place follows the one before it, the first the last."""
    return all(after == (before + 1) % count for (_, before), (_, after) in pairwise(turns))


def gaps(turns: list[tuple[float, int]]) -> list[float]:
    """The seconds between one question and the next."""
    return [after - before for (before, _), (after, _) in pairwise(turns)]


# ---- the first test and the first lap


def test_nothing_is_asked_before_the_list_is_tested() -> None:
    """Until its first test is passed a list has no turns, due or paused, but its test is due."""
    schedule = Schedule(PLAN, START, never_known)
    assert [blocklist.name for blocklist in schedule.tests_due(START)] == [NAME]
    assert due(schedule, START + 10, plenty) == []
    assert schedule.paused(START + 10, 1000) == []
    assert schedule.trial(NAME) is None


def test_a_test_is_due_once() -> None:
    """A list that is being tested is not to be tested a second time, and is waited for."""
    schedule = Schedule(PLAN, START, never_known)
    assert schedule.tests_due(START)
    assert schedule.tests_due(START + 60) == []
    assert schedule.next_at(START, plenty) == inf


@pytest.mark.parametrize("health", [Health.OK, Health.UNTESTED])
def test_a_fresh_start_asks_everything_once_the_list_is_tested(health: Health) -> None:
    """After its first test, or if it cannot be tested, all checks of a list are due at once, each one time and in order."""
    schedule = Schedule(PLAN, START, never_known)
    schedule.tested(NAME, health, START + 1)
    assert places(due(schedule, START + 1, plenty)) == list(range(20))
    assert due(schedule, START + 1, plenty) == []


def test_a_turn_names_its_check() -> None:
    """The place of a turn is that of its check in the plan."""
    for turn in due(started(PLAN), START, plenty):
        assert turn.check == PLAN.checks[NAME][turn.place]


# ---- laps


@pytest.mark.parametrize("count", [1, 7, 100])
def test_after_the_first_lap_each_interval_holds_one_lap(count: int) -> None:
    """Every interval asks each check once, evenly spread and in the same order for ever."""
    simulation = Simulation(a_plan(count, a_list())).run(3 * T + 0.5)
    assert sorted(place for _, place in simulation.asked_within(0, 0.001)) == list(range(count))
    later = simulation.asked_within(0.001, inf)
    assert len(later) == 3 * count
    assert in_lap_order(later, count)
    assert gaps(later) == pytest.approx([T / count] * (3 * count - 1), abs=0.001)


def test_lists_are_not_in_step() -> None:
    """Two lists with the same targets and interval are asked at different times."""
    one, two = (Simulation(a_plan(1, a_list(zone))).run(T).asked[1][0] for zone in ("one.example", "two.example"))
    assert abs(one - two) > 1.0


def test_a_restart_goes_on_where_time_says() -> None:
    """A process that starts anew, knowing what was known, asks exactly what the old one would have asked."""
    old = Simulation(PLAN).run(1.5 * T)
    new = Simulation(PLAN, at=1.5 * T, held=dict(old.held)).run(3 * T)
    expected = old.run(3 * T).asked_within(1.5 * T, 3 * T)
    assert [place for _, place in new.asked] == [place for _, place in expected]
    assert [at for at, _ in new.asked] == pytest.approx([at for at, _ in expected], abs=0.001)


def test_a_restart_asks_at_once_only_what_is_stale() -> None:
    """What was last known longer than an interval ago is due at once, what was known since is not."""
    known = held(PLAN, {place: Standing(START - T * place / 10) for place in range(20)})
    assert sorted(place for _, place in Simulation(PLAN, held=known).run(1.0).asked) == list(range(11, 20))


def test_what_was_never_known_is_stale_by_any_clock() -> None:
    """All is due at a fresh start, also if the clock began less than an interval ago."""
    schedule = Schedule(PLAN, 10.0, never_known)
    schedule.tested(NAME, Health.OK, 10.0)
    assert len(due(schedule, 10.0, plenty)) == 20


def test_a_new_target_is_asked_at_once() -> None:
    """What was never known is due at once, while the others wait for their slots."""
    known = held(PLAN, {place: Standing(START - 10) for place in range(20) if place != 7})
    assert [place for _, place in Simulation(PLAN, held=known).run(1.0).asked] == [7]


@pytest.mark.parametrize(
    ("cause", "delay"), [(Cause.TIMEOUT, 30.0), (Cause.SERVFAIL, 60.0), (Cause.MALFORMED, 300.0), (Cause.REFUSED, 900.0)]
)
def test_a_restart_asks_again_what_was_inconclusive(cause: Cause, delay: float) -> None:
    """A check whose last answer was inconclusive is asked again after the back-off of its cause."""
    plan = a_plan(1, a_list(pace=a_pace(interval=1e7)))
    known = held(plan, {0: Standing(START - 10, (), cause, START - 5)})
    assert Simulation(plan, held=known).run(delay + 1).times_of(0) == pytest.approx([delay], abs=0.001)


@pytest.mark.parametrize(("age", "asked_at"), [(100.0, 200.0), (299.0, 1.0), (500.0, 0.0)])
def test_a_restart_confirms_a_pending_removal_in_time(age: float, asked_at: float) -> None:
    """A pending removal is confirmed ``confirm_interval`` after its clean answer, or at once if that is over."""
    plan = a_plan(1, a_list(pace=a_pace(interval=1e7)))
    pending = Listing("", 1, START - 9000, True, ("127.0.0.2",), clean_answers=1, clean_since=START - age)
    simulation = Simulation(plan, held=held(plan, {0: Standing(START - age, (pending,))})).run(400.0)
    assert simulation.times_of(0) == pytest.approx([asked_at], abs=0.001)
    assert [change.event for _, change in simulation.changes] == [Event.DELISTED]


# ---- lists over their budget


SLOW = a_plan(50, a_list(pace=a_pace(interval=100.0, max_qps=0.25)))
"""A lap takes 200 s where 100 are wanted."""


def test_a_list_over_its_budget_goes_on_in_order() -> None:
    """A lap that cannot end in time goes on at the list's pace: in order, without a burst, and it starves no check."""
    simulation = Simulation(SLOW).run(2000.0)
    assert len(simulation.asked) == 500
    assert min(gaps(simulation.asked)) >= 4.0 - 0.001
    assert in_lap_order(simulation.asked_within(0, 200), 50)
    assert in_lap_order(simulation.asked_within(200, 2000), 50)
    counts = Counter(place for _, place in simulation.asked)
    assert sorted(counts) == list(range(50))
    assert max(counts.values()) - min(counts.values()) <= 2


def test_failures_starve_no_check_of_a_list_over_its_budget() -> None:
    """Asking again what fails takes a part of the budget and leaves every check its laps."""
    simulation = Simulation(SLOW, answer=lambda turn, now: Unknown(Cause.TIMEOUT) if turn.place % 3 else NotListed()).run(4000.0)
    counts = Counter(place for _, place in simulation.asked_within(2000, 4000))
    assert min(counts[place] for place in range(50)) >= 8


def test_a_daily_budget_gives_a_tenth_at_once() -> None:
    """A fresh start asks a tenth of the day's budget at once, then as the budget flows."""
    simulation = Simulation(a_plan(50, a_list(pace=a_pace(max_queries_per_day=96)))).run(3600.0)
    assert [round(at) for at, _ in simulation.asked] == [0] * 9 + [400, 1400, 2400, 3400]


def test_time_slept_through_is_one_lap_not_many() -> None:
    """After many laps in which nothing ran each check is due once, not once for every lap."""
    simulation = Simulation(PLAN).run(T)
    assert sorted(places(due(simulation.schedule, START + 11 * T, plenty))) == list(range(20))


def test_queries_beyond_the_turn_delay_the_next_one() -> None:
    """What a test or a reason has spent is paid by the list's next check."""
    schedule = started(a_plan(20, a_list(pace=a_pace(max_qps=1.0))))
    assert places(due(schedule, START, plenty)) == [0]
    schedule.spent(NAME, 3, START)
    assert schedule.next_at(START, plenty) == pytest.approx(START + 4, abs=1e-6)
    assert due(schedule, START + 3.9, plenty) == []
    assert places(due(schedule, START + 4, plenty)) == [1]


# ---- inconclusive answers and pending removals


ONE = a_plan(1, a_list(pace=a_pace(interval=1e7, test_interval=1e7)))
"""Its laps are so long that whatever is asked again is not asked for a lap's sake."""

FIRST_WAITS = {
    Cause.TIMEOUT: 30.0,
    Cause.NETWORK: 30.0,
    Cause.SERVFAIL: 60.0,
    Cause.REFUSED: 900.0,
    Cause.REFUSED_RCODE: 900.0,
    Cause.NO_DATA: 300.0,
    Cause.BOGUS: 300.0,
    Cause.MALFORMED: 300.0,
    Cause.FORMERR: 300.0,
    Cause.OTHER_RCODE: 300.0,
    Cause.INTERNAL: 300.0,
}


@pytest.mark.parametrize("cause", sorted(set(Cause) - {Cause.UNHEALTHY}))
def test_inconclusive_answers_are_asked_again_with_back_off(cause: Cause) -> None:
    """The wait after each inconclusive answer in a row doubles, from a first one that depends on the cause."""
    first = FIRST_WAITS[cause]
    simulation = Simulation(ONE, answer=lambda turn, now: Unknown(cause)).run(15 * first + 1)
    assert simulation.times_of(0) == pytest.approx([0, first, 3 * first, 7 * first, 15 * first], abs=0.001)


def test_a_conclusive_answer_ends_the_back_off() -> None:
    """After an answer in between, the wait after a failure is the first one again."""
    plan = a_plan(1, a_list())
    simulation = Simulation(plan, answer=lambda turn, now: NotListed() if 80 < now < 100 else Unknown(Cause.TIMEOUT)).run(2 * T)
    first, second, clean, slot, again, *_ = simulation.times_of(0)
    assert slot - clean > 100
    assert (second - first, clean - second, again - slot) == pytest.approx((30, 60, 30), abs=0.001)


def test_a_failure_that_lasts_is_asked_once_a_lap() -> None:
    """A back-off as long as the interval is left to the laps."""
    simulation = Simulation(PLAN, answer=lambda turn, now: Unknown(Cause.SERVFAIL)).run(8 * T)
    assert set(Counter(place for _, place in simulation.asked_within(4 * T, 8 * T)).values()) == {4}


def test_a_check_that_a_lap_has_reached_is_not_asked_again() -> None:
    """The repeat of an inconclusive answer is dropped if the next lap comes first."""
    plan = a_plan(1, a_list())
    simulation = Simulation(plan, answer=lambda turn, now: Unknown(Cause.MALFORMED) if now < 930 else NotListed()).run(3 * T)
    conclusive = [at for at in simulation.times_of(0) if at >= 930]
    assert [after - before for before, after in pairwise(conclusive)] == pytest.approx([T, T], abs=0.001)


def test_a_repeat_is_due_exactly_at_its_time() -> None:
    """Not a moment before its wait is over, and at once then, an inconclusive check is due again."""
    schedule = started(ONE)
    fail(schedule, [TIMEOUT], START)
    assert schedule.next_at(START, plenty) == START + 30
    assert due(schedule, START + 29.999, plenty) == []
    assert places(due(schedule, START + 30, plenty)) == [0]


def test_a_wait_of_one_interval_is_left_to_the_lap() -> None:
    """With an interval of a minute the second wait, a minute, asks nothing that the lap does not."""
    plan = a_plan(1, a_list(pace=a_pace(interval=60.0)))
    simulation = Simulation(plan, answer=lambda turn, now: Unknown(Cause.TIMEOUT)).run(180.0)
    first, repeat, *laps = simulation.times_of(0)
    assert (first, repeat) == pytest.approx((0, 30), abs=0.001)
    assert gaps([(at, 0) for at in laps]) == pytest.approx([60, 60], abs=0.001)


def test_a_check_in_flight_is_not_asked_a_second_time() -> None:
    """A slot that comes while its check is being asked adds nothing: two clean answers to one moment would end a listing."""
    schedule = started(PLAN)
    assert len(due(schedule, START, plenty)) == 20
    assert due(schedule, START + SLOT, plenty) == []


@pytest.mark.parametrize("delist_after", [2, 4])
def test_a_pending_removal_is_confirmed_after_its_interval(delist_after: int) -> None:
    """Each clean answer but the last is followed by another question after ``confirm_interval``, not a lap later."""
    plan = a_plan(1, a_list(pace=a_pace(interval=1e7, confirm_interval=300.0, delist_after=delist_after)))
    known = held(plan, {0: Standing(START - 2e7, (LISTING,))})
    simulation = Simulation(plan, held=known).run(5000.0)
    assert simulation.times_of(0) == pytest.approx([300 * place for place in range(delist_after)], abs=0.001)
    assert [(round(at), change.event) for at, change in simulation.changes] == [(300 * (delist_after - 1), Event.DELISTED)]


def test_laps_do_not_confirm_a_removal() -> None:
    """With laps shorter than ``confirm_interval`` a pending check is left out of them, and of no lap before and after."""
    plan = a_plan(1, a_list(pace=a_pace(interval=60.0, confirm_interval=300.0)))
    known = held(plan, {0: Standing(START - 90, (LISTING,))})
    simulation = Simulation(plan, held=known).run(500.0)
    first, confirmed, *laps = simulation.times_of(0)
    assert (first, confirmed) == pytest.approx((0, 300), abs=0.001)
    assert gaps([(at, 0) for at in laps]) == pytest.approx([60] * (len(laps) - 1), abs=0.001)
    assert laps[0] < 360.001


def test_no_removal_is_confirmed_before_its_interval() -> None:
    """Two clean answers that end a listing lie ``confirm_interval`` apart, also when a lap comes right after the catch-up."""
    known = held(PLAN, {place: Standing(START - 2 * T, (LISTING,)) for place in range(20)})
    simulation = Simulation(PLAN, held=known).run(2 * T)
    assert len(simulation.changes) == 20
    assert min(at for at, _ in simulation.changes) >= 300 - 0.001


# ---- tests of the list


@pytest.mark.parametrize(
    ("health", "times"),
    [
        (Health.OK, [0, 3600, 7200, 10800, 14400]),
        (Health.UNTESTED, [0, 3600, 7200, 10800, 14400]),
        (Health.SILENT, [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980, 14580]),
        (Health.EVERYTHING, [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980, 14580]),
        (Health.BOGUS, [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980, 14580]),
        (Health.UNREACHABLE, [0, 60, 180, 420, 900, *range(1500, 14700, 600)]),
        (Health.REFUSED, [0, 900, 2700, 6300, 9900, 13500]),
    ],
)
def test_tests_back_off_while_a_list_is_down(health: Health, times: list[int]) -> None:
    """A good list is tested every ``test_interval``, a bad one sooner and then less and less, one that refuses seldom."""
    simulation = Simulation(PLAN, health=lambda name, now: health).run(14600.0)
    assert [round(at) for at in simulation.tests] == times


def test_no_back_off_of_tests_is_longer_than_their_interval() -> None:
    """A list that refuses is tested every ``test_interval`` if that is short."""
    plan = a_plan(1, a_list(pace=a_pace(test_interval=100.0)))
    simulation = Simulation(plan, health=lambda name, now: Health.REFUSED).run(350.0)
    assert simulation.tests == pytest.approx([0, 100, 200, 300])


def test_a_good_test_ends_the_back_off() -> None:
    """A list that fails again after it was good is tested again after a minute."""
    schedule = started(PLAN, Health.SILENT)
    schedule.tested(NAME, Health.SILENT, START + 60)
    schedule.tested(NAME, Health.OK, START + 180)
    schedule.tested(NAME, Health.SILENT, START + 3780)
    assert schedule.tests_due(START + 3839) == []
    assert schedule.tests_due(START + 3840) != []


@pytest.mark.parametrize(
    ("verdicts", "suspect"),
    [
        pytest.param([TIMEOUT] * 4, False, id="four failures"),
        pytest.param([TIMEOUT] * 5, True, id="five failures"),
        pytest.param(
            [TIMEOUT, TIMEOUT, Unknown(Cause.SERVFAIL), Unknown(Cause.NETWORK), TIMEOUT], True, id="five of several causes"
        ),
        pytest.param([*[TIMEOUT] * 4, NotListed(), *[TIMEOUT] * 4], False, id="an answer in between"),
        pytest.param([Unknown(Cause.REFUSED)], True, id="refusal code"),
        pytest.param([Unknown(Cause.REFUSED_RCODE)], True, id="REFUSED"),
        pytest.param([Unknown(Cause.BOGUS)], True, id="outside 127/8"),
        pytest.param([Unknown(Cause.NO_DATA)], True, id="no A"),
        pytest.param([Unknown(Cause.MALFORMED)], False, id="malformed"),
        pytest.param([NotListed()] * 9, False, id="answers"),
    ],
)
def test_strange_answers_make_a_test_due(verdicts: list[Verdict], suspect: bool) -> None:
    """Five failures in a row, or one answer that a good list does not give, make a list be tested at once."""
    schedule = started(PLAN)
    fail(schedule, verdicts, START + 60)
    assert bool(schedule.tests_due(START + 60)) is suspect


def test_a_suspicion_does_not_test_at_every_answer() -> None:
    """Two tests for suspicion lie at least five seconds apart."""
    schedule = started(PLAN)
    fail(schedule, [Unknown(Cause.REFUSED)], START + 1)
    assert schedule.tests_due(START + 4.9) == []
    assert schedule.tests_due(START + 5) != []


def test_a_good_test_ends_the_suspicion() -> None:
    """After a test the failures are counted anew, and the next test is due after ``test_interval``."""
    schedule = started(PLAN)
    fail(schedule, [TIMEOUT] * 5, START + 60)
    schedule.tested(NAME, Health.OK, START + 61)
    fail(schedule, [TIMEOUT] * 4, START + 62)
    assert schedule.tests_due(START + 60 + 3600) == []
    assert schedule.tests_due(START + 61 + 3600) != []


# ---- lists that may not be believed


def down_between(since: float, until: float) -> Simulation:
    """A list that fails its tests for some time."""
    return Simulation(PLAN, health=lambda name, now: Health.SILENT if since <= now < until else Health.OK)


def test_a_list_that_is_down_from_the_start_is_asked_nothing() -> None:
    """Its checks come out of ``paused``, none out of ``due``, and all are asked at once when it recovers."""
    simulation = down_between(0, 1000).run(2 * T)
    recovery = simulation.tests[5]
    assert (round(recovery), simulation.asked_within(0, recovery)) == (1860, [])
    assert {place for _, place in simulation.passed} == set(range(20))
    assert sorted(place for _, place in simulation.asked_within(recovery, recovery + 1)) == list(range(20))


def test_a_list_that_goes_down_is_asked_nothing_until_it_recovers() -> None:
    """Slots that come while it is down are noted as they come, and asked once each when it is up; then the laps go on."""
    simulation = down_between(3600, 5000).run(8000)
    down, up = 3600.0, simulation.tests[6]
    assert round(up) == 5460
    assert simulation.asked_within(down + 0.001, up) == []
    passed = [(at, place) for at, place in simulation.passed if at > down]
    assert gaps(passed) == pytest.approx([SLOT] * (len(passed) - 1), abs=0.001)
    assert in_lap_order(passed, 20)
    caught_up = simulation.asked_within(up, up + 0.001)
    assert sorted(place for _, place in caught_up) == sorted({place for _, place in simulation.passed})
    assert gaps(simulation.asked_within(up + 0.001, inf)) == pytest.approx([SLOT] * 27, abs=0.001)


def test_what_was_missed_is_caught_up_once() -> None:
    """A second outage does not bring back what was missed in the first."""
    schedule = started(PLAN, Health.SILENT)
    for turn in schedule.paused(START, 1000):
        schedule.finish(turn, Unknown(Cause.UNHEALTHY), START)
    schedule.tested(NAME, Health.OK, START + 1)
    assert len(due(schedule, START + 1, plenty)) == 20
    schedule.tested(NAME, Health.SILENT, START + 2)
    schedule.tested(NAME, Health.OK, START + 3)
    assert due(schedule, START + 3, plenty) == []


@pytest.mark.parametrize("recovered", [False, True])
def test_what_was_in_flight_when_a_list_went_down_is_not_lost(recovered: bool) -> None:
    """A turn that ends as unhealthy is asked when the list recovers, or now if it has meanwhile."""
    schedule = started(PLAN)
    turns = due(schedule, START, plenty)
    schedule.tested(NAME, Health.SILENT, START + 1)
    if recovered:
        schedule.tested(NAME, Health.OK, START + 2)
    schedule.finish(turns[3], Unknown(Cause.UNHEALTHY), START + 3)
    assert places(due(schedule, START + 3, plenty)) == ([3] if recovered else [])
    schedule.tested(NAME, Health.OK, START + 4)
    assert places(due(schedule, START + 4, plenty)) == ([] if recovered else [3])


def test_a_good_list_has_nothing_paused() -> None:
    """Checks of a list that may be believed come out of ``due`` only."""
    schedule = started(PLAN)
    assert schedule.paused(START, 1000) == []
    assert len(due(schedule, START, plenty)) == 20


def test_paused_checks_come_in_portions() -> None:
    """No more paused checks come at once than asked for, over all lists, and all come in the end."""
    schedule = started(a_plan(20, a_list("one.example"), a_list("two.example")), Health.BOGUS)
    assert [len(schedule.paused(START, 15)) for _ in range(4)] == [15, 15, 10, 0]


def test_paused_checks_cost_no_budget() -> None:
    """What is not asked is not counted: the first check after the recovery does not wait."""
    schedule = started(a_plan(20, a_list(pace=a_pace(max_qps=1.0))), Health.SILENT)
    for turn in schedule.paused(START, 1000):
        schedule.finish(turn, Unknown(Cause.UNHEALTHY), START)
    schedule.tested(NAME, Health.OK, START)
    assert len(due(schedule, START, plenty)) == 1


FLAPPING = a_plan(30, a_list(pace=a_pace(interval=T, test_interval=T, max_qps=0.005)))
"""A lap takes 6000 s."""


def test_a_list_that_comes_and_goes_starves_no_check() -> None:
    """If a list is never up for a whole lap, all its checks are asked in the end."""
    simulation = Simulation(FLAPPING, health=lambda name, now: Health.SILENT if now // T % 2 else Health.OK).run(40 * T)
    assert {place for _, place in simulation.asked} == set(range(30))


def test_restarts_starve_no_check() -> None:
    """If the process never runs for a whole lap, all its checks are asked in the end."""
    known: dict[Key, Standing] = {}
    for start in range(20):
        Simulation(FLAPPING, at=start * T, held=known).run((start + 1) * T)
    assert len(known) == 30


# ---- several lists


def test_a_list_without_room_delays_no_other() -> None:
    """A list that has too many questions in flight gives nothing, and the others all they have."""
    schedule = started(a_plan(5, a_list("slow.example"), a_list("quick.example")))

    def room(name: str) -> int:
        return 0 if name == "slow.example" else 3

    turns = due(schedule, START, room) + due(schedule, START, room)
    assert [turn.check.blocklist.name for turn in turns] == ["quick.example"] * 5
    assert START < schedule.next_at(START, room) < START + T
    assert len(due(schedule, START, plenty)) == 5


@pytest.mark.parametrize("room", [0, 1, 7, 20, 100])
def test_room_is_respected(room: int) -> None:
    """No more turns come at once than there is room for."""
    assert len(due(started(PLAN), START, lambda name: room)) == min(room, 20)


def test_a_list_over_its_budget_delays_no_other() -> None:
    """Each list has its own allowance."""
    schedule = started(a_plan(5, a_list("slow.example", pace=a_pace(max_qps=0.1)), a_list("quick.example")))
    assert Counter(turn.check.blocklist.name for turn in due(schedule, START, plenty)) == {"slow.example": 1, "quick.example": 5}


def test_a_list_that_is_down_delays_no_other() -> None:
    """Each list has its own health."""
    schedule = started(a_plan(5, a_list("down.example"), a_list("up.example")))
    schedule.tested("down.example", Health.SILENT, START)
    assert {turn.check.blocklist.name for turn in due(schedule, START, plenty)} == {"up.example"}
    assert {turn.check.blocklist.name for turn in schedule.paused(START, 1000)} == {"down.example"}


def test_lists_take_turns_at_being_first() -> None:
    """No list is always the first whose questions are sent."""
    schedule = started(a_plan(9, a_list("one.example"), a_list("two.example"), a_list("three.example")))
    first = [due(schedule, START, lambda name: 1)[0].check.blocklist.name for _ in range(6)]
    assert Counter(first) == {"one.example": 2, "two.example": 2, "three.example": 2}


# ---- when to look again


@pytest.mark.parametrize("max_qps", [None, 0.02])
@pytest.mark.parametrize("count", [1, 7, 99])
def test_nothing_is_due_before_the_next_time(count: int, max_qps: float | None) -> None:
    """Looking before ``next_at`` finds nothing."""
    schedule = started(a_plan(count, a_list(pace=a_pace(max_qps=max_qps))))
    now = START
    for _ in range(100):
        if schedule.tests_due(now):
            schedule.tested(NAME, Health.OK, now)
        due(schedule, now, plenty)
        wake = schedule.next_at(now, plenty)
        assert due(schedule, (now + wake) / 2, plenty) == []
        assert schedule.tests_due((now + wake) / 2) == []
        now = max(wake, now + 1e-6)


@quick
@given(
    st.integers(1, 40),
    st.sampled_from([10.0, 60.0, T]),
    st.sampled_from([None, 0.05, 3.0]),
    st.sampled_from([None, 50]),
    st.lists(st.sampled_from([*Cause, None]), min_size=1, max_size=7),
    st.lists(st.sampled_from(Health), min_size=1, max_size=3),
    st.sampled_from([1, 64]),
)
def test_waiting_until_the_next_time_always_gets_on(
    count: int,
    interval: float,
    max_qps: float | None,
    daily: int | None,
    causes: list[Cause | None],
    healths: list[Health],
    room: int,
) -> None:
    """Whatever is answered, a driver that waits until ``next_at`` is never stuck, and without limits leaves nothing overdue."""
    pace = a_pace(interval=interval, test_interval=10 * interval, max_qps=max_qps, max_queries_per_day=daily)

    def answer(turn: Turn, now: float) -> Verdict:
        cause = causes[turn.place % len(causes)]
        return NotListed() if cause is None else Unknown(cause)

    def health(name: str, now: float) -> Health:
        return healths[int(now // interval) % len(healths)]

    simulation = Simulation(a_plan(count, a_list(pace=pace)), answer=answer, health=health, room=room).run(2 * interval)
    if max_qps is None and daily is None:
        assert simulation.schedule.overdue(simulation.now) <= 1
    assert simulation.asked or simulation.passed


def test_something_is_due_at_the_next_time() -> None:
    """Looking at ``next_at`` finds a check or a test."""
    schedule = started(a_plan(999, a_list()))
    now = START
    turns = due(schedule, now, plenty)
    for _ in range(2000):
        for turn in turns:
            schedule.finish(turn, NotListed(), now)
        now = schedule.next_at(now, plenty)
        turns = due(schedule, now, plenty)
        assert schedule.tests_due(now) or turns


def test_without_lists_nothing_is_ever_due() -> None:
    """An empty plan sleeps for ever."""
    schedule = Schedule(a_plan(0), START, never_known)
    assert schedule.next_at(START, plenty) == inf
    assert (schedule.tests_due(START), due(schedule, START, plenty), schedule.overdue(START)) == ([], [], 0)


def test_a_list_without_checks_is_tested_all_the_same() -> None:
    """A list that no target is on is kept under test and asked nothing."""
    simulation = Simulation(a_plan(0, a_list())).run(8000.0)
    assert simulation.tests == pytest.approx([0, 3600, 7200])
    assert simulation.asked == []


# ---- what is told of it


def test_overdue_counts_what_is_due_and_not_started() -> None:
    """Before the first test every check is overdue, after the first lap none, and a slot that nobody takes is one."""
    schedule = Schedule(PLAN, START, never_known)
    assert schedule.overdue(START) == 20
    schedule.tested(NAME, Health.OK, START)
    due(schedule, START, lambda name: 15)
    assert schedule.overdue(START) == 5
    due(schedule, START, plenty)
    assert schedule.overdue(START) == 0
    assert schedule.overdue(START + 3 * SLOT) == 3


def test_overdue_adds_up_the_lists() -> None:
    """The checks of all lists are counted together."""
    assert Schedule(a_plan(20, a_list("one.example"), a_list("two.example")), START, never_known).overdue(START) == 40


def test_a_repeat_that_nobody_takes_is_overdue() -> None:
    """A check that is to be asked again by now is due like any other."""
    schedule = started(ONE)
    fail(schedule, [TIMEOUT], START)
    assert schedule.overdue(START + 29) == 0
    assert schedule.overdue(START + 30) == 1


def test_no_more_checks_are_overdue_than_there_are() -> None:
    """A check that was never asked and whose slot has come is one check that is due."""
    assert Schedule(PLAN, START, never_known).overdue(START + 2 * T) == 20


def test_a_lap_is_measured() -> None:
    """The first lap is the one that catches up, later ones last an interval."""
    simulation = Simulation(a_plan(20, a_list(pace=a_pace(max_qps=0.1))))
    assert simulation.schedule.lap_seconds(NAME) is None
    assert simulation.run(180.0).schedule.lap_seconds(NAME) is None
    assert simulation.run(200.0).schedule.lap_seconds(NAME) == pytest.approx(190.0)
    assert simulation.run(4 * T).schedule.lap_seconds(NAME) == pytest.approx(T, abs=0.001)


def test_a_lap_over_its_budget_says_how_long_it_took() -> None:
    """A lap that lasts longer than its interval is measured as it is."""
    assert Simulation(SLOW).run(2000.0).schedule.lap_seconds(NAME) == pytest.approx(200.0)


@pytest.mark.parametrize(
    "count",
    [
        pytest.param(1),
        20,
    ],
)
def test_a_lap_in_which_nothing_was_asked_is_none(count: int) -> None:
    """A list that is down from the start has no lap to tell of."""
    simulation = Simulation(a_plan(count, a_list()), health=lambda name, now: Health.SILENT).run(10.0)
    assert len(simulation.passed) == count
    assert simulation.schedule.lap_seconds(NAME) is None


def test_a_start_that_catches_up_a_part_is_no_lap() -> None:
    """Asking only what is stale does not count as a lap of all checks."""
    known = held(PLAN, {place: Standing(START - 10) for place in range(19)})
    assert Simulation(PLAN, held=known).run(10.0).schedule.lap_seconds(NAME) is None


# ---- reloads


def test_a_reload_without_a_change_changes_nothing() -> None:
    """The same plan again goes on as if nothing had happened."""
    once = Simulation(PLAN).run(3 * T)
    first = Simulation(PLAN).run(1.5 * T)
    again = Simulation(a_plan(20, a_list()), at=1.5 * T, held=first.held, before=first.schedule).run(3 * T)
    assert first.asked + again.asked == once.asked
    assert first.tests + again.tests == once.tests
    assert again.schedule.lap_seconds(NAME) == once.schedule.lap_seconds(NAME)


def test_a_reload_with_other_targets_keeps_what_is_known_of_a_list() -> None:
    """A list whose settings stayed is not tested anew, and its new targets are asked at once."""
    first = Simulation(PLAN).run(100.0)
    again = Simulation(a_plan(25, a_list()), at=100.0, held=first.held, before=first.schedule).run(110.0)
    new = {place for place, target in enumerate(a_plan(25, a_list()).roster) if target not in PLAN.roster}
    assert (again.tests, {place for _, place in again.asked[:5]}) == ([], new)
    assert again.schedule.trial(NAME) == first.schedule.trial(NAME)
    assert again.schedule.lap_seconds(NAME) == first.schedule.lap_seconds(NAME)
    assert again.run(3700.0).tests == pytest.approx([3600])


def some_addresses(numbers: Iterable[int]) -> list[Target]:
    """Addresses of neighbouring networks by number."""
    return [parse(f"9.9.{number // 256}.{number % 256}") for number in numbers]


@quick
@given(
    st.sets(st.integers(0, 60), min_size=1),
    st.lists(st.tuples(st.sets(st.integers(0, 60), min_size=1), st.floats(1.0, 1.5 * T)), min_size=1, max_size=5),
)
def test_reloads_disturb_nobody_who_stays(first: set[int], reloads: list[tuple[set[int], float]]) -> None:
    """Whatever targets come and go, and when: who stays is asked again before two intervals are over, and over all no more often
    than once an interval, but for a time that each reload may bring forward."""
    last: dict[str, float] = {}
    times: Counter[str] = Counter()
    simulation: Simulation | None = None
    now, staying = 0.0, set(first)
    for numbers, seconds in [(first, 1.2 * T), *reloads]:
        plan = build(a_roster(some_addresses(numbers)), [a_list()], Shard())
        if simulation is None:
            simulation = Simulation(plan).run(seconds)
        else:
            simulation = Simulation(plan, at=now, held=simulation.held, before=simulation.schedule).run(now + seconds)
        staying &= numbers
        for at, place in simulation.asked:
            last[plan.roster[place].text] = at
            times[plan.roster[place].text] += 1
        now += seconds
        for target in some_addresses(staying):
            assert now - last[target.text] <= 2 * T
            assert times[target.text] <= now / T + 2 + len(reloads)


def test_a_reload_in_mid_lap_goes_on_where_the_lap_stands() -> None:
    """Half a lap with a plan and half with another is a lap of those who are in both: none is asked twice, and but for some
    at the edges each is asked."""
    numbers = range(100)
    one = build(a_roster(some_addresses(numbers)), [a_list()], Shard())
    two = build(a_roster(some_addresses([*numbers, *range(200, 300)])), [a_list()], Shard())
    first = Simulation(one).run(T)
    first.asked.clear()
    first.run(1.5 * T)
    then = Simulation(two, at=1.5 * T, held=first.held, before=first.schedule).run(2.0 * T)
    asked = [one.roster[place].text for _, place in first.asked] + [two.roster[place].text for _, place in then.asked]
    times = Counter(text for text in asked if parse(text) in one.roster)
    assert set(times.values()) == {1}
    assert len(times) >= 90


def test_a_target_that_comes_back_goes_on_where_it_was() -> None:
    """Its standing was held meanwhile: a removal that was pending is confirmed, not a lap later."""
    with_it, without = (build(a_roster(some_addresses(numbers)), [a_list()], Shard()) for numbers in ([1, 2], [2]))
    first = Simulation(with_it).run(100.0)
    away = Simulation(without, at=100.0, held=first.held, before=first.schedule).run(200.0)
    place = with_it.roster.place(some_addresses([1])[0])
    assert place is not None
    key = Check(with_it.roster[place], a_list()).key
    listing = Listing("", 1, START, onset_observed=True, codes=(), clean_answers=1, clean_since=START + 150)
    pending = Standing(START + 150, (listing,))
    back = Simulation(with_it, at=200.0, held=away.held | {key: pending}, before=away.schedule).run(500.0)
    assert [at for at, asked in back.asked if asked == place] == pytest.approx([450.0])


def test_a_reload_with_other_targets_keeps_a_list_down() -> None:
    """A list that may not be believed is not believed for a reload, and its back-off goes on."""
    first = Simulation(PLAN, health=lambda name, now: Health.SILENT).run(100.0)
    again = Simulation(
        a_plan(25, a_list()), at=100.0, held=first.held, before=first.schedule, health=lambda name, now: Health.SILENT
    ).run(500.0)
    assert again.asked == []
    assert first.tests + again.tests == pytest.approx([0, 60, 180, 420])


def test_a_reload_with_other_settings_tests_the_list_anew() -> None:
    """A list with other settings is another list: tested before it is asked."""
    first = Simulation(PLAN).run(100.0)
    schedule = Schedule(a_plan(20, a_list(refusal=())), START + 100, never_known, first.schedule)
    assert schedule.trial(NAME) is None
    assert [blocklist.name for blocklist in schedule.tests_due(START + 100)] == [NAME]


@pytest.mark.parametrize("growth", [0, 1])
def test_reloads_give_no_new_budget(growth: int) -> None:
    """However often the config is reloaded, with or without new targets, a day's budget is used once."""
    blocklist = a_list(pace=a_pace(max_queries_per_day=300))
    schedule, asked = started(a_plan(500, blocklist)), 0
    for reload in range(10):
        asked += len(due(schedule, START + reload, plenty))
        schedule = Schedule(a_plan(501 + reload * growth, blocklist), START + reload, never_known, schedule)
    assert asked == 30


@pytest.mark.parametrize(("daily", "seconds"), [(None, 3600), (100_000, 3600), (52, 14400), (8, 172_800), (2, 691_200)])
def test_tests_take_no_more_than_half_of_a_small_budget(daily: int | None, seconds: float) -> None:
    """A list with few queries a day is tested less often, so that half of what flows is left for its checks."""
    pace = a_pace(test_interval=3600.0, max_queries_per_day=daily)
    assert Trial(Health.OK, START, 0).next_at(pace) - START == seconds


def test_what_is_in_flight_over_a_reload_is_not_asked_again_and_its_answer_counts() -> None:
    """With other targets on its list a question goes on: its check is not asked twice, and its answer finds the new place."""
    first = started(PLAN)
    turns = due(first, START, plenty)
    second = Schedule(a_plan(25, a_list()), START + 1, never_known, first)
    assert len(due(second, START + 1, plenty)) == 5
    for turn in turns:
        present = turn.walk.present(turn)
        assert present is not None
        assert present.check == turn.check == present.walk.checks[present.place]
        second.finish(present, TIMEOUT, START + 2)
    assert len(due(second, START + 32, plenty)) == 20


def test_what_is_in_flight_about_a_target_that_left_counts_for_nothing() -> None:
    """An answer about a check that a reload took away has no place."""
    first = started(PLAN)
    turns = due(first, START, plenty)
    Schedule(a_plan(5, a_list()), START + 1, never_known, first)
    assert sum(turn.walk.present(turn) is not None for turn in turns) == 5


def test_a_test_that_breaks_off_is_tried_again_soon() -> None:
    """A list is not left untested for ever because a test came to no end."""
    schedule = Schedule(PLAN, START, never_known)
    assert schedule.tests_due(START)
    schedule.broke_off(NAME, START + 1)
    assert schedule.tests_due(START + 60) == []
    assert schedule.tests_due(START + 61)
