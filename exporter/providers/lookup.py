"""A question on its way: the lookup, the packets that ask it, and what went wrong with it.

Rules:

1. A lookup may have several flights, each with an ID, a socket and a spelling of its own, and an answer to any of them counts.
   Only the latest can hold a place in the window of its resolver.
2. Most lookups end with their first flight. Only the others have a :class:`Trouble`.
3. A question may hold a key, so nothing here has a ``repr`` that shows it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from exporter.providers.sockets import Port
from exporter.providers.wire import Suffix
from exporter.verdict import Answer, Cause, Failure

if TYPE_CHECKING:
    from exporter.providers.upstream import Upstream

T_co = TypeVar("T_co", covariant=True)

_HEADER_OCTETS = 12


@dataclass(slots=True, eq=False, repr=False)
class Lookup(Generic[T_co]):
    """One name and whom to tell: ``done`` gets ``token``, the answer, and the seconds since the first flight left."""

    prefix: bytes
    suffix: Suffix
    token: T_co
    done: Callable[[T_co, Answer, float], None]
    started: float = 0.0
    flight: Flight | None = None
    """The latest."""
    trouble: Trouble | None = None
    mismatched: bool = False
    """Whether a packet came for it that was no answer to it."""
    odd: bytes = b""
    """The answer to it, if that is for others to read."""
    over: bool = False


@dataclass(slots=True, eq=False, repr=False)
class Flight:
    """One packet that asks, and where its answer must come."""

    lookup: Lookup[object]
    upstream: Upstream
    port: Port[Flight]
    identity: bytes
    question: bytes
    sent_at: float
    earlier: Flight | None
    out: bool = True
    """Whether it is probably on the wire, and so holds a place in the window."""


@dataclass(slots=True, eq=False, repr=False)
class Trouble:
    """What went wrong with a lookup so far; ``last`` was asked last."""

    deadline: float
    last: Upstream | None
    attempts: int = 1
    refusals: int = 0
    erred: set[Upstream] = field(default_factory=set)
    """Those that answered an error."""
    error: Failure | None = None


def settle(lookup: Lookup[object]) -> None:
    """Expect nothing more for it."""
    lookup.over = True
    flight, lookup.flight = lookup.flight, None
    while flight is not None:
        flight.upstream.recall(flight)
        flight = flight.earlier


def ending(lookup: Lookup[object]) -> Failure:
    """What to say when there is nothing more to hope for: the most telling of what was seen."""
    trouble = lookup.trouble
    if trouble is not None and trouble.error is not None:
        return trouble.error
    if lookup.mismatched:
        return Failure(Cause.MALFORMED)
    if trouble is not None and trouble.refusals >= trouble.attempts:
        return Failure(Cause.NETWORK)
    return Failure(Cause.TIMEOUT)


def blame(port: Port[Flight], packet: bytes) -> None:
    """A packet without an ID that is known there came for the lookup whose question it repeats; one too short to tell, for the
    only one that waits there, or for none."""
    alone = len(port.waiting) == 1
    for flight in port.waiting.values():
        if (alone and len(packet) < _HEADER_OCTETS) or packet.startswith(flight.question, _HEADER_OCTETS):
            flight.lookup.mismatched = True
