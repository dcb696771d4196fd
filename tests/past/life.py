"""The service, living through its past: what the engine does, with a clock, answers and tests that are given.

Rule 1: a change is in the history before anything shows it.
Rule 2: a list that is not trusted opens and closes nothing; when it is again, its checks are asked again.
"""

import random
from collections.abc import Iterable
from ipaddress import IPv4Address
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric

from exporter import __version__
from exporter.config import Config
from exporter.health import Health, trust
from exporter.history import History, Key, Record
from exporter.listing import advance
from exporter.metrics import Metrics, own_registry
from exporter.metrics.blocks import Blocks
from exporter.origins import Origin
from exporter.plan import Check, Shard, build
from exporter.probation import Trial
from exporter.schedule import Outcome, Schedule
from exporter.tally import Reloads, Tally
from exporter.verdict import Absent, Answer, Cause, Codes, Failure, Unknown, judge
from tests.past.work import Work
from tests.past.world import ORIGINS, RESOLVERS

_FAST, _SLOW = 0.008, 0.09
_MEBIBYTE = 1 << 20
_LOOKED_UP_EVERY = 3600


class Life:
    """One process after the other, over one history; ``now`` is their clock."""

    def __init__(self, config: Config, folder: Path, began: float, shard: Shard) -> None:
        self.now = self.started = began
        self.up = True
        self.plan = build(config.roster(owns=shard.owns).roster, config.lists, shard)
        self.history = History(folder / f"past-{shard.ordinal}.db", config.history_keep, lambda: self.now)
        self.health = dict.fromkeys(self.plan.lists, Health.OK)
        self.laps = dict.fromkeys(self.plan.lists, 1.0)
        """How long a list's lap takes, in intervals."""
        self.resolvers = dict.fromkeys(RESOLVERS, True)
        self.lost: dict[str, float] = {}
        """Origins of targets that cannot be looked up, and since when."""
        self.overdue = 0
        self.codes: dict[Key, tuple[str, ...]] = {}
        """What the lists answer of checks that are on them."""
        self.failing: dict[Key, Cause] = {}
        """Why checks are not answered."""
        self.schedule = _Laps(self)
        self.targets = {target.text: target for target in self.plan.roster}
        self._dice = random.Random(shard.ordinal)
        self._work = Work({name: self._dice.uniform(_FAST, _SLOW) for name in self.plan.lists}, self._dice)
        self.begin()

    def begin(self) -> None:
        """A process begins, the first one or another."""
        self.up, self.started, self.overdue = True, self.now, 0
        self.tally = Tally()
        self.reloads = Reloads(last_success=self.now)
        self.metrics = Metrics(
            running=self,
            history=self.history,
            tally=self.tally,
            reloads=self.reloads,
            resolvers=lambda: self.resolvers,
            origins=self._origins,
            exposed_checks=lambda: "all",
            clock=lambda: self.now,
            version=__version__,
            registry=_Process(self),
            blocks=Blocks(self.history),
        )

    def takes(self, target: str, name: str) -> bool:
        """Whether that check is part of this life."""
        return target in self.targets and self.plan.lists[name].accepts(self.targets[target])

    def ask(self, target: str, name: str) -> None:
        """Ask a list about a target now."""
        check = Check(self.targets[target], self.plan.lists[name])
        verdict = trust(judge(check.blocklist, check.target.kind, self._answer(check.key)), self.health[name])
        held = self.history.standing(check.key)
        after, changes = advance(held, verdict, self.now, check.blocklist.pace.delist_after)
        if changes:
            self.history.hold(Record(check.key, after, changes))
        else:
            self.history.note(check.key, after)
        if isinstance(verdict, Unknown):
            self.tally.outcome(Outcome(check, verdict, self.now, ()))

    def ask_all(self, name: str) -> None:
        """Ask a list about everything: first what is clean and was never known, which is nearly all."""
        for target in self.plan.checks[name].targets:
            key = target.text, name
            plain = key not in self.codes and isinstance(self._answer(key), Absent) and self.health[name].trusted
            if not (plain and self.history.note_clean(*key, self.now, first=True)):
                self.ask(*key)

    def work(self, seconds: float) -> None:
        """All laps went on for a while that ends now."""
        resolved = any(self.resolvers.values())
        for name, checks in self.plan.checks.items():
            done = len(checks) * seconds / self.plan.lists[name].pace.interval / self.laps[name]
            self._work.count(self.tally, name, done, self.health[name], self.now, resolved=resolved)

    def _origins(self) -> list[Origin]:
        """Where targets come from; looked up every hour."""
        return [
            Origin(
                name,
                up=name not in self.lost,
                skipped=skipped,
                succeeded_at=self.lost.get(name, self.now) // _LOOKED_UP_EVERY * _LOOKED_UP_EVERY,
            )
            for name, skipped in ORIGINS.items()
        ]

    def _answer(self, key: Key) -> Answer:
        if key in self.failing:
            return Failure(self.failing[key])
        if not any(self.resolvers.values()):
            return Failure(Cause.TIMEOUT)
        codes = self.codes.get(key)
        return Codes(tuple(map(IPv4Address, codes))) if codes else Absent()


class _Laps(Schedule):
    """What metrics want of a schedule."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def trial(self, name: str) -> Trial:
        return Trial(self._life.health[name], self._life.now, 0)

    def lap_seconds(self, name: str) -> float:
        return self._life.plan.lists[name].pace.interval * self._life.laps[name]

    def overdue(self, now: float) -> int:
        return self._life.overdue


class _Process(CollectorRegistry):
    """The families of this process, with the figures of one that lives in the past."""

    def __init__(self, life: Life) -> None:
        super().__init__(auto_describe=False)
        self._life = life
        self._own = own_registry()

    def collect(self) -> Iterable[Metric]:
        age = self._life.now - self._life.started
        grown = 1 - 0.5 ** (age / 21600)
        checks = sum(len(checks) for checks in self._life.plan.checks.values())
        figures = {
            "process_start_time_seconds": self._life.started,
            "process_cpu_seconds_total": age * (0.004 + checks * 4e-7),
            "process_resident_memory_bytes": (58 + 9 * grown + checks / 5000 + (self._life.now / 600) % 1.3) * _MEBIBYTE,
            "process_virtual_memory_bytes": 420.0 * _MEBIBYTE,
            "process_open_fds": 23.0 + int(self._life.now / 300) % 4,
        }
        for family in self._own.collect():
            family.samples = [sample._replace(value=figures.get(sample.name, sample.value)) for sample in family.samples]
            yield family
