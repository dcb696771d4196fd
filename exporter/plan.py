"""Which checks exist: targets x lists that accept them x this shard.

Rules:

1. A check is one target on one list, and its name is the pair of their names: ``Check.key``.
2. A target belongs to exactly one shard, whatever the other targets are. Going from n to n+1 shards moves one target in n+1
   (rendezvous hashing), and none between two old shards.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from exporter.blocklist import Blocklist
from exporter.target import Target

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
    """A list's checks in their stable order. They are made when they are asked for; lists that take the same targets share
    them."""

    blocklist: Blocklist
    targets: tuple[Target, ...]

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, place: int) -> Check:
        return Check(self.targets[place], self.blocklist)

    def __iter__(self) -> Iterator[Check]:
        return (Check(target, self.blocklist) for target in self.targets)


@dataclass(frozen=True, slots=True)
class Plan:
    """All checks of this process, by list and in a stable order; ``origins`` says where each target came from."""

    shard: Shard
    lists: Mapping[str, Blocklist]
    checks: Mapping[str, Checks]
    origins: Mapping[Target, tuple[str, ...]]

    def asks(self, blocklist: Blocklist) -> bool:
        """Whether that list, with all its settings, is part of this plan."""
        return self.lists.get(blocklist.name) == blocklist

    def holds(self, check: Check) -> bool:
        """Whether that check, with all settings of its list, is part of this plan."""
        return check.target in self.origins and self.asks(check.blocklist)


def build(targets: Mapping[Target, tuple[str, ...]], lists: Iterable[Blocklist], shard: Shard) -> Plan:
    """The plan of this shard. Targets are laid out by their hash, so neighbours in a range are not asked one after another."""
    owned = {target: origins for target, origins in targets.items() if shard.owns(target)}
    order = sorted(owned, key=lambda target: _weight(target, -1))
    by_name = {blocklist.name: blocklist for blocklist in lists}
    accepted: dict[object, tuple[Target, ...]] = {}
    checks = {}
    for name, blocklist in by_name.items():
        # All that Blocklist.accepts looks at: lists that are alike in it take the same targets.
        alike = (blocklist.kinds, blocklist.non_global, blocklist.registrable, len(blocklist.suffix))
        if alike not in accepted:
            accepted[alike] = tuple(target for target in order if blocklist.accepts(target))
        checks[name] = Checks(blocklist, accepted[alike])
    return Plan(shard, by_name, checks, owned)


def _weight(target: Target, ordinal: int) -> int:
    digest = hashlib.blake2b(f"{ordinal}/{target.text}".encode(), digest_size=8).digest()
    return int.from_bytes(digest)
