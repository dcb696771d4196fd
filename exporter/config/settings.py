"""Everything a config file says, in words of the house."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path as FilePath
from typing import Literal

from exporter.blocklist import Blocklist, Resolver
from exporter.config.document import Problem
from exporter.config.outlook import Outlook
from exporter.expansion import Limits
from exporter.portions import Assembled, Members, Portion, Taken, assemble
from exporter.roster import Roster
from exporter.sources import Source
from exporter.target import Target


@dataclass(frozen=True, slots=True)
class Expansion:
    """How names are looked up, and how much may come of one. Times in seconds."""

    interval: float
    largest_network: int
    most_addresses: int
    skip_includes: frozenset[str] | None
    """``None``: those of providers that are known."""

    @property
    def limits(self) -> Limits:
        """How far the expansion of one name goes."""
        limits = Limits(self.largest_network, self.most_addresses)
        return limits if self.skip_includes is None else replace(limits, skip_includes=self.skip_includes)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the config file says. Times in seconds."""

    folder: FilePath
    """Where the file is: what it names by a relative path starts there, but for the history."""
    resolvers: tuple[Resolver, ...]
    timeout: float
    attempts: int
    lists: tuple[Blocklist, ...]
    out_of_sets: frozenset[str]
    """The names of those lists that only a set has brought in."""
    taken: Taken
    """What any of the lists is asked about."""
    sources: tuple[Source, ...]
    """In the order of the file."""
    exclude: Members
    expansion: Expansion
    exposed_checks: Literal["all", "history"]
    history_path: FilePath
    history_keep: float
    warnings: tuple[Problem, ...]
    """What the user should mind, in the order of the file."""

    def roster(
        self, found: Mapping[Source, tuple[Portion, ...]] | None = None, owns: Callable[[Target], bool] | None = None
    ) -> Assembled:
        """The targets that are written out, and those that were ``found`` behind names and in files."""
        portions: list[Portion] = []
        for source in self.sources:
            portions += (source,) if isinstance(source, Portion) else (found or {}).get(source, ())
        return assemble(portions, self.exclude, self.taken, owns)

    def in_use(self, roster: Roster, awaited: Iterable[Source] = ()) -> tuple[Blocklist, ...]:
        """The lists to ask about these targets, and about what the ``awaited`` sources may lead to. One that the file does not
        name is none of them if it takes no target: nobody misses it, and it would be tested, and found unhealthy, for nothing."""
        of_sets = [blocklist for blocklist in self.lists if blocklist.name in self.out_of_sets]
        missed_by_nobody = set(Outlook.of(roster, self.taken).awaiting(awaited).idle(of_sets))
        return tuple(blocklist for blocklist in self.lists if blocklist.name not in missed_by_nobody)
