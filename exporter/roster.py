"""The targets of this process: a compact set, with where each came from and what labels it carries.

Rules:

1. An address is a number in an array, a domain its text; a :class:`Target` is made when one is asked for. What targets share
   (origins and labels) is kept once, and each has the number of its share.
2. The order of a set is that of its laps, and depends on nothing but its members. Numbers are scrambled (multiplied by a
   constant, which can be undone), so neighbours in a range are not asked one after another.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from itertools import chain
from typing import TypeVar

from exporter.target import Kind, Target, number_of

Labels = tuple[tuple[str, str], ...]
"""Names and values, sorted by name."""

_KEPT = 65_536
"""Sets up to this size keep the targets that were made of them: checks of few targets are many a second."""
_C = TypeVar("_C", int, str)


@dataclass(frozen=True, slots=True)
class Scrambling:
    """A bijection of the numbers below ``1 << bits``: neighbours come to lie far apart, as multiples of the golden ratio do."""

    bits: int
    factor: int
    inverse: int

    @property
    def number_of_all(self) -> int:
        return 1 << self.bits

    def code(self, number: int) -> int:
        return number * self.factor & (1 << self.bits) - 1

    def number(self, code: int) -> int:
        return code * self.inverse & (1 << self.bits) - 1

    def codes(self, first: int, last: int) -> list[int]:
        """Those of an inclusive range."""
        factor, mask = self.factor, (1 << self.bits) - 1
        return [number * factor & mask for number in range(first, last + 1)]


def _scrambling(bits: int, factor: int) -> Scrambling:
    return Scrambling(bits, factor, pow(factor, -1, 1 << bits))


SCRAMBLING = {
    Kind.IPV4: _scrambling(32, 0x9E3779B1),
    Kind.IPV6: _scrambling(128, 0x9E3779B97F4A7C15F39CC0605CEDC835),
}


@dataclass(frozen=True, slots=True)
class Share:
    """What targets have in common: where they came from, the empty text standing for themselves, and their labels."""

    origins: tuple[str, ...]
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of one kind, as scrambled numbers in order."""

    kind: Kind
    codes: Sequence[int]
    shares: "array[int]"
    """The number of each one's share."""
    _made: list[Target | None] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        kept: list[Target | None] = [None] * len(self.codes) if len(self.codes) <= _KEPT else []
        object.__setattr__(self, "_made", kept)

    def __len__(self) -> int:
        return len(self.codes)

    def target(self, place: int) -> Target:
        made = self._made
        if made:
            kept = made[place]
            if kept is None:
                kept = made[place] = self._target(place)
            return kept
        return self._target(place)

    def _target(self, place: int) -> Target:
        return target_of(self.kind, self.codes[place])

    def __iter__(self) -> Iterator[Target]:
        return map(self.target, range(len(self)))

    def place(self, target: Target) -> int | None:
        return _found(self.codes, SCRAMBLING[self.kind].code(number_of(target)))

    def only(self, wanted: Callable[[Target], bool]) -> "Addresses":
        places = [place for place in range(len(self.codes)) if wanted(self._target(place))]
        codes = [self.codes[place] for place in places]
        return Addresses(self.kind, stored(self.kind, codes), array("I", (self.shares[place] for place in places)))


@dataclass(frozen=True, slots=True)
class Domains:
    """Domains in order."""

    codes: Sequence[str]
    shares: "array[int]"
    kind: Kind = Kind.DOMAIN

    def __len__(self) -> int:
        return len(self.codes)

    def target(self, place: int) -> Target:
        return Target(self.codes[place], Kind.DOMAIN)

    def __iter__(self) -> Iterator[Target]:
        return map(self.target, range(len(self)))

    def place(self, target: Target) -> int | None:
        return _found(self.codes, target.text)

    def only(self, wanted: Callable[[Target], bool]) -> "Domains":
        places = [place for place in range(len(self.codes)) if wanted(self.target(place))]
        return Domains(tuple(self.codes[place] for place in places), array("I", (self.shares[place] for place in places)))


Segment = Addresses | Domains


def target_of(kind: Kind, code: int) -> Target:
    number = SCRAMBLING[kind].number(code)
    if kind is Kind.IPV4:
        return Target(f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", kind)
    return Target(str(IPv6Address(number)), kind)


def _found(codes: Sequence[_C], code: _C) -> int | None:
    place = bisect_left(codes, code)
    return place if place < len(codes) and codes[place] == code else None


def stored(kind: Kind, codes: list[int]) -> Sequence[int]:
    return array("I", codes) if kind is Kind.IPV4 else tuple(codes)


@dataclass(frozen=True, slots=True)
class Roster:
    """Segments one after the other, one of a kind at most; a target's place is counted through all of them. Rosters that hold
    the same segments share them."""

    segments: tuple[Segment, ...] = ()
    shares: tuple[Share, ...] = ()
    special: bool = False
    """Whether any address may be in it that strangers can have no opinion of."""

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    def __getitem__(self, place: int) -> Target:
        for segment in self.segments:
            if place < len(segment.shares):
                return segment.target(place)
            place -= len(segment.shares)
        raise IndexError(place)

    def __iter__(self) -> Iterator[Target]:
        return chain.from_iterable(self.segments)

    def __contains__(self, target: Target) -> bool:
        return self.place(target) is not None

    def place(self, target: Target) -> int | None:
        """Where a target stands, if it is there."""
        start = 0
        for segment in self.segments:
            if segment.kind is target.kind:
                place = segment.place(target)
                return None if place is None else start + place
            start += len(segment)
        return None

    def share(self, place: int) -> Share:
        """What the target at a place has in common with others."""
        for segment in self.segments:
            if place < len(segment):
                return self.shares[segment.shares[place]]
            place -= len(segment)
        raise IndexError(place)

    def shared(self) -> Iterator[tuple[Target, Share]]:
        """Every target with what it has in common with others."""
        for segment in self.segments:
            yield from zip(segment, map(self.shares.__getitem__, segment.shares), strict=True)

    def counts(self) -> Mapping[Kind, int]:
        """Targets by kind."""
        return {segment.kind: len(segment) for segment in self.segments}
