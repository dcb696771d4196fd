"""What is counted as it happens: the hooks' memory. It starts from nothing with the process, as counters do.

Everything that can be read from the snapshot, the schedule or the history is not counted here.
"""

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from exporter.schedule import Outcome
from exporter.verdict import Cause, Unknown

BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds in seconds: from a mirror on loopback to a time-out."""


@dataclass(slots=True)
class Durations:
    """A histogram; ``counts`` has one place more than :data:`BUCKETS`, for what is longer."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BUCKETS, seconds)] += 1
        self.total += seconds


@dataclass(slots=True)
class Tally:
    """Finished checks and failures by list, conclusive answers' times, and query durations."""

    checks: Counter[str] = field(default_factory=Counter)
    failures: Counter[tuple[str, Cause]] = field(default_factory=Counter)
    last_success: dict[str, float] = field(default_factory=dict)
    durations: dict[str, Durations] = field(default_factory=dict)

    def outcome(self, outcome: Outcome) -> None:
        """A hook: count a finished check."""
        check, verdict, at, spent = outcome
        name = check.blocklist.zone
        self.checks[name] += 1
        if isinstance(verdict, Unknown):
            self.failures[name, verdict.cause] += 1
        else:
            self.last_success[name] = at
        durations = self.durations.get(name)
        if durations is None:
            durations = self.durations[name] = Durations()
        for seconds in spent:
            durations.add(seconds)


@dataclass(slots=True)
class Reloads:
    """How the config was last read. Times in Unix seconds."""

    successful: bool = True
    last_success: float = 0.0
