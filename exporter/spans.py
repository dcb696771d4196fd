"""Inclusive ranges of numbers, kept apart and in order: whether they hold a number, meet a range, and what of one they leave."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spans:
    """The n-th runs from the n-th first to the n-th last."""

    firsts: list[int]
    lasts: list[int]

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> "Spans":
        """All that these ranges hold; some may touch or overlap."""
        spans = cls([], [])
        for first, last in sorted(ranges):
            if spans.lasts and first <= spans.lasts[-1] + 1:
                spans.lasts[-1] = max(spans.lasts[-1], last)
            else:
                spans.firsts.append(first)
                spans.lasts.append(last)
        return spans

    def __contains__(self, number: int) -> bool:
        return self.meet(number, number)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return zip(self.firsts, self.lasts, strict=True)

    def meet(self, first: int, last: int) -> bool:
        """Whether any of them holds anything of an inclusive range."""
        place = bisect_right(self.firsts, last)
        return place > 0 and self.lasts[place - 1] >= first

    def outside(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """What of an inclusive range is in none of them, as ranges."""
        place = max(0, bisect_right(self.firsts, first) - 1)
        while place < len(self.firsts) and self.firsts[place] <= last:
            if first < self.firsts[place]:
                yield first, self.firsts[place] - 1
            first = max(first, self.lasts[place] + 1)
            place += 1
        if first <= last:
            yield first, last
