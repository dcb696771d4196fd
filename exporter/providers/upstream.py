"""What is on its way to one resolver.

Rules:

1. A flight holds a place in the window while it is probably on the wire: until it lands, its time is up, or it is refused, and
   not while its lookup waits to be asked again. One whose time is up stays known, so that a late answer is an answer.
2. After a refusal (ICMP: nobody listens) the resolver is left alone for a moment, and the window starts small.
"""

from collections import deque
from collections.abc import Callable, Iterator
from math import inf

from exporter.providers.lookup import Flight, Lookup
from exporter.providers.resolvers import Address
from exporter.providers.sockets import Port, Ports
from exporter.providers.window import Window
from exporter.providers.wire import Suffix

_PAUSE_SECONDS = 0.1
_SILENT_SECONDS = 0.5


class Upstream:
    """One resolver: sockets, window and flights. ``readable`` is called with each socket that has something to read."""

    __slots__ = ("_flights", "_heard_at", "_paused_until", "_ports", "address", "failing", "in_flight", "spell", "window")

    def __init__(self, address: Address, readable: Callable[[Port[Flight]], None], *, mixed_case: bool = True) -> None:
        self.address = address
        self.spell = Suffix.mixed if mixed_case else Suffix.as_is
        """How it is asked for a zone. One that does not repeat the case of a question can only be asked in lower case."""
        self.window = Window()
        self.in_flight = 0
        self.failing = False
        """Whether the latest thing known of it is a failure."""
        self._ports = Ports(address, readable)
        self._flights: deque[Flight] = deque()
        self._heard_at = -inf
        self._paused_until = -inf

    def paused(self, now: float) -> bool:
        return now < self._paused_until

    def silent(self, now: float) -> bool:
        """Whether it has said nothing for longer than a lost packet explains."""
        return now - self._heard_at > _SILENT_SECONDS

    def room(self, now: float) -> int:
        """How many flights may leave."""
        return 0 if now < self._paused_until else self.window.size - self.in_flight

    def port(self, choice: int, now: float) -> Port[Flight]:
        """The socket for a random number. Raises ``OSError`` if there is no way to the resolver."""
        return self._ports.pick(choice, now)

    def launch(self, lookup: Lookup[object], port: Port[Flight], identity: bytes, question: bytes, now: float) -> None:
        """Expect the answer to a packet that leaves now."""
        flight = lookup.flight = port.waiting[identity] = Flight(lookup, self, port, identity, question, now, lookup.flight)
        self._flights.append(flight)
        self.in_flight += 1

    def landed(self, flight: Flight, now: float) -> None:
        """Its answer came."""
        self._heard_at = now
        if not flight.out and flight.earlier is None:
            self.window.late()
        self.window.answered(now - flight.sent_at, now)

    def lost(self, flight: Flight, now: float) -> None:
        """Its time is up."""
        flight.out = False
        self.in_flight -= 1
        if flight.lookup.trouble is None:
            self.window.lost(now)

    def recall(self, flight: Flight) -> None:
        """Nothing more is expected of it."""
        flight.port.waiting.pop(flight.identity, None)
        if flight.out:
            flight.out = False
            self.in_flight -= 1

    def refused(self, now: float) -> None:
        """Nobody listens there."""
        self.window.shrink()
        self._paused_until = now + _PAUSE_SECONDS

    def overdue(self, now: float, longest: float) -> Iterator[Flight]:
        """Flights whose time is up; it is never more than ``longest``."""
        self.forget()
        before = now - min(self.window.timeout, longest)
        while self._flights and self._flights[0].sent_at <= before:
            yield self._flights.popleft()
            self.forget()

    def forget(self) -> None:
        """Let go of flights that have landed: the garbage collector looks again and again through what is kept for long."""
        flights = self._flights
        while flights and not flights[0].out:
            flights.popleft()

    def tidy(self) -> None:
        self._ports.tidy()

    def close(self) -> None:
        self._ports.close()
        self._flights.clear()
