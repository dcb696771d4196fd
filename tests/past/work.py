"""What a lap costs: so many checks are finished, some of them in vain, and each question takes its time."""

import math
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

from exporter.health import Health
from exporter.tally import BUCKETS, Durations, Tally
from exporter.verdict import Cause

_FAILING: Mapping[Cause, float] = {Cause.TIMEOUT: 0.004, Cause.SERVFAIL: 0.0015, Cause.MALFORMED: 0.0001}
"""How many of a healthy list's checks come to nothing, and why."""
_SPREAD = 0.7


@dataclass(slots=True)
class Work:
    """Counts whole checks, and carries what is left of one."""

    latencies: Mapping[str, float]
    """By list: the median in seconds."""
    dice: random.Random
    left: dict[tuple[str, object], float] = field(default_factory=lambda: defaultdict(float))

    def count(self, tally: Tally, name: str, checks: float, health: Health, at: float, *, resolved: bool) -> None:
        """Count what a list's lap comes to in a while, ``checks`` of them."""
        done = self._whole(name, "checks", checks)
        tally.checks[name] += done
        if not health.trusted:
            tally.failures[name, Cause.UNHEALTHY] += done
            return
        if not resolved:
            tally.failures[name, Cause.TIMEOUT] += done
            return
        for cause, share in _FAILING.items():
            tally.failures[name, cause] += self._whole(name, cause, checks * share, most=done)
        if done:
            tally.last_success[name] = at
        self._take_time(tally, name, checks, at)

    def _take_time(self, tally: Tally, name: str, questions: float, at: float) -> None:
        """Log-normal times, a little longer by day."""
        durations = tally.durations.setdefault(name, Durations())
        median = self.latencies[name] * (1 + 0.3 * math.sin(at / 86400 * math.tau)) * self.dice.uniform(0.9, 1.1)
        times = NormalDist(math.log(median), _SPREAD)
        below = 0.0
        for place, bound in enumerate((*BUCKETS, math.inf)):
            share = 1.0 if math.isinf(bound) else times.cdf(math.log(bound))
            durations.counts[place] += self._whole(name, place, questions * (share - below))
            below = share
        durations.total += questions * median * math.exp(_SPREAD**2 / 2)

    def _whole(self, name: str, what: object, amount: float, most: int | None = None) -> int:
        """What of an amount, and of what was left before, is whole now; at most so much."""
        amount += self.left[name, what]
        whole = int(amount) if most is None else min(int(amount), most)
        self.left[name, what] = amount - whole
        return whole
