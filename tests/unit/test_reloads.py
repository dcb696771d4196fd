"""What a plan with other targets leaves as it was: who stays is asked as if nothing had happened. T is the interval."""

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import pytest

from exporter.health import Health
from exporter.listing import Standing
from exporter.plan import Key, Plan, Shard, build
from exporter.schedule import Schedule, Turn
from exporter.target import Target
from exporter.verdict import Cause, NotListed, Unknown, Verdict
from tests.unit.builders import a_list, a_pace, a_roster, domains
from tests.unit.simulation import START, Simulation, due

T = 1800.0
NAME = "bl.example"
TARGETS = domains(10)
"""``t0.example`` to ``t9.example``, in the order of a plan."""


def plan_of(targets: Iterable[Target], max_qps: float | None = None, interval: float = T) -> Plan:
    return build(a_roster(targets), [a_list(pace=a_pace(interval, max_qps=max_qps))], Shard())


ALL, NOBODY = plan_of(TARGETS), plan_of([])
LATER_HALF = plan_of(TARGETS[5:])
WITH_OTHERS = plan_of([*TARGETS, *(Target(f"s{number}.example", target.kind) for number, target in enumerate(TARGETS[:3]))])
"""Three more, before all others in the order."""


def never_known(key: Key) -> Standing:
    return Standing()


def known_lately(key: Key) -> Standing:
    return Standing(START)


def plenty(name: str) -> int:
    return 1000


def numbers(turns: Iterable[Turn]) -> list[str]:
    """What is asked, by the first letters of names."""
    return [turn.check.target.text.partition(".")[0] for turn in turns]


def asked(schedule: Schedule, now: float, room: int = 1000) -> list[str]:
    return numbers(due(schedule, now, lambda name: room))


def started(plan: Plan, health: Health = Health.OK) -> Schedule:
    """A fresh schedule whose list has just been tested."""
    schedule = Schedule(plan, START, never_known)
    schedule.tested(NAME, health, START)
    return schedule


def of(*places: int) -> list[str]:
    return [f"t{place}" for place in places]


# ---- what is to be asked soon


def test_who_was_not_asked_yet_is_asked_next_and_the_new_ones_first() -> None:
    """In their order; who is gone is left out."""
    first = started(ALL)
    assert asked(first, START, 3) == of(0, 1, 2)
    second = Schedule(WITH_OTHERS, START + 1, never_known, first)
    assert asked(second, START + 1, 5) == ["s0", "s1", "s2", *of(3, 4)]
    third = Schedule(LATER_HALF, START + 2, never_known, second)
    assert asked(third, START + 2) == of(5, 6, 7, 8, 9)


def test_what_failed_is_asked_again_when_it_was_to_be() -> None:
    """Who is gone is not, nor is who stands now where it stood."""
    first = started(ALL)
    for turn in due(first, START, plenty):
        first.finish(turn, Unknown(Cause.TIMEOUT) if turn.place in (1, 6) else NotListed(), START)
    without_one = plan_of(target for target in WITH_OTHERS.roster if target != TARGETS[1])
    second = Schedule(without_one, START + 10, known_lately, first)
    assert asked(second, START + 29) == []
    assert asked(second, START + 30) == of(6)


def test_who_waits_for_a_confirmation_is_left_out_of_laps() -> None:
    """At its new place."""
    first = started(ALL)
    for turn in due(first, START, plenty):
        first.finish(turn, NotListed(), START)
        if turn.place == 7:
            turn.walk.confirm(turn.place, START + 10 * T)
    second = Schedule(LATER_HALF, START + 10, known_lately, first)
    laps = [name for slot in range(1, 40) for name in asked(second, START + 10 + slot * T / 10)]
    assert set(laps) == {*of(5, 6, 8, 9)}


def down(plan: Plan) -> Schedule:
    """A list that is down, and whose checks were passed over."""
    schedule = started(plan, Health.SILENT)
    for turn in schedule.paused(START, 1000):
        schedule.finish(turn, Unknown(Cause.UNHEALTHY), START)
    return schedule


def test_what_was_missed_is_asked_when_the_list_recovers() -> None:
    """Who stays, and who is new, once each."""
    second = Schedule(LATER_HALF, START + 1, never_known, down(ALL))
    assert asked(second, START + 1) == []
    second.tested(NAME, Health.OK, START + 2)
    assert sorted(asked(second, START + 2)) == of(5, 6, 7, 8, 9)
    third = Schedule(WITH_OTHERS, START + 1, never_known, down(ALL))
    third.tested(NAME, Health.OK, START + 2)
    assert sorted(asked(third, START + 2)) == ["s0", "s1", "s2", *of(*range(10))]


@pytest.mark.parametrize(
    ("plan", "left"), [(LATER_HALF, of(5, 6, 7, 8, 9)), (WITH_OTHERS, ["s0", "s1", "s2", *of(*range(2, 10))])]
)
def test_what_is_being_caught_up_is_caught_up(plan: Plan, left: list[str]) -> None:
    """What was not asked yet when the others came."""
    first = down(ALL)
    first.tested(NAME, Health.OK, START + 2)
    assert asked(first, START + 2, 2) == of(0, 1)
    second = Schedule(plan, START + 3, never_known, first)
    assert asked(second, START + 3) == left


@pytest.mark.parametrize("plan", [LATER_HALF, WITH_OTHERS])
def test_a_lap_that_is_late_goes_on_where_it_stands(plan: Plan) -> None:
    """Not where it were if it was not: of a list over its budget nobody is left out, and nobody is asked a second time."""
    slow = Simulation(plan_of(TARGETS, 0.05, 100.0)).run(1000.0)
    other = plan_of(plan.roster, 0.05, 100.0)
    held = slow.held | {check.key: Standing(START + 1000) for check in other.checks[NAME]}
    then = Simulation(other, at=1000.0, held=held, before=slow.schedule).run(1240.0)
    names = [other.roster[place].text for _, place in then.asked]
    staying = [target.text for target in TARGETS[slow.asked[-1][1] + 1 :] if target in other.roster]
    assert names[0] == (staying or [other.roster[0].text])[0]
    assert len(names) >= 10
    assert all(after == (before + 1) % len(other.roster) for (_, before), (_, after) in pairwise(then.asked))


# ---- what is in flight


def test_what_is_in_flight_is_found_over_many_reloads() -> None:
    """Each answer at the place of its check in the latest plan, and no check is asked twice."""
    first = started(ALL)
    turns = due(first, START, plenty)
    third = Schedule(LATER_HALF, START + 2, never_known, Schedule(WITH_OTHERS, START + 1, never_known, first))
    assert asked(third, START + 2) == []
    found = [turn.walk.present(turn) for turn in turns]
    assert found[:5] == [None] * 5
    for turn, present in zip(turns[5:], found[5:], strict=True):
        assert present is not None
        assert present.walk.checks[present.place] == present.check == turn.check
        third.finish(present, Unknown(Cause.TIMEOUT), START + 3)
    assert asked(third, START + 33) == of(5, 6, 7, 8, 9)


def test_what_left_while_in_flight_and_came_back_is_asked_anew() -> None:
    """The answer to the old question counts for nothing, and who stayed is not asked a second time."""
    first = started(ALL)
    turns = due(first, START, plenty)
    third = Schedule(ALL, START + 2, never_known, Schedule(LATER_HALF, START + 1, never_known, first))
    assert [turn.place for turn in turns if turn.walk.present(turn) is None] == [0, 1, 2, 3, 4]
    assert asked(third, START + 2) == of(0, 1, 2, 3, 4)


def test_what_is_in_flight_over_a_reload_without_other_targets_is_where_it_was() -> None:
    """Nobody has taken over."""
    first = started(ALL)
    turns = due(first, START, plenty)
    second = Schedule(plan_of(TARGETS[::-1]), START + 1, never_known, first)
    assert [turn.walk.present(turn) for turn in turns] == turns
    assert not any(turn.walk.retired for turn in turns)
    assert asked(second, START + 1) == []


def test_of_a_list_that_is_gone_nothing_is_in_flight() -> None:
    """Nor of one with other settings, though it has the same name."""
    for plan in (plan_of(TARGETS, max_qps=9.0), build(a_roster(TARGETS), [], Shard())):
        first = started(ALL)
        turns = due(first, START, plenty)
        Schedule(plan, START + 1, never_known, first)
        assert [turn.walk.present(turn) for turn in turns] == [None] * 10


@pytest.mark.parametrize("between", [[], [WITH_OTHERS]])
def test_who_is_asked_in_another_way_is_asked_anew(between: list[Plan]) -> None:
    """What was in flight over reloads too: first of all, once the list is tested."""
    schedule = started(ALL)
    assert asked(schedule, START, 4) == of(0, 1, 2, 3)
    for plan in between:
        schedule = Schedule(plan, START, known_lately, schedule)
    schedule.begin_anew(START + 1)
    assert asked(schedule, START + 1) == []
    schedule.tested(NAME, Health.OK, START + 2)
    assert sorted(asked(schedule, START + 2)) == of(*range(10))


# ---- nobody, and somebody again


def test_a_list_whose_targets_were_gone_for_a_while_goes_on() -> None:
    """It is tested on time all the while, what is stale by then is asked at once, and laps are as they were."""
    first = Simulation(ALL).run(T + 100)
    nobody = Simulation(NOBODY, at=T + 100, held=first.held, before=first.schedule).run(3 * T)
    assert (nobody.asked, nobody.schedule.overdue(START + 3 * T)) == ([], 0)
    again = Simulation(ALL, at=3 * T, held=first.held, before=nobody.schedule).run(6 * T)
    assert first.tests + nobody.tests + again.tests == pytest.approx([0, 3600, 7200])
    assert sorted(place for _, place in again.asked_within(3 * T, 3 * T + 0.001)) == list(range(10))
    for lap in (4, 5):
        assert Counter(place for _, place in again.asked_within(lap * T, (lap + 1) * T)) == dict.fromkeys(range(10), 1)


def test_a_list_that_had_no_targets_has_the_first_ones_asked_at_once() -> None:
    """And measures their first lap."""
    nobody = Simulation(plan_of([], 0.1)).run(100.0)
    some = Simulation(plan_of(TARGETS, 0.1), at=100.0, held=nobody.held, before=nobody.schedule).run(200.0)
    assert [place for _, place in some.asked] == list(range(10))
    assert some.schedule.lap_seconds(NAME) == pytest.approx(90.0)


# ---- how long a lap takes


def test_a_first_lap_is_measured_over_a_reload() -> None:
    """From its beginning, though it ends with other targets."""
    first = Simulation(plan_of(TARGETS, 0.1)).run(45.0)
    second = Simulation(plan_of(TARGETS[2:], 0.1), at=45.0, held=first.held, before=first.schedule).run(200.0)
    assert [place for _, place in second.asked[:5]] == [3, 4, 5, 6, 7]
    assert second.schedule.lap_seconds(NAME) == pytest.approx(90.0)


def test_a_lap_is_measured_over_a_reload() -> None:
    """From its beginning to that of the next."""
    first = Simulation(plan_of(TARGETS, 0.1)).run(100.0 + T)
    began = next(at for at, place in first.asked if at > 100.0 and place == 0)
    first = Simulation(plan_of(TARGETS, 0.1)).run(began + T / 2)
    assert first.schedule.lap_seconds(NAME) == pytest.approx(90.0)
    second = Simulation(plan_of(TARGETS[2:], 0.1), at=began + T / 2, held=first.held, before=first.schedule).run(began + 1.2 * T)
    assert second.schedule.lap_seconds(NAME) == pytest.approx(T, rel=0.2)


def test_a_reload_in_the_middle_of_a_lap_starves_nobody_at_the_end() -> None:
    """Though again and again so many leave and come that the lap stands elsewhere."""

    def answer(turn: Turn, now: float) -> Verdict:
        last[turn.check.target.text] = now
        return NotListed()

    last: dict[str, float] = {}
    simulation = Simulation(ALL, answer=answer).run(T)
    for number in range(1, 30):
        plan = (ALL, LATER_HALF, WITH_OTHERS)[number % 3]
        now = T + number * T / 7
        simulation = Simulation(plan, at=now - T / 7, held=simulation.held, before=simulation.schedule, answer=answer).run(now)
        assert all(now - last[target.text] < 2 * T for target in TARGETS[5:])


def test_other_settings_give_no_new_budget() -> None:
    """A list that is tested anew has what was left of its day."""
    pace = a_pace(max_queries_per_day=300)
    schedule, count = Schedule(build(a_roster(domains(100)), [a_list(pace=pace)], Shard()), START, never_known), 0
    for number in range(4):
        schedule.tested(NAME, Health.OK, START)
        count += len(due(schedule, START, plenty))
        other = build(a_roster(domains(100)), [a_list(pace=pace, key=f"key{number}")], Shard())
        schedule = Schedule(other, START, never_known, schedule)
    assert count == 30
