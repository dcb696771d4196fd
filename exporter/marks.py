"""Addresses that are being gathered, each with the number of its share.

Rule: they are kept in parts, by the first bits of their codes. To sort a million numbers, or to let a table of them grow, is one
step for Python, and would hold up all threads.
"""

from array import array
from collections.abc import Callable

from exporter.roster import SCRAMBLING, Addresses, stored
from exporter.target import Kind


class Marks:
    """Of one kind."""

    _BITS = 6

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._shift = SCRAMBLING[kind].bits - self._BITS
        self._parts: list[dict[int, int]] = [{} for _ in range(1 << self._BITS)]

    def __bool__(self) -> bool:
        return any(self._parts)

    def mark(self, codes: list[int], share: int, both: Callable[[int, int], int]) -> None:
        """Each of the codes has this share too; ``both`` gives the share of who has two."""
        parted: list[list[int]] = [[] for _ in self._parts]
        for code in codes:
            parted[code >> self._shift].append(code)
        for marks, some in zip(self._parts, parted, strict=True):
            if marks.keys().isdisjoint(some):
                marks.update(dict.fromkeys(some, share))
                continue
            for code in some:
                before = marks.get(code)
                marks[code] = share if before is None else both(before, share)

    def addresses(self) -> Addresses:
        """All of them, in order."""
        codes: list[int] = []
        shares = array("I")
        for marks in self._parts:
            some = sorted(marks)
            codes += some
            shares.extend(map(marks.__getitem__, some))
        return Addresses(self._kind, stored(self._kind, codes), shares)
