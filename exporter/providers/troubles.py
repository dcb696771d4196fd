"""Lookups that came to nothing so far: when each is asked again, and when it ends. Pure: ``now`` is an argument, in seconds.

Rules:

1. A lookup is asked again until the patience with it is over, and then ends with the most telling cause; refused often enough,
   sooner.
2. It is asked again at once when its first packet is lost, and after that waits twice as long each time (RFC 6298 §5.5), but
   never longer than an attempt lasts.
3. A timer of the loop for each packet would cost more than the packet; the few lookups that come here share one heap. An alarm
   whose cause is gone rings for nothing.
"""

import heapq
import itertools
from collections import deque
from collections.abc import Iterator

from exporter.providers.lookup import Flight, Lookup, Trouble, ending
from exporter.providers.upstream import Upstream
from exporter.verdict import Failure

Alarm = tuple[Lookup[object], Flight | None]
"""It is time to ask again, if that flight is still the latest; or, without one, to end."""


class Troubles:
    """What happens to a lookup either ends it, and then the failure is returned, or it comes to be in ``again``, whose order is
    that of asking again. An attempt lasts ``patience`` seconds, and there are ``attempts``, with so many ``resolvers``."""

    def __init__(self, patience: float, attempts: int, resolvers: int) -> None:
        self.again: deque[Lookup[object]] = deque()
        self._longest = patience
        self._patience = patience * attempts
        self._most_refusals = attempts * resolvers
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()

    def lost(self, flight: Flight, now: float) -> Failure | None:
        """No answer came in time."""
        lookup = flight.lookup
        trouble = self.of(lookup)
        if trouble.attempts == 1 or now >= trouble.deadline:
            return self._repeat(lookup, now)
        wait = flight.upstream.window.timeout * 2 ** (trouble.attempts - 1)
        self._set(flight.sent_at + min(wait, self._longest), (lookup, flight))
        return None

    def refused(self, lookup: Lookup[object], now: float) -> Failure | None:
        """Nobody listens at the resolver."""
        trouble = self.of(lookup)
        trouble.refusals += 1
        if trouble.refusals >= self._most_refusals:
            return ending(lookup)
        return self._repeat(lookup, now)

    def erred(self, flight: Flight, failure: Failure, now: float) -> Failure | None:
        """The resolver answered an error."""
        trouble = self.of(flight.lookup)
        trouble.erred.add(flight.upstream)
        trouble.error = failure
        return self._repeat(flight.lookup, now) if flight is flight.lookup.flight else None

    def asked(self, lookup: Lookup[object], upstream: Upstream) -> None:
        """It was asked again."""
        trouble = self.of(lookup)
        trouble.attempts += 1
        trouble.last = upstream

    def ended(self, now: float) -> Iterator[Lookup[object]]:
        """Lookups with which the patience is over. Others whose time has come are asked again."""
        while self._alarms and self._alarms[0][0] <= now:
            lookup, flight = heapq.heappop(self._alarms)[2]
            if lookup.over:
                continue
            if flight is None:
                yield lookup
            elif flight is lookup.flight:
                self.again.append(lookup)

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

    def _repeat(self, lookup: Lookup[object], now: float) -> Failure | None:
        if now >= self.of(lookup).deadline:
            return ending(lookup)
        self.again.append(lookup)
        return None

    def _set(self, when: float, alarm: Alarm) -> None:
        heapq.heappush(self._alarms, (when, next(self._numbers), alarm))
