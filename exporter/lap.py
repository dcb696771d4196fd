"""One list's laps: which of its checks is due. Pure: ``now`` is an argument, in seconds.

Rules:

1. With n checks and interval T, slot k is at ``phase + k*T/n`` since the epoch and belongs to check ``k mod n``. So a lap is a
   cursor, load is flat, and a restart goes on where time says. The phase follows from the list's name, until checks change.
2. A check that was never known, or was last known longer than T ago, is asked as soon as the list's allowance permits. At a
   fresh start these are all checks, and asking them is the first lap.
3. A lap that the allowance cannot finish inside T goes on at the allowance's pace, in order: no burst, and no check is starved.
4. What is asked again sooner than its lap is kept in ``repeats``.
5. While the list may not be believed, checks whose slots come are missed; they are all asked when it recovers.
6. A check is not asked again while a question for it is in flight.
7. When the checks of a list change, those that stay go on as if nothing had happened: the lap stands at the same check, and what
   was planned, missed or in flight still is. Those that are new are asked next.
"""

import hashlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from math import ceil, floor
from typing import NamedTuple

from exporter.blocklist import Blocklist
from exporter.health import Health, queries_a_test
from exporter.listing import Standing
from exporter.moves import Moves
from exporter.pace import Allowance, Level
from exporter.plan import Check, Checks, Key
from exporter.probation import Probation
from exporter.repeats import Repeats, Resumed, resume
from exporter.verdict import Cause, Unknown, Verdict

_LOOK_SECONDS = 0.02


class Turn(NamedTuple):
    """A check whose time has come, its place in its list, and the laps it is a step of. A tuple for the same reason as a
    check."""

    check: Check
    place: int
    walk: "Walk"


class Walk:
    """The laps of one list."""

    __slots__ = (
        "_catch_up",
        "_cursor",
        "_first_lap_since",
        "_flying",
        "_heir",
        "_lap_since",
        "_missed",
        "_moved",
        "_phase",
        "_repeats",
        "_slot_seconds",
        "_stale",
        "allowance",
        "blocklist",
        "checks",
        "lap_seconds",
        "probation",
        "retired",
    )

    def __init__(
        self,
        blocklist: Blocklist,
        checks: Checks,
        now: float,
        standing: Callable[[Key], Standing],
        kept: Level | None = None,
        before: "tuple[Walk, Moves] | None" = None,
        resumed: "Resumed | None" = None,
    ) -> None:
        """The first lap of all checks; or, with the walk ``before`` of the same list, its laps with other checks. ``resumed`` is
        what :func:`resume` says of the checks that are new, if it was asked already."""
        interval = blocklist.pace.interval
        self.blocklist = blocklist
        self.checks = checks
        self.allowance = Allowance(blocklist.pace, now, kept, queries_a_test(blocklist))
        self.probation = Probation(blocklist.pace, now)
        self.retired = False
        """Whether a plan without this list, or with other checks on it, has taken over."""
        self._heir: Walk | None = None
        self._moved: dict[int, int] = {}
        """The heir's places of the checks that were in flight."""
        self.lap_seconds: float | None = None
        self._phase = _fraction(blocklist.name) * interval
        self._slot_seconds = interval / max(1, len(checks))
        self._cursor = ceil((now - self._phase) / self._slot_seconds)
        self._repeats = Repeats()
        self._flying: set[int] = set()
        self._missed: dict[int, None] = {}
        self._lap_since: float | None = None
        self._first_lap_since: float | None = None
        self._catch_up: deque[int] = deque()
        self._stale: array[int] = array("I")
        """Places that were stale at the start, the stalest last: they may be all, so they are kept in few bytes."""
        if before is not None:
            self.allowance, self.probation, self.lap_seconds = before[0].allowance, before[0].probation, before[0].lap_seconds
        if before is not None and before[0].checks:
            self._inherit(*before)
            self._plan(resume(checks, before[1].added(), now, standing) if resumed is None else resumed)
        else:
            self._plan(resume(checks, range(len(checks)), now, standing) if resumed is None else resumed)
            self._first_lap_since = now if checks and len(self._stale) == len(checks) else None

    def _plan(self, resumed: "Resumed") -> None:
        """Take over what is known to be wanted sooner than its slot."""
        for place, at in resumed.confirmed:
            self._repeats.confirm(place, at)
        for place, at in resumed.repeated:
            self._repeats.ask(place, at)
        self._stale += resumed.stale

    def _inherit(self, before: "Walk", moves: Moves) -> None:
        """Go on where the walk before stands."""
        self._lap_since, self._first_lap_since = before._lap_since, before._first_lap_since
        self._repeats = before._repeats.moved(moves)
        self._stale = array("I", moves.of(before._stale))
        self._catch_up = deque(moves.of(before._catch_up))
        self._missed = dict.fromkeys(moves.of(list(before._missed)))
        before._moved = {old: place for old in before._flying if (place := moves.place(old)) is not None}
        before._heir = self
        self._flying = set(before._moved.values())
        lap, old = divmod(before._cursor, len(before.checks))
        self._cursor = lap * len(self.checks) + moves.next_place(old)
        # Its time stays too: what came or went before it would else make all that follow late at once, or let it wait.
        self._phase += before._slot_at(before._cursor) - self._slot_at(self._cursor)

    def present(self, turn: Turn) -> Turn | None:
        """The turn as a step of the laps that took over from these; nothing if its check is gone."""
        if not self.retired:
            return turn
        if self._heir is None or turn.place not in self._moved:
            return None
        return self._heir.present(Turn(turn.check, self._moved[turn.place], self._heir))

    def asked(self, now: float, room: int) -> list[Turn]:
        """Up to ``room`` checks to ask, as far as the allowance goes."""
        turns: list[Turn] = []
        most = min(room, self.allowance.free(now))
        while len(turns) < most and (place := self._next(now)) is not None:
            self._flying.add(place)
            turns.append(Turn(self.checks[place], place, self))
        if turns:
            self.allowance.spend(len(turns), now)
        return turns

    def passed_over(self, now: float, most: int) -> list[Turn]:
        """Up to ``most`` checks that would be asked if the list could be believed; no lap in which this happens is measured."""
        turns: list[Turn] = []
        self._first_lap_since = None if self._stale or self._catch_up else self._first_lap_since
        while len(turns) < most and (place := self._next(now)) is not None:
            self._lap_since = None
            turns.append(Turn(self.checks[place], place, self))
        return turns

    def _next(self, now: float) -> int | None:
        """The next place that is due: repeats first, then what is stale, then the lap. One that waits for its confirmation is
        left out until then, or its second clean answer would come too soon."""
        if self._repeats.due(now):
            return self._repeats.take()
        while self._stale or self._catch_up or self._late(now):
            place = self._stale.pop() if self._stale else self._catch_up.popleft() if self._catch_up else self._next_slot(now)
            self._measure_first_lap(now)
            if place not in self._repeats.confirming and place not in self._flying:
                self._repeats.overtake(place)
                return place
        return None

    def _measure_first_lap(self, now: float) -> None:
        if not self._stale and not self._catch_up and self._first_lap_since is not None:
            self.lap_seconds, self._first_lap_since = now - self._first_lap_since, None

    def _next_slot(self, now: float) -> int:
        """Move the cursor. More than a lap behind, it leaves out whole laps, so no check is left out more than others."""
        count = len(self.checks)
        self._cursor += (self._late(now) - 1) // count * count
        place = self._cursor % count
        if place == 0:
            if self._lap_since is not None:
                self.lap_seconds = now - self._lap_since
            self._lap_since = now
        self._cursor += 1
        return place

    def _slot_at(self, slot: int) -> float:
        return self._phase + slot * self._slot_seconds

    def _late(self, now: float) -> int:
        """Slots that have come and were not taken; at least one exactly when the next slot's time has come."""
        if not self.checks or self._slot_at(self._cursor) > now:
            return 0
        return max(1, floor((now - self._phase) / self._slot_seconds) - self._cursor + 1)

    def landed(self, place: int) -> None:
        """The answer about a check is there; until then it is not asked again."""
        self._flying.discard(place)

    def begin_anew(self, now: float) -> None:
        """What is in flight will not land and is due again, after a test."""
        self.probation = Probation(self.blocklist.pace, now)
        self._catch_up.extendleft(self._flying)
        self._flying.clear()

    def concluded(self, place: int) -> None:
        """The check has a conclusive answer."""
        self.landed(place)
        self.probation.succeeded()
        self._repeats.succeed(place)

    def finish(self, turn: Turn, verdict: Verdict, now: float) -> None:
        """Take note of what a turn gave."""
        if not isinstance(verdict, Unknown):
            self.concluded(turn.place)
            return
        self.landed(turn.place)
        if verdict.cause is Cause.UNHEALTHY:
            self._miss(turn.place)
            return
        self._repeats.fail(turn.place, verdict.cause, now, self.blocklist.pace.interval)
        self.probation.failed(verdict.cause, now)

    def _miss(self, place: int) -> None:
        """Kept until the list recovers, or asked now if it has meanwhile."""
        if self.probation.trusted:
            self._catch_up.append(place)
        else:
            self._missed[place] = None

    def confirm(self, place: int, at: float) -> None:
        """Ask again at that time and not before, lap or not."""
        self._repeats.confirm(place, at)

    def tested(self, health: Health, now: float) -> None:
        """Take note of a test. What was missed while the list was down is due when it recovers."""
        self.probation.tested(health, now)
        if health.trusted:
            self._catch_up.extend(self._missed)
            self._missed.clear()

    def next_at(self, now: float, room: int) -> float:
        times = [max(self.probation.next_at(), self.allowance.saved_at(now))]
        if self.probation.trial is not None:
            # Room comes of answers, but of what is lost too.
            soonest = now if room > 0 or not self.probation.trusted else now + _LOOK_SECONDS
            times += (max(soonest, at) for at in self._work_times(now))
        return min(times)

    def hungry(self, now: float) -> bool:
        """Whether there is something to ask now."""
        return self.probation.trusted and self._due(now) and self.allowance.free(now) > 0

    def _due(self, now: float) -> bool:
        return bool(self._stale or self._catch_up or self._late(now) or self._repeats.due(now))

    def _work_times(self, now: float) -> Iterator[float]:
        if self._due(now):
            yield self.allowance.ready_at(now) if self.probation.trusted else now
            return
        yield self._repeats.next_at()
        if self.checks:
            yield self._slot_at(self._cursor)

    def overdue(self, now: float) -> int:
        due = len(self._stale) + len(self._catch_up) + self._late(now) + self._repeats.overdue(now)
        return min(due, len(self.checks))


def _fraction(name: str) -> float:
    """A number in [0, 1) that spreads the lists' laps and stays the same for ever."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=6).digest()) / 2**48
