"""Which checks exist: targets x lists that accept them x this shard.

Rules:

1. A check is one target on one list, and its name is the pair of their names: ``Check.key``.
2. A target belongs to exactly one shard, whatever the other targets are. Going from n to n+1 shards moves one target in n+1
   (rendezvous hashing), and none between two old shards.
3. Checks are not kept but made when they are asked for, and lists that take the same targets share them: a million targets on
   fifty lists are a million numbers.
4. A shard asks a list with its part of the list's limits, so all shards together keep them, without knowing of each other.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from struct import Struct
from typing import NamedTuple

from exporter.blocklist import Blocklist, Pace
from exporter.health import queries_a_test
from exporter.moves import Comparing, Moves
from exporter.registrable import registrable
from exporter.roster import Roster, Segment
from exporter.target import Kind, Target

Key = tuple[str, str]
"""Target and list by name: how history and metrics know a check."""

_WEIGHTS = Struct(">16I")
"""What a digest of 64 octets holds: the weights of sixteen shards. To ask for each of them alone would cost sixteen digests."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of the targets that a process owns: ``ordinal`` of ``total``, counted from 0."""

    ordinal: int = 0
    total: int = 1

    def owns(self, target: Target) -> bool:
        """Whether this shard is the one whose weight with the target is highest; of equal ones the first."""
        if self.total == 1:
            return True
        weights = _weights(target, self.total)
        return weights.index(max(weights)) == self.ordinal

    def is_short(self, blocklist: Blocklist) -> bool:
        """Whether a day's queries are too few to be shared out: a shard would have less than two tests of the list take, or none,
        and all together could not keep them."""
        per_day = blocklist.pace.max_queries_per_day
        needed = max(1, 2 * queries_a_test(blocklist))
        return self.total > 1 and per_day is not None and per_day // self.total < needed

    def part(self, whole: Pace) -> Pace:
        """The pace of which all shards together keep the whole. What a day's queries leave over when they are shared out goes to
        the first shards; each has at least one, or it would never know anything."""
        if self.total == 1:
            return whole
        per_second, per_day = whole.max_qps, whole.max_queries_per_day
        return replace(
            whole,
            max_qps=None if per_second is None else per_second / self.total,
            max_queries_per_day=None if per_day is None else max(1, (per_day + self.total - 1 - self.ordinal) // self.total),
        )


def read_shard(text: str, total: int, machine: str) -> Shard:
    """The shard that a flag names, by its number or as ``auto``: the number at the end of the machine's name, as Kubernetes names
    the pods of a StatefulSet (``dnsbl-exporter-3``). Raises ``ValueError`` if there is no such shard."""
    origin = ""
    number = text
    if text == "auto":
        # Only behind a hyphen: the names of containers and of a Deployment's pods end in digits by chance.
        found = re.search("-([0-9]+)$", machine.split(".")[0])
        if found is None:
            raise ValueError(f"--shard=auto: the name of this machine, {machine}, does not end like dnsbl-exporter-3 in a number")
        number, origin = found[1], f" (of {machine})"
    if not re.fullmatch("[0-9]+", number):
        raise ValueError(f"--shard={text} is neither a number nor auto")
    if int(number) >= total:
        raise ValueError(f"--shard={number}{origin} must be below --total-shards={total}: shards count from 0")
    return Shard(int(number), total)


class Check(NamedTuple):
    """One target on one list. A tuple, since one is made for every check of every lap, and tuples are made quickest."""

    target: Target
    blocklist: Blocklist

    @property
    def key(self) -> Key:
        return self.target.text, self.blocklist.name


@dataclass(frozen=True, slots=True)
class Checks:
    """A list's checks in their stable order."""

    blocklist: Blocklist
    targets: Roster

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, place: int) -> Check:
        return Check(self.targets[place], self.blocklist)

    def __iter__(self) -> Iterator[Check]:
        return (Check(target, self.blocklist) for target in self.targets)


@dataclass(frozen=True, slots=True)
class Plan:
    """All checks of this process, by list and in a stable order; ``roster`` holds the targets of this shard."""

    shard: Shard
    lists: Mapping[str, Blocklist]
    checks: Mapping[str, Checks]
    roster: Roster
    _takers: dict[object, tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def taking(self, target: Target) -> tuple[str, ...]:
        """The names of the lists that take a target. They are looked for once for all targets that are alike in what
        ``Blocklist.accepts`` looks at: there may be many."""
        if target.kind is Kind.DOMAIN:
            held = registrable(target.text) if any(blocklist.registrable for blocklist in self.lists.values()) else ""
            alike: object = len(target.text), held if held is None else len(held)
        else:
            alike = target.kind, not self.roster.special or target.is_global
        names = self._takers.get(alike)
        if names is None:
            names = tuple(name for name, blocklist in self.lists.items() if blocklist.accepts(target))
            self._takers[alike] = names
        return names

    def asks(self, blocklist: Blocklist) -> bool:
        """Whether that list, with all its settings, is part of this plan."""
        return self.lists.get(blocklist.name) == blocklist

    def takes_alike(self, other: "Plan") -> bool:
        """Whether the lists of another plan are called the same, in the same order, and take the same of any targets."""
        one, two = ([(name, _liking(blocklist)) for name, blocklist in plan.lists.items()] for plan in (self, other))
        return one == two

    def holds(self, check: Check) -> bool:
        """Whether that check, with all settings of its list, is part of this plan."""
        return self.asks(check.blocklist) and check.target in self.roster


def build(roster: Roster, lists: Iterable[Blocklist], shard: Shard) -> Plan:
    """The plan of a shard that owns these targets."""
    by_name = {blocklist.name: replace(blocklist, pace=shard.part(blocklist.pace)) for blocklist in lists}
    taken: dict[object, Roster] = {}
    whole: dict[object, Segment] = {}
    checks = {}
    for name, blocklist in by_name.items():
        alike = _liking(blocklist)
        if alike not in taken:
            taken[alike] = _taken(roster, blocklist, whole)
        checks[name] = Checks(blocklist, taken[alike])
    return Plan(shard, by_name, checks, roster)


def _liking(blocklist: Blocklist) -> object:
    """All that ``Blocklist.accepts`` looks at: lists that are alike in it take the same targets."""
    return blocklist.kinds, blocklist.non_global, blocklist.registrable, len(blocklist.suffix)


def between(before: Plan, after: Plan) -> Mapping[str, Moves]:
    """How the checks of the lists that are in both plans moved. Takes long if there are many, as :mod:`exporter.moves` says."""
    comparing = Comparing()
    return {
        name: comparing.moves(before.checks[name].targets, checks.targets)
        for name, checks in after.checks.items()
        if name in before.checks
    }


def _taken(roster: Roster, blocklist: Blocklist, known: dict[object, Segment]) -> Roster:
    """What a list takes of the targets; segments that it takes as they are, or as another list does, are shared."""
    segments = []
    for segment in roster.segments:
        if segment.kind not in blocklist.kinds:
            continue
        if segment.kind is Kind.DOMAIN:
            limit: object = (len(blocklist.suffix), blocklist.registrable)
            every = all(map(blocklist.accepts, segment))
        else:
            limit, every = None, blocklist.non_global or not roster.special
        if not every and (segment.kind, limit) not in known:
            known[segment.kind, limit] = segment.only(blocklist.accepts)
        found = segment if every else known[segment.kind, limit]
        if len(found):
            segments.append(found)
    return Roster(tuple(segments), roster.shares, roster.special)


def _weights(target: Target, total: int) -> tuple[int, ...]:
    """One for each shard: a number that follows from the target and the ordinal, whatever the total is."""
    weights: tuple[int, ...] = ()
    for block in range(0, total, 16):
        weights += _WEIGHTS.unpack(hashlib.blake2b(f"{block // 16}/{target.text}".encode()).digest())
    return weights[:total]
