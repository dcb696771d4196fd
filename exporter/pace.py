"""How fast a list may be asked: its queries a second and its queries a day.

Rules:

1. Both limits are token buckets, so a lap that is late never bursts to catch up.
2. In any 24 hours no more than ``max_queries_per_day`` queries are taken: a tenth of them may come at once (the first lap after a
   start), the rest flows evenly.
3. A query that was sent is counted even if nothing was left for it (a TXT after a listing, a retransmission): the bucket goes
   into debt, and the next check waits longer.
"""

import sys
from math import floor, ulp

from exporter.blocklist import Pace

_DAY = 86400.0
_AT_ONCE = 0.1
"""Share of a limit that may be used in one go."""
_NEARLY = 1e-9
_ANY_NUMBER = sys.maxsize


class _Bucket:
    """``capacity`` queries at once, ``rate`` a second after that."""

    __slots__ = ("at", "capacity", "level", "rate")

    def __init__(self, capacity: float, rate: float, now: float) -> None:
        self.capacity = max(1.0, capacity)
        self.rate = rate
        self.level = self.capacity
        self.at = now

    def fill(self, now: float) -> None:
        self.level = min(self.capacity, self.level + max(0.0, now - self.at) * self.rate)
        self.at = now

    def whole(self) -> int:
        """How many queries it holds; less than none if it owes some. What is there within one step of the clock is there: a level
        of 0.9999999 would be ready at a time that rounds to now, and never be taken."""
        return floor(self.level + max(_NEARLY, self.rate * ulp(self.at)))

    def ready_at(self) -> float:
        """When the level is one again, seen from the last fill."""
        return self.at + max(0.0, 1.0 - self.level) / self.rate


class Allowance:
    """What a list still allows. Times in seconds of any clock that never goes back."""

    __slots__ = ("_buckets",)

    def __init__(self, pace: Pace, now: float) -> None:
        self._buckets: list[_Bucket] = []
        if pace.max_qps is not None:
            self._buckets.append(_Bucket(pace.max_qps * _AT_ONCE, pace.max_qps, now))
        if pace.max_queries_per_day is not None:
            daily = pace.max_queries_per_day
            self._buckets.append(_Bucket(daily * _AT_ONCE, daily * (1 - _AT_ONCE) / _DAY, now))

    def free(self, now: float) -> int:
        """How many queries are allowed now. The hot path: without limits it looks at nothing."""
        if not self._buckets:
            return _ANY_NUMBER
        for bucket in self._buckets:
            bucket.fill(now)
        return max(0, min(bucket.whole() for bucket in self._buckets))

    def spend(self, queries: int, now: float) -> None:
        """Count queries that are being sent, allowed or not."""
        for bucket in self._buckets:
            bucket.fill(now)
            bucket.level -= queries

    def ready_at(self, now: float) -> float:
        """When the next query is allowed; ``now`` if it is already."""
        for bucket in self._buckets:
            bucket.fill(now)
        return max((now, *(bucket.ready_at() for bucket in self._buckets if bucket.whole() < 1)))


def sustained_qps(pace: Pace) -> float | None:
    """Queries a second that the list allows for ever, or ``None`` for any number."""
    limits = []
    if pace.max_qps is not None:
        limits.append(pace.max_qps)
    if pace.max_queries_per_day is not None:
        limits.append(pace.max_queries_per_day * (1 - _AT_ONCE) / _DAY)
    return min(limits, default=None)
