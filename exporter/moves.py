"""How one roster differs from another: where each target of the first stands in the second, and who is new.

Rules:

1. It is one walk along both, since both are in the same order; of a million targets it takes some tenths of a second, so whoever
   has others to serve calls it in a thread.
2. Segments that are shared, or hold the same, are compared once and moved by nothing.
"""

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from exporter.roster import Roster, Segment, Share
from exporter.target import Kind, Target

GONE = 0xFFFFFFFF
"""In place of the place of a target that is not there any more."""

_C = TypeVar("_C", int, str)


@dataclass(frozen=True, slots=True)
class _Part:
    """What became of a segment: ``places`` in the new one by place in the old one, and the new places of who was not there. Both
    begin at these starts in their rosters."""

    kind: Kind
    start: int
    new_start: int
    new_end: int
    places: Sequence[int]
    added: Sequence[int]


@dataclass(frozen=True, slots=True)
class Moves:
    """From places of one roster to places of another."""

    parts: tuple[_Part, ...]
    still: bool
    """Whether all targets are the same, and each where it was."""

    def place(self, old: int) -> int | None:
        """The new place of the target at an old one."""
        for part in self.parts:
            behind = old - part.start
            if behind < len(part.places):
                place = part.places[behind]
                return None if place == GONE else part.new_start + place
        return None

    def of(self, places: Sequence[int]) -> Iterator[int]:
        """The new places of targets, in the same order, without those that are gone."""
        return (place for old in places if (place := self.place(old)) is not None)

    def next_place(self, old: int) -> int:
        """The new place of the target at an old one, or of the next that is still there, or else the end."""
        for part in self.parts:
            for behind in range(max(0, old - part.start), len(part.places)):
                if part.places[behind] != GONE:
                    return part.new_start + part.places[behind]
        return self.parts[-1].new_end

    def added(self) -> list[int]:
        """The new places of targets that were not there."""
        return [part.new_start + place for part in self.parts for place in part.added]

    def gone(self) -> list[int]:
        """The old places of targets that are not there any more."""
        return [
            part.start + old
            for part in self.parts
            if not isinstance(part.places, range)
            for old, place in enumerate(part.places)
            if place == GONE
        ]


@dataclass(frozen=True, slots=True)
class Difference:
    """Whom one roster has and another has not, and of whom they say something else."""

    gone: list[str]
    added: list[tuple[Target, Share]]
    changed: list[tuple[str, Share]]


def difference(before: Roster, after: Roster) -> Difference:
    """What changed; each by itself, so it is for rosters that have most in common."""
    moves = Comparing().moves(before, after)
    gone = [before[place].text for place in moves.gone()]
    added = [(after[place], after.share(place)) for place in moves.added()]
    changed = [(after[place].text, after.share(place)) for place in _shared_otherwise(before, after, moves)]
    return Difference(gone, added, changed)


def _shared_otherwise(before: Roster, after: Roster, moves: Moves) -> Iterator[int]:
    """The new places of targets that were there before with another share."""
    old, new = ({segment.kind: segment.shares for segment in roster.segments} for roster in (before, after))
    same: dict[tuple[int, int], bool] = {}
    for part in moves.parts:
        shares = new.get(part.kind, ())
        for share, place in zip(old.get(part.kind, ()), part.places, strict=True):
            if place != GONE:
                pair = share, shares[place]
                if pair not in same:
                    same[pair] = before.shares[share] == after.shares[pair[1]]
                if not same[pair]:
                    yield part.new_start + place


@dataclass(slots=True)
class Comparing:
    """Compares rosters that share segments, each pair of segments once."""

    _known: dict[tuple[int, int], tuple[Sequence[int], Sequence[int]]] = field(default_factory=dict)

    def moves(self, before: Roster, after: Roster) -> Moves:
        """From the places of ``before`` to those of ``after``."""
        old, new = ({segment.kind: segment for segment in roster.segments} for roster in (before, after))
        parts = []
        start = new_start = 0
        for kind in Kind:
            one, other = old.get(kind), new.get(kind)
            places, added = self._segments(one, other)
            new_end = new_start + (0 if other is None else len(other))
            parts.append(_Part(kind, start, new_start, new_end, places, added))
            start += 0 if one is None else len(one)
            new_start = new_end
        return Moves(tuple(parts), all(isinstance(part.places, range) and not part.added for part in parts))

    def _segments(self, before: Segment | None, after: Segment | None) -> tuple[Sequence[int], Sequence[int]]:
        if before is None and after is None:
            return range(0), range(0)
        if before is None or after is None:
            return array("I", [GONE]) * (0 if before is None else len(before)), range(0 if after is None else len(after))
        pair = id(before), id(after)
        if pair not in self._known:
            self._known[pair] = _between(before, after)
        return self._known[pair]


def _between(before: Segment, after: Segment) -> tuple[Sequence[int], Sequence[int]]:
    if before.codes is after.codes or before.codes == after.codes:
        return range(len(before)), range(0)
    return _walked(before.codes, after.codes)  # type: ignore[type-var]  # both are of one kind, so of one type


def _walked(before: Sequence[_C], after: Sequence[_C]) -> tuple["array[int]", "array[int]"]:
    places = array("I", [GONE]) * len(before)
    added = array("I")
    new, end = 0, len(after)
    for old, code in enumerate(before):
        while new < end and after[new] < code:
            added.append(new)
            new += 1
        if new < end and after[new] == code:
            places[old] = new
            new += 1
    added.extend(range(new, end))
    return places, added
