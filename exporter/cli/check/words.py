"""The words of ``check``: what was asked and said, and what could not be.

Rules:

1. Unknown is not clean: a list that could not be asked, an origin that could not be looked up and a target of the command line
   that no list takes all leave something unknown. What is skipped behind a name or in a file does not: it was never asked for.
2. A target has all its origins. One that the command line names is an origin of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from exporter.health import Health
from exporter.plan import Check
from exporter.target import Target
from exporter.verdict import Listed, NotListed, Unknown, Verdict

LISTED, UNKNOWN = 1, 3


@dataclass(frozen=True, slots=True)
class Result:
    """What a list says of a target, and the health it has shown."""

    check: Check
    verdict: Verdict
    health: Health
    reason: str


@dataclass(frozen=True, slots=True)
class NotAsked:
    """What the command line names and no list takes, as it is written there."""

    target: str
    why: str


@dataclass(frozen=True, slots=True)
class Skip:
    """What an origin leads to and nobody is asked about; ``what`` and ``why`` are fit to be shown."""

    origin: str
    what: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """An origin that could not be looked up, or whose records are broken."""

    origin: str
    trouble: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that came of a check."""

    results: Sequence[Result]
    """What is listed first, then what is unknown."""
    origins: Mapping[Target, Sequence[str]]
    failed: Sequence[Failed]
    not_asked: Sequence[NotAsked]
    skipped: Sequence[Skip]
    resolvers: Sequence[str]
    answered: bool
    """Whether any of the resolvers has answered anything."""

    @property
    def exit_code(self) -> int:
        if any(isinstance(result.verdict, Listed) for result in self.results):
            return LISTED
        if self.failed or self.not_asked or not self.results:
            return UNKNOWN
        return UNKNOWN if any(isinstance(result.verdict, Unknown) for result in self.results) else 0

    def others(self, target: Target) -> list[str]:
        """The origins of a target but itself."""
        return [origin for origin in self.origins[target] if origin != target.text]


def rank(verdict: Verdict) -> int:
    """What comes first."""
    match verdict:
        case Listed():
            return 0
        case Unknown():
            return 1
        case NotListed():
            return 2
