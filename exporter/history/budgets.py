"""What was left of the lists' daily budgets, so that starting anew gives no new budget; and what of that the file does not know.

Rule: what is noted is written by the next flush. If that fails, what was noted last is written by the one after it.
"""

from collections.abc import Mapping

from exporter.pace import FULL_AGAIN_SECONDS, Level


class Budgets:
    """By list. Times in Unix seconds."""

    def __init__(self, levels: dict[str, Level]) -> None:
        self.levels = levels
        self._unwritten: dict[str, Level] = {}

    def note(self, levels: Mapping[str, Level]) -> None:
        """Hold what is left."""
        self.levels.update(levels)
        self._unwritten.update(levels)

    def take_unwritten(self) -> dict[str, Level]:
        """What is to be written."""
        unwritten, self._unwritten = self._unwritten, {}
        return unwritten

    def put_back(self, unwritten: dict[str, Level]) -> None:
        """It could not be written; what was noted meanwhile is newer."""
        self._unwritten = unwritten | self._unwritten

    def forget(self, before: float) -> None:
        """Forget lists of which nothing was noted since."""
        self.levels = {name: level for name, level in self.levels.items() if level.at >= before}


def worthless_before(now: float, before: float) -> float:
    """Where what is older than ``before`` is to be forgotten: the time before which levels say nothing any more."""
    return min(before, now - FULL_AGAIN_SECONDS)
