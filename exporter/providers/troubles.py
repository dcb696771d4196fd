"""Lookups that came to nothing so far: when each is asked again, and when it ends. Pure: ``now`` is an argument, in seconds.

Rules:

1. A lookup is asked again until the patience with it is over, and then ends with the most telling cause; refused often enough,
   sooner.
2. Each time it waits for an answer twice as long as before (RFC 6298 §5.5).
3. A timer of the loop for each packet would cost more than the packet. First flights need none (see ``upstream``), and the few
   lookups that come here share one heap. An alarm whose cause is gone rings all the same.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Iterator

from exporter.providers.lookup import Flight, Lookup, Trouble, ending
from exporter.providers.upstream import Upstream
from exporter.verdict import Failure

Alarm = tuple[Lookup[object], Flight | None]
"""The time is up for this flight, or, if there is none, for the lookup."""


class Troubles:
    """What each method returns is how the lookup ends, if it does; else it is in ``again``, to be asked again in that order."""

    def __init__(self, patience: float, most_refusals: int) -> None:
        self.again: deque[Lookup[object]] = deque()
        self._patience = patience
        self._most_refusals = most_refusals
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()

    def lost(self, lookup: Lookup[object], now: float) -> Failure | None:
        """No answer came in time."""
        if now >= self.of(lookup).deadline:
            return ending(lookup)
        self.again.append(lookup)
        return None

    def refused(self, lookup: Lookup[object], now: float) -> Failure | None:
        """Nobody listens at the resolver."""
        trouble = self.of(lookup)
        trouble.refusals += 1
        if trouble.refusals >= self._most_refusals:
            return ending(lookup)
        return self.lost(lookup, now)

    def erred(self, flight: Flight, failure: Failure, now: float) -> Failure | None:
        """The resolver answered an error."""
        trouble = self.of(flight.lookup)
        trouble.erred.add(flight.upstream)
        trouble.error = failure
        return self.lost(flight.lookup, now) if flight is flight.lookup.flight else None

    def asked(self, lookup: Lookup[object], upstream: Upstream, now: float) -> None:
        """It was asked again."""
        trouble = self.of(lookup)
        self._set(now + upstream.window.timeout * 2**trouble.attempts, (lookup, lookup.flight))
        trouble.attempts += 1
        trouble.last = upstream

    def due(self, now: float) -> Iterator[Alarm]:
        while self._alarms and self._alarms[0][0] <= now:
            yield heapq.heappop(self._alarms)[2]

    def of(self, lookup: Lookup[object]) -> Trouble:
        """What went wrong with it so far."""
        if lookup.trouble is None:
            last = None if lookup.flight is None else lookup.flight.upstream
            lookup.trouble = Trouble(lookup.started + self._patience, last)
            self._set(lookup.trouble.deadline, (lookup, None))
        return lookup.trouble

    def clear(self) -> None:
        self.again.clear()
        self._alarms.clear()

    def _set(self, when: float, alarm: Alarm) -> None:
        heapq.heappush(self._alarms, (when, next(self._numbers), alarm))
