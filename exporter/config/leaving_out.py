"""What of a file's targets no list takes, in sentences.

Rules:

1. Addresses are only counted: they are left out where all targets are put together. Domains that no list can hold are left out
   here, where each is looked at.
2. A sentence has a few examples, however many there are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from exporter import special
from exporter.blocklist import Blocklist
from exporter.config.outlook import taken_by
from exporter.config.sifting import Sieve
from exporter.config.written import SPECIAL, only_non_global
from exporter.portions import Exclusion, Members, kind_of
from exporter.roster import SCRAMBLING, target_of
from exporter.target import Kind, Target

_SHOWN = 10


def left_out(sieves: Sequence[Sieve], lists: Sequence[Blocklist]) -> tuple[str, ...]:
    """What is left out, and why. Takes the domains that no list can hold out of the sieves."""
    taken = taken_by(lists)
    sentences: list[str] = []
    for kind in (Kind.IPV4, Kind.IPV6):
        numbers = [sieve.ipv4 if kind is Kind.IPV4 else sieve.ipv6 for sieve in sieves]
        if kind not in taken.kinds:
            sentences += _untaken(kind, numbers, sieves)
        elif kind not in taken.special:
            sentences += _special(kind, numbers, sieves, Exclusion.of(Members(), taken))
    return (*sentences, *_domains(sieves, [blocklist for blocklist in lists if Kind.DOMAIN in blocklist.kinds]))


def _untaken(kind: Kind, numbers: Sequence[Sequence[int]], sieves: Sequence[Sieve]) -> Iterator[str]:
    networks = [network for sieve in sieves for network in sieve.networks if kind_of(network) is kind]
    count = sum(map(len, numbers)) + sum(network.num_addresses for network in networks)
    if count:
        few = [*_texts(kind, islice(chain(*numbers), _SHOWN)), *map(str, networks)]
        yield _sentence(count, f"no configured list takes {kind} targets", few)


def _special(kind: Kind, numbers: Sequence[Sequence[int]], sieves: Sequence[Sieve], untaken: Exclusion) -> Iterator[str]:
    found = [number for each in numbers for number in _special_of(kind, each)]
    networks = [network for sieve in sieves for network in sieve.networks if kind_of(network) is kind]
    left = [(network, network.num_addresses - untaken.leaves(network)) for network in networks]
    count = len(found) + sum(number for _, number in left)
    if count:
        few = [*_texts(kind, iter(found[:_SHOWN])), *(str(network) for network, number in left if number)]
        yield _sentence(count, f"{SPECIAL} addresses: {only_non_global('them')}", few)


def _special_of(kind: Kind, numbers: Sequence[int]) -> Iterator[int]:
    """Looked for by ranges in the sorted numbers, since there may be many."""
    ordered = sorted(numbers)
    for first, last in special.spans(4 if kind is Kind.IPV4 else 6):
        yield from ordered[bisect_left(ordered, first) : bisect_right(ordered, last)]


def _domains(sieves: Sequence[Sieve], lists: Sequence[Blocklist]) -> Iterator[str]:
    lost: list[str] = []
    for sieve in sieves:
        if not lists:
            lost += sieve.domains
            continue
        kept = [name for name in sieve.domains if _held(name, lists)]
        if len(kept) < len(sieve.domains):
            lost += set(sieve.domains).difference(kept)
            sieve.domains = kept
    if lost:
        why = "none of the lists can hold them" if lists else f"no configured list takes {Kind.DOMAIN} targets"
        yield _sentence(len(lost), why, lost)


def _held(name: str, lists: Sequence[Blocklist]) -> bool:
    target = Target(name, Kind.DOMAIN)
    return any(blocklist.accepts(target) for blocklist in lists)


def _texts(kind: Kind, numbers: Iterator[int]) -> Iterator[str]:
    return (target_of(kind, SCRAMBLING[kind].code(number)).text for number in numbers)


def _sentence(count: int, why: str, few: Sequence[str]) -> str:
    shown = ", ".join(few[:_SHOWN]) + (", …" if count > _SHOWN else "")
    return f"{count:,} {'target is' if count == 1 else 'targets are'} left out ({why}): {shown}"
