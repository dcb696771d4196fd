"""Checks of a list that are asked again sooner than their lap. Pure: times are arguments, in seconds.

Rules:

1. An inconclusive answer is re-asked with back-off by cause. A pending removal is confirmed at its time, not sooner and not
   later, lap or not.
2. The latest word counts: what was planned for a place before is overtaken by what is planned, or asked, now.
"""

import heapq
from array import array
from collections.abc import Callable, Sequence
from math import inf
from typing import NamedTuple

from exporter.backoff import delay
from exporter.listing import Standing
from exporter.moves import Moves
from exporter.plan import Checks, Key
from exporter.verdict import Cause


class Resumed(NamedTuple):
    """What is known to be wanted sooner than its slot, by place: what is stale, the stalest last, in few bytes, since it may be
    all; and with their times what waits for a confirmation, and what is asked again."""

    stale: "array[int]"
    confirmed: list[tuple[int, float]]
    repeated: list[tuple[int, float]]


def resume(checks: Checks, places: Sequence[int], now: float, standing: Callable[[Key], Standing]) -> Resumed:
    """Of these checks, which are new to a walk. It looks at each, so for many it is asked in a thread."""
    pace = checks.blocklist.pace
    stale: list[tuple[float, int]] = []
    resumed = Resumed(array("I"), [], [])
    for place in places:
        held = standing(checks[place].key)
        known_at = -inf if held.known_at is None else held.known_at
        if held.pending:
            resumed.confirmed.append((place, known_at + pace.confirm_interval))
        elif known_at < now - pace.interval:
            stale.append((known_at, place))
        elif held.unknown is not None:
            resumed.repeated.append((place, now + min(pace.interval, delay(held.unknown))))
    resumed.stale.extend(place for _, place in sorted(stale, reverse=True))
    return resumed


class Repeats:
    """What is to be asked again, by place, and when."""

    __slots__ = ("_at", "_failures", "_queue", "confirming")

    def __init__(self) -> None:
        self._queue: list[tuple[float, int]] = []
        self._at: dict[int, float] = {}
        """The entry of the queue that counts; others were overtaken."""
        self.confirming: set[int] = set()
        """Places that wait for a confirmation: laps leave them out, or their second clean answer would come too soon."""
        self._failures: dict[int, int] = {}

    def ask(self, place: int, at: float) -> None:
        """Ask again at that time, unless the lap comes first."""
        self._at[place] = at
        heapq.heappush(self._queue, (at, place))

    def confirm(self, place: int, at: float) -> None:
        """Ask again at that time and not before."""
        self.confirming.add(place)
        self.ask(place, at)

    def fail(self, place: int, cause: Cause, now: float, interval: float) -> None:
        """An answer was inconclusive: ask again after the delay, if the lap is not sooner."""
        count = self._failures[place] = self._failures.get(place, 0) + 1
        if (wait := delay(cause, count)) < interval:
            self.ask(place, now + wait)

    def succeed(self, place: int) -> None:
        """An answer was conclusive."""
        if self._failures:
            self._failures.pop(place, None)

    def overtake(self, place: int) -> None:
        """It is asked now, so no repeat of it counts."""
        self._at.pop(place, None)
        self.confirming.discard(place)

    def due(self, now: float) -> bool:
        """Whether anything is to be asked now."""
        while self._queue and self._at.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return bool(self._queue) and self._queue[0][0] <= now

    def take(self) -> int:
        """The place that is due longest. To be called if any is."""
        place = heapq.heappop(self._queue)[1]
        self.overtake(place)
        return place

    def next_at(self) -> float:
        """When the next is due; infinity if none is planned."""
        return self._queue[0][0] if self._queue else inf

    def overdue(self, now: float) -> int:
        """How many are due."""
        return sum(at <= now for at in self._at.values())

    def moved(self, moves: Moves) -> "Repeats":
        """The same for the places of another plan."""
        after = Repeats()
        after._at = {place: at for old, at in self._at.items() if (place := moves.place(old)) is not None}
        after._queue = [(at, place) for place, at in after._at.items()]
        heapq.heapify(after._queue)
        after.confirming = set(moves.of(list(self.confirming)))
        after._failures = {place: count for old, count in self._failures.items() if (place := moves.place(old)) is not None}
        return after
