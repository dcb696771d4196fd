"""When a list itself is tested. Pure: ``now`` is an argument, in seconds.

Rules:

1. A list is tested before its first check, then every ``test_interval``.
2. Tests of one that is down back off from a minute to ten; a wrong one is tried less often, and one that refuses is left alone
   longest.
3. Refusals, wrong answers and several failures in a row make a list suspect: it is tested at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

from exporter.blocklist import Pace
from exporter.health import Health
from exporter.verdict import Cause

_TEST_AGAIN_SECONDS: Mapping[Health, float] = {Health.REFUSED: 900.0}
_TEST_AGAIN_SECONDS_ELSE = 60.0
_TEST_AGAIN_AT_MOST: Mapping[Health, float] = {Health.UNREACHABLE: 600.0}
_SUSPICIOUS = {Cause.REFUSED, Cause.REFUSED_RCODE, Cause.BOGUS, Cause.NO_DATA}
_FAILURES_IN_A_ROW = 5
_QUERIES_A_TEST = 4
_DAY = 86400.0
_FRESH_SECONDS = 300.0
_SUSPICION_GAP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What a list's last test showed."""

    health: Health
    at: float
    failed: int
    """Failed tests in a row."""

    def next_at(self, pace: Pace) -> float:
        """When to test again."""
        if self.health.trusted:
            return self.at + _interval(pace)
        base = _TEST_AGAIN_SECONDS.get(self.health, _TEST_AGAIN_SECONDS_ELSE)
        most = min(_interval(pace), _TEST_AGAIN_AT_MOST.get(self.health, inf))
        return self.at + min(most, base * 2.0 ** min(self.failed - 1, 20))


def _interval(pace: Pace) -> float:
    """Seconds between tests: longer than ``test_interval`` if tests would take more than half of what flows of a small daily
    budget, a test being kept back."""
    if pace.max_queries_per_day is None:
        return pace.test_interval
    flow = max(pace.max_queries_per_day - _QUERIES_A_TEST, pace.max_queries_per_day / 2)
    return max(pace.test_interval, _DAY * _QUERIES_A_TEST / (flow / 2))


class Probation:
    """The tests of one list."""

    __slots__ = ("_fresh_until", "_in_a_row", "_pace", "_test_at", "testing", "trial", "trusted")

    def __init__(self, pace: Pace, now: float) -> None:
        self.trial: Trial | None = None
        self.trusted = False
        """Whether the list may be believed."""
        self.testing = False
        self._pace = pace
        self._test_at = now
        self._fresh_until = -inf
        self._in_a_row = 0

    def fresh(self, now: float) -> bool:
        """Whether the last test is young enough for what was never known to be learned on its strength."""
        return now <= self._fresh_until

    def due(self, now: float) -> bool:
        """Whether to test now."""
        return not self.testing and self._test_at <= now

    def next_at(self) -> float:
        """When to test; infinity while a test is under way."""
        return inf if self.testing else self._test_at

    def tested(self, health: Health, now: float) -> None:
        """Take note of a test, due or not."""
        failed = 0 if health.trusted else 1 + (self.trial.failed if self.trial is not None else 0)
        self.trial = Trial(health, now, failed)
        self.trusted = health.trusted
        self._fresh_until = now + _FRESH_SECONDS
        self._test_at = self.trial.next_at(self._pace)
        self.testing = False
        self._in_a_row = 0

    def broke_off(self, now: float) -> None:
        """A test came to no end: try again soon."""
        self.testing = False
        self._test_at = now + _TEST_AGAIN_SECONDS_ELSE

    def succeeded(self) -> None:
        """A check had a conclusive answer."""
        self._in_a_row = 0

    def failed(self, cause: Cause, now: float) -> None:
        """A check had none."""
        self._in_a_row += 1
        if cause in _SUSPICIOUS or self._in_a_row >= _FAILURES_IN_A_ROW:
            last = self.trial.at if self.trial is not None else now
            gap = min(_SUSPICION_GAP_SECONDS, self._pace.test_interval)
            self._test_at = min(self._test_at, max(now, last + gap))
