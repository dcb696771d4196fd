"""When to see to lookups that something went wrong with. Pure: ``now`` is an argument, in seconds.

A timer of the loop for each packet would cost more than the packet. Few need one: the first flight of every lookup is watched
in the order of leaving (see ``upstream``), and only what did not land from there is set here.
"""

import heapq
import itertools
from collections.abc import Iterator

from exporter.providers.upstream import Flight, Lookup

Alarm = tuple[Lookup[object], Flight | None]
"""The flight that should have landed by then; none if the patience for the lookup is over."""


class Alarms:
    """Alarms by their time. One whose cause is gone rings all the same."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()

    def set(self, when: float, alarm: Alarm) -> None:
        heapq.heappush(self._heap, (when, next(self._order), alarm))

    def due(self, now: float) -> Iterator[Alarm]:
        while self._heap and self._heap[0][0] <= now:
            yield heapq.heappop(self._heap)[2]

    def clear(self) -> None:
        self._heap.clear()
