"""Which checks exist: targets x lists that accept them x this shard.

Rules:

1. A check is one target on one list, and its name is the pair of their names: ``Check.key``.
2. A target belongs to exactly one shard, whatever the other targets are. Going from n to n+1 shards moves one target in n+1
   (rendezvous hashing), and none between two old shards.
3. Checks are not kept but made when they are asked for, and lists that take the same targets share them: a million targets on
   fifty lists are a million numbers.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from exporter.blocklist import Blocklist
from exporter.moves import Comparing, Moves
from exporter.roster import Roster, Segment
from exporter.target import Kind, Target

Key = tuple[str, str]
"""Target and list by name: how history and metrics know a check."""


@dataclass(frozen=True, slots=True)
class Shard:
    """The part of the targets that a process owns: ``ordinal`` of ``total``, counted from 0."""

    ordinal: int = 0
    total: int = 1

    def owns(self, target: Target) -> bool:
        """Whether this shard is the one whose hash with the target is highest."""
        return self.total == 1 or self.ordinal == max(range(self.total), key=lambda ordinal: _weight(target, ordinal))


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
    by_name = {blocklist.name: blocklist for blocklist in lists}
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


def _weight(target: Target, ordinal: int) -> int:
    digest = hashlib.blake2b(f"{ordinal}/{target.text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)
