"""What there is to ask: every target once, with all its origins, and each list's part of them. Pure.

Rules:

1. What the command line names is asked about in any case. Of what networks, names and files lead to, the config's ``exclude`` is
   left out, and said.
2. What the command line names and no list takes is said. It is an error only if nothing at all can be asked.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter.blocklist import Blocklist
from exporter.cli.check.leads import Lead
from exporter.cli.check.wanted import Wanted
from exporter.cli.check.words import NotAsked, Skip
from exporter.cli.terminal import few
from exporter.config.outlook import ADDRESSES
from exporter.expansion import Reason
from exporter.portions import Exclusion, Members, Portion, Taken
from exporter.registrable import registrable
from exporter.sources import Named, Way
from exporter.target import Network, Target, parse

"""A reason of the config's; the others are those of an expansion."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """Whom to ask about what, and what not to ask."""

    origins: Mapping[Target, Sequence[str]]
    """Of each target that a list takes."""
    parts: Sequence[tuple[Blocklist, Sequence[Target]]]
    not_asked: Sequence[NotAsked]
    skipped: Sequence[Skip]


def idle_names(named: Iterable[Named], taken: Taken) -> tuple[list[NotAsked], list[Skip]]:
    """What to say of names that are not looked up: they lead to addresses, and no list takes any."""
    if leads_to_any(taken):
        return [], []
    why = "it leads to addresses, and none of these lists takes any"
    hosts = [NotAsked(f"host:{source.name}", why) for source in named if source.way is Way.HOST]
    others = [source.origin for source in named if source.way is not Way.HOST]
    return hosts, [Skip(origin, "not looked up", Reason.NO_LIST, "None of these lists takes addresses.") for origin in others]


def leads_to_any(taken: Taken) -> bool:
    """Whether a name may lead to anything that a list takes."""
    return not taken.kinds.isdisjoint(ADDRESSES)


def draw_up(wanted: Wanted, leads: Sequence[Lead], exclude: Members, lists: Sequence[Blocklist]) -> Agenda:
    """What there is to ask these lists."""
    gathering = _Gathering(wanted, Exclusion.of(exclude, Taken()))
    behind = [Portion(lead.origin.found, lead.origin.name) for lead in leads]
    for portion in (*wanted.portions(), *behind):
        gathering.add(portion)
    parts = [(blocklist, [target for target in gathering.found if blocklist.accepts(target)]) for blocklist in lists]
    taken = {target for _, targets in parts for target in targets}
    said = [Skip(lead.origin.name, each.what, each.reason, each.why) for lead in leads for each in lead.origin.skipped]
    idle = [skip for portion in behind for skip in gathering.idle(portion, taken)]
    return Agenda(
        {target: origins for target, origins in gathering.found.items() if target in taken},
        [(blocklist, targets) for blocklist, targets in parts if targets],
        [*_idle_singles(wanted, taken, lists), *gathering.idle_networks(wanted, taken, lists)],
        [*wanted.skipped, *said, *idle, *gathering.excluded],
    )


class _Gathering:
    """Each target with its origins, and what the config excludes."""

    def __init__(self, wanted: Wanted, exclusion: Exclusion) -> None:
        self.found: dict[Target, list[str]] = {target: [target.text] for target in wanted.singles}
        self.excluded: list[Skip] = []
        self._exclusion = exclusion

    def add(self, portion: Portion) -> None:
        left_out = []
        for target in _all(portion.members):
            if target not in self.found and self._exclusion.keeps_out(target):
                left_out.append(target.text)
                continue
            origins = self.found.setdefault(target, [])
            if portion.origin not in origins:
                origins.append(portion.origin)
        if left_out:
            self.excluded.append(Skip(portion.origin, few(left_out), Reason.EXCLUDED, "The config excludes it."))

    def idle(self, portion: Portion, taken: Container[Target]) -> Iterator[Skip]:
        """What of a portion is to be asked about, and no list takes: special addresses."""
        idle = [target for target in _all(portion.members) if target in self.found and target not in taken]
        if idle:
            yield Skip(portion.origin, few(target.text for target in idle), Reason.NO_LIST, "None of these lists takes it.")

    def idle_networks(self, wanted: Wanted, taken: Container[Target], lists: Sequence[Blocklist]) -> Iterator[NotAsked]:
        for network in wanted.networks:
            idle = [target for target in _addresses(network) if target in self.found and target not in taken]
            if idle:
                them = "it" if len(idle) == network.num_addresses else f"{len(idle):,} of its addresses"
                yield NotAsked(str(network), f"none of these lists takes {them} ({_why_not(idle[0], lists)})")


def _idle_singles(wanted: Wanted, taken: Container[Target], lists: Sequence[Blocklist]) -> Iterator[NotAsked]:
    for target in wanted.singles:
        if target not in taken:
            yield NotAsked(target.text, f"none of these lists takes it ({_why_not(target, lists)})")


def _why_not(target: Target, lists: Sequence[Blocklist]) -> str:
    """Why none of the lists takes it."""
    if not target.is_global:
        return "it is not a public address"
    if not any(target.kind in blocklist.kinds for blocklist in lists):
        return f"it is of kind {target.kind}"
    return "it is a public suffix" if registrable(target.text) is None else "its name is too long"


def _all(members: Members) -> Iterator[Target]:
    yield from members.singles()
    for network in members.networks:
        yield from _addresses(network)


def _addresses(network: Network) -> Iterator[Target]:
    return (parse(str(address)) for address in network)
