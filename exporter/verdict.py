"""What an answer means: :func:`judge` turns an ``Answer`` into a ``Verdict``, by one table.

=============================================  ================================================================
answer                                         verdict
=============================================  ================================================================
NXDOMAIN                                       NotListed
NOERROR without A, target is an address        Unknown(no_data): a resolver with rebinding protection makes this
                                               of a listing
NOERROR without A, target is a domain          NotListed: an empty non-terminal
any A outside 127/8                            Unknown(bogus), the whole answer
any refusal code                               Unknown(refused), the whole answer
only neutral codes                             NotListed
other codes in 127/8                           Listed, by sublists
anything else                                  Unknown(cause)
=============================================  ================================================================

Rules:

1. Unknown is not clean. Nothing but NXDOMAIN, a domain's empty answer or a neutral code is ever NotListed.
2. A code that stands in no row of the table is a listing all the same, on a sublist named by the code.
3. RFC 5782 §6 takes any A record for a listing. Operators have answered refused queries with A records since 2019, so the list's
   own table decides here.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address
from typing import assert_never

from exporter.blocklist import LISTING_NETWORK, Bit, Blocklist, Pattern, Span
from exporter.target import Kind

_BITS_UNDER = 0x7F0000
"""The first three octets, 127.0.0, of a code whose last octet is read by bits."""


class Cause(StrEnum):
    """Why nothing was learned. Closed, so it is safe as a label value."""

    TIMEOUT = "timeout"
    NETWORK = "network"
    SERVFAIL = "servfail"
    REFUSED_RCODE = "refused_rcode"
    FORMERR = "formerr"
    OTHER_RCODE = "other_rcode"
    MALFORMED = "malformed"
    """Only packets that are no answer to our question came: garbage, a wrong ID, another question."""
    NO_DATA = "no_data"
    BOGUS = "bogus"
    REFUSED = "refused"
    UNHEALTHY = "unhealthy"
    """The list fails its own test entries."""
    INTERNAL = "internal"
    """A defect of ours, logged where it happened."""

    @property
    def is_silence(self) -> bool:
        """Whether nobody has answered at all, so that the resolver is to blame as likely as who was asked about."""
        return self in (Cause.TIMEOUT, Cause.NETWORK)


@dataclass(frozen=True, slots=True)
class Codes:
    """NOERROR with A records; the addresses are codes and are never connected to."""

    addresses: tuple[IPv4Address, ...]


@dataclass(frozen=True, slots=True)
class Absent:
    """NXDOMAIN."""


@dataclass(frozen=True, slots=True)
class NoData:
    """NOERROR without an A record."""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer to the question."""

    cause: Cause


Answer = Codes | Absent | NoData | Failure


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """One sublist that the target is on, and the codes that said so, sorted."""

    sublist: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """``hits`` is sorted by sublist and never empty."""

    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class NotListed:
    pass


@dataclass(frozen=True, slots=True)
class Unknown:
    cause: Cause


Verdict = Listed | NotListed | Unknown


def judge(blocklist: Blocklist, kind: Kind, answer: Answer) -> Verdict:
    """What ``answer`` says about a target of this kind; the kind matters for NOERROR without A on lists that hold both."""
    match answer:
        case Absent():
            return NotListed()
        case NoData() | Codes(()):
            return NotListed() if kind is Kind.DOMAIN else Unknown(Cause.NO_DATA)
        case Failure(cause):
            return Unknown(cause)
        case Codes(addresses):
            return _judge_codes(blocklist, addresses)
        case _:
            assert_never(answer)


def _judge_codes(blocklist: Blocklist, addresses: tuple[IPv4Address, ...]) -> Verdict:
    if any(address not in LISTING_NETWORK for address in addresses):
        return Unknown(Cause.BOGUS)
    if any(_matches(address, blocklist.refusal_codes) for address in addresses):
        return Unknown(Cause.REFUSED)
    found: dict[str, set[IPv4Address]] = defaultdict(set)
    for address in addresses:
        for sublist in _sublists(blocklist, address):
            found[sublist].add(address)
    if not found:
        return NotListed()
    return Listed(tuple(sorted(Hit(name, tuple(str(code) for code in sorted(codes))) for name, codes in found.items())))


def _matches(code: IPv4Address, patterns: Iterable[Pattern]) -> bool:
    return any(code in pattern for pattern in patterns)


def _sublists(blocklist: Blocklist, code: IPv4Address) -> tuple[str, ...]:
    """The sublists a code names; none if it is neutral."""
    spans = [row.sublist.name for row in blocklist.codes if isinstance(row.pattern, Span) and code in row.pattern]
    if spans:
        return tuple(spans)
    if _matches(code, [pattern for pattern in blocklist.neutral_codes if isinstance(pattern, Span)]):
        return ()
    patterns = (*(row.pattern for row in blocklist.codes), *blocklist.neutral_codes)
    if any(isinstance(pattern, Bit) for pattern in patterns) and int(code) >> 8 == _BITS_UNDER and int(code) & 0xFF:
        return _sublists_by_bits(blocklist, int(code))
    return (_unnamed(blocklist, code),)


def _sublists_by_bits(blocklist: Blocklist, code: int) -> tuple[str, ...]:
    """Each bit on its own; a bit in no row names its sublist by the code of that bit alone, so the name does not depend on
    which other bits happen to be set."""
    names = []
    for bit in (1 << place for place in range(8) if code & 1 << place):
        alone = LISTING_NETWORK.network_address + bit
        rows = [row.sublist.name for row in blocklist.codes if isinstance(row.pattern, Bit) and alone in row.pattern]
        if not rows and not _matches(alone, blocklist.neutral_codes):
            rows = [_unnamed(blocklist, alone)]
        names += rows
    return tuple(names)


def _unnamed(blocklist: Blocklist, code: IPv4Address) -> str:
    """The sublist of a code in no row."""
    return str(code) if blocklist.codes else blocklist.default.name
