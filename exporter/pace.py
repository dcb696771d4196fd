"""How fast a list may be asked: its queries a second and its queries a day.

Rules:

1. Both limits are token buckets, so a lap that is late never bursts to catch up.
2. In any 24 hours no more than ``max_queries_per_day`` queries are taken: a tenth of them may come at once (a first lap), the
   rest flows evenly. A process goes on with what the one before it has left (:class:`Level`), so this holds over restarts too.
   Of a budget so small that a test takes more than a tenth, that much less flows; one of less than two tests cannot be kept so.
3. A query that was sent is counted even if nothing was left for it (a retransmission, a TXT after a listing, the test that a
   listing waits for): the bucket goes into debt, and the next check waits longer.
4. A test that is due takes several queries at once, which the day's budget must hold before, or as many of them as it ever does;
   if it does not, they are saved up, and checks wait. What is over a second's limit is waited for afterwards.
"""

import sys
from dataclasses import dataclass
from math import floor, inf, ulp

from exporter.blocklist import Pace

_DAY = 86400.0
_AT_ONCE = 0.1
"""Share of a limit that may be used in one go."""
_LEAST_FLOW = 0.5
"""Share of a day's budget that flows even if tests take the rest of it and more."""
FULL_AGAIN_SECONDS = 3 * _DAY
"""By then a day's budget is full, whatever was left of it."""
_NEARLY = 1e-9
_ANY_NUMBER = sys.maxsize


@dataclass(frozen=True, slots=True)
class Level:
    """What was left of a day's budget at a time in seconds; less than nothing if more was sent than was left."""

    left: float
    at: float


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

    def holds(self) -> float:
        """How many queries it holds; less than none if it owes some. What is there within one step of the clock is there: a level
        of 0.9999999 would be ready at a time that rounds to now, and never be taken."""
        return self.level + max(_NEARLY, self.rate * ulp(self.at))

    def reached_at(self, level: float) -> float:
        """When it holds so much, seen from the last fill; infinity if it never does."""
        return inf if level > self.capacity else self.at + max(0.0, level - self.level) / self.rate


class Allowance:
    """What a list still allows. Times in seconds of any clock that never goes back; ``kept`` is what was left before, and
    ``a_test`` how many queries a test of the list takes."""

    __slots__ = ("_buckets", "_day", "_saving", "_second", "used")

    def __init__(self, pace: Pace, now: float, kept: Level | None = None, a_test: int = 0) -> None:
        self._second: _Bucket | None = None
        self._day: _Bucket | None = None
        if pace.max_qps is not None:
            self._second = _Bucket(pace.max_qps * _AT_ONCE, pace.max_qps, now)
        if pace.max_queries_per_day is not None:
            self._day = _day(pace.max_queries_per_day, now, kept, a_test)
        self._buckets = tuple(bucket for bucket in (self._second, self._day) if bucket is not None)
        self._saving = 0
        """Queries of the day's that are held back for a test."""
        self.used = True
        """Whether anything was taken since somebody has set this to false."""

    def free(self, now: float) -> int:
        """How many queries are allowed now. The hot path: without limits it looks at nothing."""
        if not self._buckets:
            return _ANY_NUMBER
        for bucket in self._buckets:
            bucket.fill(now)
        return max(0, min(floor(bucket.holds()) - self._held_back(bucket) for bucket in self._buckets))

    def spend(self, queries: int, now: float) -> None:
        """Count queries that are being sent, allowed or not."""
        for bucket in self._buckets:
            bucket.fill(now)
            bucket.level -= queries
        self.used = True

    def ready_at(self, now: float) -> float:
        """When the next query is allowed; ``now`` if it is already, infinity if not before a test."""
        ready = now
        for bucket in self._buckets:
            bucket.fill(now)
            wanted = 1 + self._held_back(bucket)
            if bucket.holds() < wanted:
                ready = max(ready, bucket.reached_at(wanted))
        return ready

    def save_up(self, queries: int, now: float) -> bool:
        """Whether the day's budget holds a test of so many queries. If not, they are saved up until this is called again."""
        self._saving = queries
        if queries and self.saved_at(now) <= now:
            self._saving = 0
        return not self._saving

    def saved_at(self, now: float) -> float:
        """When enough is saved up: all, or as much as the day's budget ever holds; ``now`` if it is already."""
        if self._day is None or not self._saving:
            return now
        self._day.fill(now)
        wanted = min(float(self._saving), self._day.capacity)
        return now if self._day.holds() >= wanted else self._day.reached_at(wanted)

    def left(self, now: float, ahead: float = 0.0) -> float | None:
        """What is left of the day's budget. With ``ahead``, so that it is not too much if all that may be taken in so many
        seconds is taken."""
        if self._day is None:
            return None
        self._day.fill(now)
        most = inf if self._second is None else self._second.capacity + ahead * self._second.rate
        takable = max(0, floor(self._day.level + ahead * self._day.rate))
        return self._day.level - (min(most, takable) if ahead else 0)

    def _held_back(self, bucket: _Bucket) -> int:
        return self._saving if bucket is self._day else 0


def _day(daily: int, now: float, kept: Level | None, a_test: int) -> _Bucket:
    """A day's budget. Of what was left under another limit no more stays than this one gives at once, and no more is owed than
    a day pays."""
    flow = max(daily - max(daily * _AT_ONCE, a_test), daily * _LEAST_FLOW)
    bucket = _Bucket(daily * _AT_ONCE, flow / _DAY, now)
    if kept is not None:
        grown = max(0.0, now - kept.at) * bucket.rate
        bucket.level = min(bucket.capacity, max(-bucket.rate * _DAY, kept.left) + grown)
    return bucket


def sustained_qps(pace: Pace) -> float | None:
    """Queries a second that the list allows for ever, or ``None`` for any number."""
    limits = []
    if pace.max_qps is not None:
        limits.append(pace.max_qps)
    if pace.max_queries_per_day is not None:
        limits.append(pace.max_queries_per_day * (1 - _AT_ONCE) / _DAY)
    return min(limits, default=None)
