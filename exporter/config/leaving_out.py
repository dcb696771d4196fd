"""What of a file's targets no list takes.

Rules:

1. Addresses are only looked for: they are left out where all targets are put together. Domains that no list can hold are left out
   here, where each is looked at.
2. A few of them are named, however many there are: the first in order, so that a file that is written in another order says
   nothing new.
"""

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from itertools import chain

from exporter import special
from exporter.blocklist import Blocklist
from exporter.config.outlook import taken_by
from exporter.config.sifting import Sieve
from exporter.config.written import SPECIAL
from exporter.expansion import Reason, Skipped
from exporter.portions import Exclusion, Members, kind_of
from exporter.roster import SCRAMBLING, target_of
from exporter.target import IP_VERSION, Kind, Network, Target

_SHOWN = 10


def left_out(sieves: Sequence[Sieve], lists: Sequence[Blocklist]) -> tuple[Skipped, ...]:
    """What is left out, and why. Takes the domains that no list can hold out of the sieves."""
    taken = taken_by(lists)
    found: list[Skipped] = []
    for kind in (Kind.IPV4, Kind.IPV6):
        numbers = [sieve.ipv4 if kind is Kind.IPV4 else sieve.ipv6 for sieve in sieves]
        if kind not in taken.kinds:
            found += _untaken(kind, numbers, sieves)
        elif kind not in taken.special:
            found += _special(kind, numbers, sieves, Exclusion.of(Members(), taken))
    return (*found, *_domains(sieves, [blocklist for blocklist in lists if Kind.DOMAIN in blocklist.kinds]))


def _untaken(kind: Kind, numbers: Sequence[Sequence[int]], sieves: Sequence[Sieve]) -> Iterator[Skipped]:
    networks = _networks(kind, sieves)
    few = [*_texts(kind, nsmallest(_SHOWN, chain(*numbers))), *map(str, networks[:_SHOWN])]
    return _skipped(sum(map(len, numbers)) + len(networks), few, Reason.NO_LIST, _no_list(kind))


def _special(kind: Kind, numbers: Sequence[Sequence[int]], sieves: Sequence[Sieve], untaken: Exclusion) -> Iterator[Skipped]:
    version = IP_VERSION[kind]
    # One by one: to sort a million numbers is one step for Python, and would hold up all threads.
    found = [number for each in numbers for number in each if special.is_special(version, number)]
    left = [(network, network.num_addresses - untaken.leaves(network)) for network in _networks(kind, sieves)]
    parts = [f"{number:,} addresses of {network}" for network, number in left if number]
    few = [*_texts(kind, nsmallest(_SHOWN, found)), *parts[:_SHOWN]]
    why = f"Of {SPECIAL} addresses only a list with `non_global: true` is asked, and none of these takes them."
    return _skipped(len(found) + len(parts), few, Reason.NOT_GLOBAL, why)


def _domains(sieves: Sequence[Sieve], lists: Sequence[Blocklist]) -> Iterator[Skipped]:
    lost: list[str] = []
    quick_first = sorted(lists, key=lambda blocklist: blocklist.registrable)
    for sieve in sieves:
        kept = [name for name in sieve.domains if _held(name, quick_first)]
        if len(kept) < len(sieve.domains):
            lost += set(sieve.domains).difference(kept)
            sieve.domains = kept
    why = "None of the lists can hold it: it is a public suffix, or its name is too long." if lists else _no_list(Kind.DOMAIN)
    return _skipped(len(lost), nsmallest(_SHOWN, lost), Reason.NO_LIST, why)


def _held(name: str, lists: Sequence[Blocklist]) -> bool:
    target = Target(name, Kind.DOMAIN)
    return any(blocklist.accepts(target) for blocklist in lists)


def _no_list(kind: Kind) -> str:
    return f"No configured list takes {kind} targets."


def _networks(kind: Kind, sieves: Sequence[Sieve]) -> list[Network]:
    of_kind = (network for sieve in sieves for network in sieve.networks if kind_of(network) is kind)
    return sorted(of_kind, key=lambda network: (int(network.network_address), network.prefixlen))


def _texts(kind: Kind, numbers: Iterable[int]) -> Iterator[str]:
    return (target_of(kind, SCRAMBLING[kind].code(number)).text for number in numbers)


def _skipped(count: int, few: Sequence[str], reason: Reason, why: str) -> Iterator[Skipped]:
    for what in few[:_SHOWN]:
        yield Skipped(reason, what, why)
    if count > _SHOWN:
        yield Skipped(reason, f"{count - _SHOWN:,} more", why, count - _SHOWN)
