"""What is on its way to one resolver.

Rules:

1. A lookup may have several flights, each with an ID and a socket of its own, and an answer to any of them counts.
2. A flight holds a place in the window while it is probably on the wire: until it lands, is lost (its time is up) or is refused.
   A lost one stays known, so that a late answer is still an answer.
3. After a refusal (ICMP: nobody listens) the resolver is left alone for a moment, and the window starts small.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf
from typing import Generic, TypeVar

from exporter.providers.resolvers import Address
from exporter.providers.sockets import Port, Ports
from exporter.providers.window import Window
from exporter.providers.wire import Suffix
from exporter.verdict import Answer, Cause, Failure

_PAUSE_SECONDS = 0.1

T_co = TypeVar("T_co", covariant=True)


@dataclass(slots=True, eq=False)
class Lookup(Generic[T_co]):
    """One question and whom to tell: ``done`` gets ``token``, the answer, and the seconds since the first flight left."""

    prefix: bytes
    suffix: Suffix
    token: T_co
    done: Callable[[T_co, Answer, float], None]
    question: bytes = b""
    started: float = 0.0
    flight: "Flight | None" = None
    """The latest."""
    trouble: "Trouble | None" = None
    mismatched: bool = False
    """Whether a packet came that was no answer to it but looked for it."""
    over: bool = False


@dataclass(slots=True, eq=False)
class Flight:
    """One packet that asks, and where its answer must come."""

    lookup: Lookup[object]
    upstream: "Upstream"
    port: Port["Flight"]
    identity: bytes
    sent_at: float
    earlier: "Flight | None"
    out: bool = True
    """Whether it holds a place in the window."""


@dataclass(slots=True, eq=False)
class Trouble:
    """What went wrong with a lookup: only few have one."""

    deadline: float
    flights: int = 1
    refusals: int = 0
    last: "Upstream | None" = None
    erred: "set[Upstream]" = field(default_factory=set)
    """Those that answered an error."""
    error: Failure | None = None

    def ending(self, lookup: Lookup[object]) -> Failure:
        """What to say when no more is to be hoped for: the most telling of what was seen."""
        if self.error is not None:
            return self.error
        if lookup.mismatched:
            return Failure(Cause.MALFORMED)
        return Failure(Cause.NETWORK if self.refusals >= self.flights else Cause.TIMEOUT)


class Upstream:
    """One resolver: sockets, window and flights. ``readable`` is called with each socket that has something to read."""

    __slots__ = ("_first", "_paused_until", "_ports", "address", "failing", "heard_at", "in_flight", "window")

    def __init__(self, address: Address, readable: Callable[[Port[Flight]], None]) -> None:
        self.address = address
        self.window = Window()
        self.in_flight = 0
        self.heard_at = -inf
        self.failing = False
        """Whether the last thing known of it is a failure."""
        self._ports = Ports(address, readable)
        self._first: deque[Flight] = deque()
        self._paused_until = -inf

    def room(self, now: float) -> int:
        """How many flights may leave."""
        return 0 if now < self._paused_until else self.window.size - self.in_flight

    def port(self, choice: int, now: float) -> Port[Flight]:
        """The socket for a random number. Raises ``OSError`` if there is no way to the resolver."""
        return self._ports.pick(choice, now)

    def launch(self, lookup: Lookup[object], port: Port[Flight], identity: bytes, now: float) -> None:
        """Expect the answer to a packet that leaves now."""
        flight = lookup.flight = port.waiting[identity] = Flight(lookup, self, port, identity, now, lookup.flight)
        self.in_flight += 1
        if lookup.trouble is None:
            self._first.append(flight)

    def landed(self, flight: Flight, now: float) -> None:
        """Its answer came."""
        self.heard_at = now
        if not flight.out and flight.earlier is None:
            self.window.late()
        self.window.answered(now - flight.sent_at, now)

    def lost(self, flight: Flight) -> None:
        """Its answer is not there in time."""
        if flight.out:
            flight.out = False
            self.in_flight -= 1

    def recall(self, flight: Flight) -> None:
        """Its answer is of no interest any more."""
        flight.port.waiting.pop(flight.identity, None)
        if flight.out:
            flight.out = False
            self.in_flight -= 1

    def overdue(self, now: float, longest: float) -> Iterator[Flight]:
        """Flights of lookups without trouble whose answer should be there by now, or after ``longest`` seconds."""
        self.forget()
        while self._first and self._first[0].sent_at <= now - min(self.window.timeout, longest):
            yield self._first.popleft()
            self.forget()

    def forget(self) -> None:
        """Let go of first flights that have landed: what is kept for long, the garbage collector looks through again and
        again."""
        first = self._first
        while first and not first[0].out:
            first.popleft()

    def refused(self, now: float) -> None:
        """Nobody listens there."""
        self.window.shrink()
        self._paused_until = now + _PAUSE_SECONDS

    def tidy(self) -> None:
        self._ports.tidy()

    def close(self) -> None:
        self._ports.close()
        self._first.clear()
