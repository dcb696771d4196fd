"""What is kept beside the standings, by name, and what of it the file does not know.

It is what was left of the lists' daily budgets, so that starting anew gives no new budget; and what origins last led to, so that
a dead resolver takes no target away.

Rule: what is noted is written by the next flush. If that fails, what was noted last is written by the one after it.
"""

from collections.abc import Mapping, Set
from typing import Generic, NamedTuple, Protocol, TypeVar

from exporter.pace import FULL_AGAIN_SECONDS


class Find(NamedTuple):
    """What an origin led to, in whatever form its finder reads, and when (Unix seconds)."""

    content: bytes
    at: float


class _Dated(Protocol):
    @property
    def at(self) -> float: ...


_D = TypeVar("_D", bound=_Dated)


class Kept(Generic[_D]):
    """By name. Times in Unix seconds."""

    def __init__(self, held: dict[str, _D]) -> None:
        self.held = held
        self.in_use: Set[str] = frozenset()
        """Names that are not forgotten, however long ago they were noted."""
        self._unwritten: dict[str, _D] = {}

    def note(self, news: Mapping[str, _D]) -> None:
        """Hold these."""
        self.held.update(news)
        self._unwritten.update(news)

    def take_unwritten(self) -> dict[str, _D]:
        """What is to be written."""
        unwritten, self._unwritten = self._unwritten, {}
        return unwritten

    def put_back(self, unwritten: dict[str, _D]) -> None:
        """It could not be written; what was noted meanwhile is newer."""
        self._unwritten = unwritten | self._unwritten

    def old(self, before: float) -> list[str]:
        """The names that were last noted before that time and are not in use."""
        return [name for name, one in self.held.items() if one.at < before and name not in self.in_use]

    def forget(self, before: float) -> None:
        """Forget those."""
        for name in self.old(before):
            del self.held[name]


def worthless_before(now: float, before: float) -> float:
    """Where what is older than ``before`` is to be forgotten: the time before which levels say nothing any more."""
    return min(before, now - FULL_AGAIN_SECONDS)
