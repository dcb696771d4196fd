"""What there is to ask about, as far as it decides which lists are asked at all."""

from collections.abc import Collection, Iterable, Set
from dataclasses import dataclass

from exporter import special
from exporter.blocklist import Blocklist
from exporter.portions import Taken
from exporter.roster import SCRAMBLING, Addresses, Domains, Roster
from exporter.sources import Files, Named, Source
from exporter.target import IP_VERSION, Kind, Target

ADDRESSES = frozenset({Kind.IPV4, Kind.IPV6})


def taken_by(lists: Iterable[Blocklist]) -> Taken:
    """What any of the lists is asked about. The length of a name is no matter here: every address fits under every zone."""
    kinds = {(kind, blocklist.non_global) for blocklist in lists for kind in blocklist.kinds}
    return Taken(
        frozenset(kind for kind, _ in kinds),
        frozenset(kind for kind, non_global in kinds if non_global and kind in ADDRESSES),
    )


@dataclass(frozen=True, slots=True)
class Outlook:
    """Kinds of which there are or may be addresses, those of them of which some are ordinary ones, and the domains."""

    addresses: Set[Kind]
    ordinary: Set[Kind]
    domains: Collection[str] = ()
    more_domains: bool = False
    """Whether there may be domains that nobody knows yet."""

    @classmethod
    def of(cls, roster: Roster, taken: Taken) -> "Outlook":
        """That of a set of which each target is taken. An ordinary address is looked for only where there may be special ones."""
        addresses = [segment for segment in roster.segments if isinstance(segment, Addresses)]
        may_be_special = taken.special if roster.special else frozenset[Kind]()
        return cls(
            {segment.kind for segment in addresses},
            {segment.kind for segment in addresses if segment.kind not in may_be_special or _holds_an_ordinary_one(segment)},
            next((segment.codes for segment in roster.segments if isinstance(segment, Domains)), ()),
        )

    def awaiting(self, sources: Iterable[Source]) -> "Outlook":
        """With whatever names and files may lead to: to any address, and files to any domain."""
        kinds = {type(source) for source in sources}
        if kinds.isdisjoint((Named, Files)):
            return self
        return Outlook(self.addresses | ADDRESSES, self.ordinary | ADDRESSES, self.domains, self.more_domains or Files in kinds)

    def idle(self, lists: Iterable[Blocklist]) -> list[str]:
        """The names of the lists that take nothing of it."""
        return [blocklist.name for blocklist in lists if not self._gives(blocklist)]

    def _gives(self, blocklist: Blocklist) -> bool:
        if not blocklist.kinds.isdisjoint(self.addresses if blocklist.non_global else self.ordinary):
            return True
        if Kind.DOMAIN not in blocklist.kinds:
            return False
        return self.more_domains or any(blocklist.accepts(Target(text, Kind.DOMAIN)) for text in self.domains)


def _holds_an_ordinary_one(segment: Addresses) -> bool:
    version, number = IP_VERSION[segment.kind], SCRAMBLING[segment.kind].number
    return any(not special.is_special(version, number(code)) for code in segment.codes)
