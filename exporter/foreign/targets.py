"""What becomes of each target that the files name.

Rules:

1. Addresses and networks stay as they are. A name is a host, whose addresses are watched, or a domain, or both.
2. A name that may be either is what the lists can be asked about: a host if they take addresses, a domain if they take no
   address. It is both if there are addresses' lists beside a file of lists of domains, and no targets that are meant for those:
   dnsbl_exporter checks its targets on both then.
3. What cannot be watched is refused with the reason: it must not look watched.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import ip_network
from typing import assert_never

from exporter.blocklist import Blocklist
from exporter.config.outlook import taken_by
from exporter.config.written import SPECIAL, none_takes, only_non_global, read_single, why_not_accepted
from exporter.foreign.asked import AskedList, AskedTarget, NameMeans
from exporter.foreign.lists import keyed
from exporter.portions import MAX_TARGETS, Exclusion, Members, kind_of
from exporter.target import Kind, Network, Target, parse, parse_network

_NETWORK = re.compile("[0-9A-Fa-f:.]+/[0-9.]+")
_LONGEST = 1000
"""No name is this long; what is longer is not worth the work of telling what it is."""


@dataclass(frozen=True, slots=True)
class Watched:
    """An address, a network or a domain."""

    text: str
    remark: str = field(default="", compare=False)
    size: int = field(default=1, compare=False)
    """How many addresses it holds."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A name whose addresses are watched."""

    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Not watched; ``text`` is as it was written, or empty if it must not be repeated."""

    text: str
    remark: str


Fate = Watched | Resolved | Refused

_Read = Callable[[Target, Sequence[Blocklist]], Fate]


class Names(Enum):
    """What an open name is; the value is what to say of it."""

    HOSTS = "Names are hosts here: their addresses are looked up and watched, as check_rbl and dnsbl_exporter do."
    DOMAINS = "Names are domains here, since these lists take domains and no address."
    BOTH = "Names are watched as hosts (their addresses) and as domains, since some of the lists came as lists of domains."


def meaning_of_names(lists: Iterable[AskedList], asked: Iterable[AskedTarget], taken: Sequence[Blocklist]) -> Names:
    """What open names are among the targets ``asked``, given the lists as the files have them and those that are ``taken``."""
    addresses = _takes_addresses(taken)
    domains = any(Kind.DOMAIN in blocklist.kinds for blocklist in taken)
    if domains and not addresses:
        return Names.DOMAINS
    apart = any(each.name_means is NameMeans.DOMAIN for each in asked)
    if domains and any(each.of_domains for each in lists) and not apart:
        return Names.BOTH
    return Names.HOSTS


def fates(asked: Iterable[AskedTarget], lists: Sequence[Blocklist], names: Names) -> tuple[tuple[Fate, ...], int]:
    """What becomes of each, in their order and once; and how many were given again."""
    found: dict[Fate, None] = {}
    again, room = 0, MAX_TARGETS
    for each in asked:
        becomes = dict.fromkeys(_of(each, lists, names))
        again += becomes.keys() <= found.keys()
        for fate in (fate for fate in becomes if fate not in found):
            fitting = _fitting(fate, room, each)
            room -= fitting.size if isinstance(fitting, Watched) else 0
            found[fitting] = None
    return tuple(found), again


def _of(asked: AskedTarget, lists: Sequence[Blocklist], names: Names) -> Iterator[Fate]:
    text = asked.text.strip()
    try:
        if len(text) > _LONGEST:
            raise ValueError(f"is longer than {_LONGEST} characters")
        if network := _network(text):
            yield _range(text, network, lists)
        elif (target := _target(text)).kind is Kind.DOMAIN:
            for read in _readings(asked.name_means, names):
                yield read(target, lists)
        else:
            yield _watched(target, lists)
    except ValueError as error:
        yield Refused("" if keyed(text) else text, f"{asked.place}: {error}.")


def _fitting(fate: Fate, room: int, asked: AskedTarget) -> Fate:
    if isinstance(fate, Watched) and fate.size > room:
        return Refused(fate.text, f"{asked.place}: makes more than {MAX_TARGETS:,} targets with those before it.")
    return fate


def _target(text: str) -> Target:
    if keyed(text):
        raise ValueError("is the name of a list, perhaps with its key, which is not repeated here")
    return read_single(text)


def _readings(means: NameMeans, names: Names) -> Sequence[_Read]:
    match means:
        case NameMeans.HOST:
            return (_resolved,)
        case NameMeans.DOMAIN:
            return (_watched,)
        case NameMeans.OPEN:
            return _OPEN[names]
        case _:
            assert_never(means)


def _watched(target: Target, lists: Sequence[Blocklist]) -> Watched:
    if reason := why_not_accepted(target, lists):
        raise ValueError(reason)
    return Watched(target.text)


def _resolved(target: Target, lists: Sequence[Blocklist]) -> Resolved:
    if not _takes_addresses(lists):
        raise ValueError("is a host, and no list takes addresses: add one, such as zen.spamhaus.org")
    return Resolved(target.text)


_OPEN: Mapping[Names, Sequence[_Read]] = {
    Names.HOSTS: (_resolved,),
    Names.DOMAINS: (_watched,),
    Names.BOTH: (_resolved, _watched),
}


def _takes_addresses(lists: Iterable[Blocklist]) -> bool:
    return any(blocklist.kinds - {Kind.DOMAIN} for blocklist in lists)


def _network(text: str) -> Network | None:
    """The network that a text writes, if it writes one; the bits of an address in it are put to zero."""
    if not _NETWORK.fullmatch(text):
        return None
    try:
        written = str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("is not a valid network") from None
    return parse_network(written)


def _range(text: str, network: Network, lists: Sequence[Blocklist]) -> Watched:
    if network.num_addresses == 1:
        return _watched(parse(str(network.network_address)), lists)
    taken = taken_by(lists)
    if kind_of(network) not in taken.kinds:
        raise ValueError(none_takes(kind_of(network)))
    if not Exclusion.of(Members(), taken).leaves(network):
        raise ValueError(f"{network} is all {SPECIAL} addresses: {only_non_global('them')}")
    written = str(network)
    return Watched(written, "" if written == text else f"{written} was written as {text}.", network.num_addresses)
