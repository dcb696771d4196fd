"""When each check is due. Pure: ``now`` is an argument, in seconds of a clock that does not jump.

Every list walks laps of its own (``lap.Walk``); here they take turns.

Rules:

1. No list waits for another: each gives what is due of it, as far as its allowance and the room for it go.
2. A list is tested before its first check. A test waits until the day's budget holds it, and checks wait for the test.
3. While a list may not be believed its checks are not asked; their slots come out of :meth:`Schedule.paused`.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from exporter.blocklist import Blocklist
from exporter.health import Health, queries_a_test
from exporter.lap import Turn, Walk
from exporter.listing import Standing
from exporter.moves import Moves
from exporter.pace import Level
from exporter.plan import Check, Checks, Key, Plan, between
from exporter.probation import Trial
from exporter.repeats import Resumed, resume
from exporter.verdict import Verdict

__all__ = ["Outcome", "Schedule", "Trial", "Turn"]


class Outcome(NamedTuple):
    """What came of a check. ``at`` in Unix seconds, ``durations`` of each DNS query in seconds. A tuple for the same reason as a
    check."""

    check: Check
    verdict: Verdict
    at: float
    durations: tuple[float, ...]


class Ahead(NamedTuple):
    """What the schedule of a plan must know of the plan before, by list: how checks moved, and what is wanted soon of those that
    are new to their walk."""

    moves: Mapping[str, Moves]
    resumed: Mapping[str, Resumed]


def look_ahead(before: Plan, plan: Plan, now: float, standing: Callable[[Key], Standing]) -> Ahead:
    """All that takes long when a plan follows another. It changes nothing, so it is asked in a thread; what is learned meanwhile
    is at worst asked once more."""
    moves = between(before, plan)
    resumed: dict[str, Resumed] = {}
    for name, checks in plan.checks.items():
        if name not in moves or before.lists[name] != checks.blocklist or not before.checks[name]:
            resumed[name] = resume(checks, range(len(checks)), now, standing)
        elif not moves[name].still:
            resumed[name] = resume(checks, moves[name].added(), now, standing)
    return Ahead(moves, resumed)


_NOTHING_KEPT: Mapping[str, Level] = MappingProxyType({})


class Schedule:
    """All lists' laps. ``standing`` tells what is held of a check; ``before`` is the schedule that this one replaces; ``kept``
    says by list what was left of daily budgets, for lists that are not in it; ``ahead`` is what :func:`look_ahead` says of the
    plan and that of the schedule before, if it was asked already."""

    def __init__(
        self,
        plan: Plan,
        now: float,
        standing: Callable[[Key], Standing],
        before: "Schedule | None" = None,
        kept: Mapping[str, Level] = _NOTHING_KEPT,
        ahead: Ahead | None = None,
    ) -> None:
        self._plan = plan
        walks: Mapping[str, Walk] = {} if before is None else before._walks
        if ahead is None:
            ahead = Ahead({}, {}) if before is None else look_ahead(before._plan, plan, now, standing)
        self._walks: dict[str, Walk] = {}
        for name, checks in plan.checks.items():
            was, moves, resumed = walks.get(name), ahead.moves.get(name), ahead.resumed.get(name)
            if was is None or moves is None:
                walk = Walk(checks.blocklist, checks, now, standing, kept.get(name), resumed=resumed)
            else:
                walk = _successor(was, moves, checks, now, standing, kept.get(name), resumed)
            self._walks[name] = walk
        for name, walk in walks.items():
            walk.retired = self._walks.get(name) is not walk
        self._order = deque(self._walks)

    def due(self, now: float, room: Callable[[str], int]) -> Iterator[list[Turn]]:
        """The checks to ask now, list by list, the lists taking turns at being first: of each at most ``room(name)``, asked
        when its turn comes, and what its allowance gives. Each of them is to be finished."""
        self._order.rotate(-1)
        for name in self._order:
            walk = self._walks[name]
            if walk.probation.trusted and (space := room(name)) > 0 and (turns := walk.asked(now, space)):
                yield turns

    def paused(self, now: float, most: int) -> list[Turn]:
        """Checks whose time came while their list may not be believed; nothing is to be asked for them."""
        turns: list[Turn] = []
        for walk in self._walks.values():
            if walk.probation.trial is not None and not walk.probation.trusted:
                turns += walk.passed_over(now, most - len(turns))
        return turns

    def finish(self, turn: Turn, verdict: Verdict, now: float) -> None:
        """Take note of what a turn gave."""
        turn.walk.finish(turn, verdict, now)

    def confirm(self, turn: Turn, now: float) -> None:
        """Ask again after ``confirm_interval``: a removal is pending."""
        turn.walk.confirm(turn.place, now + turn.check.blocklist.pace.confirm_interval)

    def begin_anew(self, now: float) -> None:
        """Lists are asked in another way from now on: what is in flight will not land, and each list is to be tested first."""
        for walk in self._walks.values():
            walk.begin_anew(now)

    def hungry(self, now: float) -> int:
        """How many lists have something to ask now."""
        return sum(walk.hungry(now) for walk in self._walks.values())

    def wait(self, name: str, now: float) -> float:
        """Seconds until the list allows one more query; nothing for a list that is not here."""
        walk = self._walks.get(name)
        return 0.0 if walk is None else walk.allowance.ready_at(now) - now

    def spent(self, name: str, queries: int, now: float) -> None:
        """Count queries to a list beyond the one that every turn has paid for."""
        if queries and name in self._walks:
            self._walks[name].allowance.spend(queries, now)

    def levels(self, now: float, ahead: float = 0.0) -> dict[str, float]:
        """What is left of each daily budget, by list. With ``ahead``, only of those used since this was last asked, and so that
        it is not too much for so many seconds: what is kept somewhere may be read after all of it was taken."""
        levels: dict[str, float] = {}
        for name, walk in self._walks.items():
            left = walk.allowance.left(now, ahead)
            if left is not None and (walk.allowance.used or not ahead):
                levels[name] = left
                walk.allowance.used = not ahead
        return levels

    def tests_due(self, now: float) -> list[Blocklist]:
        """The lists to test now; each of them is to be paid for by :meth:`spent`, and to be :meth:`tested`."""
        lists: list[Blocklist] = []
        for walk in self._walks.values():
            due = walk.probation.due(now)
            if walk.allowance.save_up(queries_a_test(walk.blocklist) if due else 0, now) and due:
                lists.append(walk.blocklist)
        for blocklist in lists:
            self._walks[blocklist.name].probation.testing = True
        return lists

    def tested(self, name: str, health: Health, now: float) -> None:
        """Take note of a test, due or not."""
        self._walks[name].tested(health, now)

    def broke_off(self, name: str, now: float) -> None:
        """A test of a list came to no end."""
        self._walks[name].probation.broke_off(now)

    def trial(self, name: str) -> Trial | None:
        """The last test of a list, if it was tested yet."""
        return self._walks[name].probation.trial

    def next_at(self, now: float, room: Callable[[str], int]) -> float:
        """When to look again, if no turn ends before; infinity if nothing is planned."""
        return min((walk.next_at(now, room(name)) for name, walk in self._walks.items()), default=float("inf"))

    def overdue(self, now: float) -> int:
        """Checks that are due by now and not yet started."""
        return sum(walk.overdue(now) for walk in self._walks.values())

    def lap_seconds(self, name: str) -> float | None:
        """How long the last full lap of a list took."""
        return self._walks[name].lap_seconds


def _successor(
    before: Walk,
    moves: Moves,
    checks: Checks,
    now: float,
    standing: Callable[[Key], Standing],
    kept: Level | None,
    resumed: Resumed | None,
) -> Walk:
    """The walk to go on with: the old one if nothing changed, else a new one with what is known of its list, and always with
    what is left of its day."""
    if before.blocklist != checks.blocklist:
        left = before.allowance.left(now)
        return Walk(checks.blocklist, checks, now, standing, kept if left is None else Level(left, now), resumed=resumed)
    if moves.still:
        before.checks = checks  # the same targets, maybe with other labels
        return before
    return Walk(checks.blocklist, checks, now, standing, before=(before, moves), resumed=resumed)
