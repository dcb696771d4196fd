"""What each entry of the config contributes, and how contributions become one set.

Rules:

1. A target that several entries give is there once, with all its origins.
2. A label that entries disagree on is that of the narrowest: one that gives single targets before a network, a longer prefix
   before a shorter one, and among equals the first.
3. What is excluded is excluded whatever entry gives it.
4. Nothing here makes more than :data:`MAX_TARGETS`; a portion that would is left out whole, and said.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from exporter import special
from exporter.marks import Marks
from exporter.roster import SCRAMBLING, Domains, Labels, Roster, Segment, Share, target_of
from exporter.spans import Spans
from exporter.target import IP_VERSION, Kind, Network, Target, number_of

MAX_TARGETS = 1 << 22
_AT_ONCE = 1 << 16


@dataclass(frozen=True, slots=True)
class Members:
    """What an entry gives, each at most as compact as it came: networks are not spread yet. Addresses as numbers."""

    networks: tuple[Network, ...] = ()
    ipv4: Sequence[int] = ()
    ipv6: Sequence[int] = ()
    domains: tuple[str, ...] = ()

    def __len__(self) -> int:
        """How many targets, at most: some may be given twice."""
        spread = sum(network.num_addresses for network in self.networks)
        return spread + len(self.ipv4) + len(self.ipv6) + len(self.domains)

    def singles(self) -> Iterator[Target]:
        """All of them but those of networks."""
        for kind, numbers in ((Kind.IPV4, self.ipv4), (Kind.IPV6, self.ipv6)):
            scrambled = SCRAMBLING[kind].code
            yield from (target_of(kind, scrambled(number)) for number in numbers)
        yield from (Target(domain, Kind.DOMAIN) for domain in self.domains)

    @property
    def special(self) -> bool:
        """Whether any of its addresses is one that strangers can have no opinion of."""
        return (
            any(special.special_within(network) for network in self.networks)
            or any(special.is_special(4, number) for number in self.ipv4)
            or any(special.is_special(6, number) for number in self.ipv6)
        )


def members(targets: Iterable[Target], networks: Iterable[Network] = ()) -> Members:
    """Members that are few enough to be targets already."""
    by_kind: dict[Kind, list[Target]] = {kind: [] for kind in Kind}
    for target in targets:
        by_kind[target.kind].append(target)
    return Members(
        tuple(networks),
        array("I", map(number_of, by_kind[Kind.IPV4])),
        tuple(map(number_of, by_kind[Kind.IPV6])),
        tuple(target.text for target in by_kind[Kind.DOMAIN]),
    )


@dataclass(frozen=True, slots=True)
class Portion:
    """What one entry contributes. An empty ``origin``: each target is its own."""

    members: Members
    origin: str = ""
    labels: Labels = ()


@dataclass(frozen=True, slots=True)
class Assembled:
    """What came of portions: the targets, and the portions that would have been too many."""

    roster: Roster
    left_out: tuple[Portion, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What any list is asked about: kinds, and those of them of which special addresses are asked about too."""

    kinds: frozenset[Kind] = frozenset(Kind)
    special: frozenset[Kind] = frozenset(Kind)


def assemble(
    portions: Iterable[Portion],
    exclude: Members | None = None,
    taken: Taken | None = None,
    owns: Callable[[Target], bool] | None = None,
) -> Assembled:
    """All targets of the portions but what is excluded, what no list takes and, if ``owns`` is given, what others own."""
    gathering = _Gathering(Exclusion.of(Members() if exclude is None else exclude, taken or Taken()), owns)
    left_out: list[Portion] = []
    planned = 0
    for portion in portions:
        if planned + len(portion.members) > MAX_TARGETS:
            left_out.append(portion)
            continue
        planned += len(portion.members)
        gathering.plan(portion)
    return Assembled(gathering.roster(), tuple(left_out))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What is kept out: what is excluded, and what no list takes."""

    spans: Mapping[Kind, Spans]
    domains: frozenset[str]
    takes_domains: bool

    @classmethod
    def of(cls, excluded: Members, taken: Taken) -> "Exclusion":
        ranges: dict[Kind, list[tuple[int, int]]] = {
            Kind.IPV4: [(number, number) for number in excluded.ipv4],
            Kind.IPV6: [(number, number) for number in excluded.ipv6],
        }
        for network in excluded.networks:
            ranges[kind_of(network)].append(_range(network))
        for kind, found in ranges.items():
            if kind not in taken.kinds:
                found.append((0, SCRAMBLING[kind].number_of_all - 1))
            elif kind not in taken.special:
                found += special.spans(IP_VERSION[kind])
        return cls(
            {kind: Spans.of(found) for kind, found in ranges.items()}, frozenset(excluded.domains), Kind.DOMAIN in taken.kinds
        )

    def leaves(self, network: Network) -> int:
        """How many addresses of a network are not kept out."""
        return sum(last - first + 1 for first, last in self.spans[kind_of(network)].outside(*_range(network)))

    def keeps_out(self, target: Target) -> bool:
        if target.kind is Kind.DOMAIN:
            return not self.takes_domains or target.text in self.domains
        return number_of(target) in self.spans[target.kind]


def kind_of(network: Network) -> Kind:
    return Kind.IPV4 if network.version == 4 else Kind.IPV6


def _range(network: Network) -> tuple[int, int]:
    """All its addresses, those of network and broadcast included."""
    return int(network.network_address), int(network.broadcast_address)


class _Gathering:
    """Collects the number of the share of each target, narrow entries first, so that what comes later fills gaps only."""

    def __init__(self, exclusion: Exclusion, owns: Callable[[Target], bool] | None) -> None:
        self._exclusion = exclusion
        self._owns = owns
        self._portions: list[Portion] = []
        self._networks: list[tuple[int, int, Network]] = []
        """Width, number of the portion, network."""
        self._marks = {kind: Marks(kind) for kind in SCRAMBLING}
        self._domains: dict[str, int] = {}
        self._shares: list[Share | tuple[int, int]] = []
        """By number; a pair of numbers is the share of who has both."""
        self._numbers: dict[Share, int] = {}
        self._together: dict[tuple[int, int], int] = {}
        """The share of two shares."""
        self._special = False

    def plan(self, portion: Portion) -> None:
        """Take its single targets now, its networks when all single ones are there."""
        share = self._number(Share((portion.origin,), portion.labels))
        given = portion.members
        self._special = self._special or given.special
        for kind, numbers in ((Kind.IPV4, given.ipv4), (Kind.IPV6, given.ipv6)):
            excluded = self._exclusion.spans[kind]
            kept = [number for number in numbers if number not in excluded] if excluded.firsts else numbers
            scrambled = SCRAMBLING[kind].code
            self._mark(kind, [scrambled(number) for number in kept], share)
        if self._exclusion.takes_domains:
            self._mark_domains([domain for domain in given.domains if domain not in self._exclusion.domains], share)
        for network in given.networks:
            self._networks.append((network.max_prefixlen - network.prefixlen, len(self._portions), network))
        self._portions.append(portion)

    def roster(self) -> Roster:
        """All that was planned."""
        for _, number, network in sorted(self._networks, key=lambda planned: planned[:2]):
            portion = self._portions[number]
            kind = kind_of(network)
            share = self._number(Share((portion.origin or str(network),), portion.labels))
            codes = SCRAMBLING[kind].codes
            for first, last in self._exclusion.spans[kind].outside(*_range(network)):
                for start in range(first, last + 1, _AT_ONCE):
                    self._mark(kind, codes(start, min(last, start + _AT_ONCE - 1)), share)
        found: list[Segment] = [marks.addresses() for marks in self._marks.values() if marks]
        if self._domains:
            names = sorted(self._domains)
            found.append(Domains(tuple(names), array("I", map(self._domains.__getitem__, names))))
        return Roster(tuple(found), self._renumbered(found), self._special)

    def _renumbered(self, segments: Iterable[Segment]) -> tuple[Share, ...]:
        """The shares that targets have, after their numbers were made those of these."""
        used: dict[int, int] = {}
        shares: dict[Share, int] = {}
        for segment in segments:
            for number in set(segment.shares) - used.keys():
                used[number] = shares.setdefault(self._share(number), len(shares))
            for place, number in enumerate(segment.shares):
                segment.shares[place] = used[number]
        return tuple(shares)

    def _mark(self, kind: Kind, codes: list[int], share: int) -> None:
        """The target of each code has this share too."""
        if self._owns is not None:
            owns = self._owns
            codes = [code for code in codes if owns(target_of(kind, code))]
        self._marks[kind].mark(codes, share, self._both)

    def _mark_domains(self, domains: list[str], share: int) -> None:
        for domain in domains:
            if self._owns is None or self._owns(Target(domain, Kind.DOMAIN)):
                before = self._domains.get(domain)
                self._domains[domain] = share if before is None else self._both(before, share)

    def _both(self, before: int, later: int) -> int:
        """The number of the share of who has two. It is made a share when all is gathered: of the chains that lead to one, which
        may be as many as there are entries, only their ends are anybody's."""
        if before == later:
            return before
        both = self._together.get((before, later))
        if both is None:
            both = self._together[before, later] = len(self._shares)
            self._shares.append((before, later))
        return both

    def _number(self, share: Share) -> int:
        number = self._numbers.setdefault(share, len(self._shares))
        if number == len(self._shares):
            self._shares.append(share)
        return number

    def _share(self, number: int) -> Share:
        """All origins, and of labels those that came first."""
        chain: list[Share] = []
        waiting = [number]
        while waiting:
            found = self._shares[waiting.pop()]
            if isinstance(found, Share):
                chain.append(found)
            else:
                waiting += reversed(found)
        origins = dict.fromkeys(origin for share in chain for origin in share.origins)
        labels: dict[str, str] = {}
        for share in chain:
            labels = dict(share.labels) | labels
        return Share(tuple(origins), tuple(sorted(labels.items())))
