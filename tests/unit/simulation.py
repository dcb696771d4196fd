"""A clock, a schedule and answers that come at once: what the engine does, without anything that takes time.

Like the engine it asks again when a removal is pending, and sleeps until ``next_at``. Where that lies in the present with nothing
to do, time passes all the same, a microsecond; a schedule that needs that again and again is stuck.
"""

from collections.abc import Callable
from math import inf

from exporter.health import Health
from exporter.listing import Change, Standing, advance
from exporter.plan import Key, Plan
from exporter.schedule import Schedule, Turn
from exporter.verdict import Cause, NotListed, Unknown, Verdict

START = 1_800_000_000.0
"""Unix seconds, as the service's clock has them: floats are coarse out here."""

_STUCK = 3


def clean(turn: Turn, now: float) -> Verdict:
    return NotListed()


def healthy(name: str, now: float) -> Health:
    return Health.OK


def due(schedule: Schedule, now: float, room: Callable[[str], int]) -> list[Turn]:
    """All turns that are due, of all lists."""
    return [turn for turns in schedule.due(now, room) for turn in turns]


class Simulation:
    """``asked``, ``passed`` and ``tests`` tell what happened when: seconds since :data:`START`, and the place or the list."""

    def __init__(
        self,
        plan: Plan,
        *,
        at: float = 0.0,
        held: dict[Key, Standing] | None = None,
        before: Schedule | None = None,
        answer: Callable[[Turn, float], Verdict] = clean,
        health: Callable[[str, float], Health] = healthy,
        room: int = 64,
    ) -> None:
        self.held: dict[Key, Standing] = {} if held is None else held
        self.now = START + at
        self.schedule = Schedule(plan, self.now, self.standing, before)
        self.asked: list[tuple[float, int]] = []
        self.passed: list[tuple[float, int]] = []
        self.tests: list[float] = []
        self.changes: list[tuple[float, Change]] = []
        self._answer = answer
        self._health = health
        self._room = room

    def standing(self, key: Key) -> Standing:
        return self.held.get(key, Standing())

    def room(self, name: str) -> int:
        return self._room

    def run(self, until: float) -> "Simulation":
        """Go on until so many seconds after :data:`START`."""
        idle = 0
        while self.now < START + until:
            idle = 0 if self._step() else idle + 1
            wake = self.schedule.next_at(self.now, self.room)
            assert wake < inf, "a list that is not being tested has a next test"
            if idle and wake <= self.now:
                assert idle <= _STUCK, f"stuck at {self.now - START}"
                wake = self.now + 1e-6
            self.now = max(self.now, wake)
        self.now = START + until
        return self

    def _step(self) -> bool:
        """Do all that is due; returns whether anything was."""
        tests = self.schedule.tests_due(self.now)
        for blocklist in tests:
            self.tests.append(self.now - START)
            self.schedule.tested(blocklist.name, self._health(blocklist.name, self.now - START), self.now)
        passed = self.schedule.paused(self.now, 1000)
        for turn in passed:
            self.passed.append((self.now - START, turn.place))
            self._finish(turn, Unknown(Cause.UNHEALTHY))
        asked = due(self.schedule, self.now, self.room)
        for turn in asked:
            self.asked.append((self.now - START, turn.place))
            self._finish(turn, self._answer(turn, self.now - START))
        return bool(tests or passed or asked)

    def _finish(self, turn: Turn, verdict: Verdict) -> None:
        pace = turn.check.blocklist.pace
        after, changes = advance(self.standing(turn.check.key), verdict, self.now, pace.delist_after)
        self.held[turn.check.key] = after
        self.changes += [(self.now - START, change) for change in changes]
        self.schedule.finish(turn, verdict, self.now)
        if after.pending and not changes and not isinstance(verdict, Unknown):
            self.schedule.confirm(turn, self.now)

    def asked_within(self, since: float, until: float) -> list[tuple[float, int]]:
        """What was asked from ``since`` on and before ``until``."""
        return [(at, place) for at, place in self.asked if since <= at < until]

    def times_of(self, place: int) -> list[float]:
        """When one check was asked."""
        return [at for at, asked in self.asked if asked == place]
