"""A DNS client for the A queries of blocklist checks, at wire speed.

Rules:

1. Work comes by :meth:`Client.submit` and its answer by a callback: a future for each would cost as much as the query. What the
   window of the resolver does not let out yet waits in order.
2. The first resolver that is not rested is asked (see ``resolvers``). What it loses, refuses or answers with an error goes to
   the next, round and round, until the patience with the lookup is over; an answer to any of its flights counts.
3. Packets that are no answer are dropped and the wait goes on: a forger can neither answer for a list nor make it fail.
4. A reply that is :data:`~exporter.providers.wire.ODD` is left to ``slow``.
5. Nothing raises: not into the loop, and not what a callback raises.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from exporter.providers.alarms import Alarms
from exporter.providers.detours import Detour, Detours, Slow
from exporter.providers.dice import Dice
from exporter.providers.resolvers import Address, Resolvers
from exporter.providers.sockets import Port
from exporter.providers.upstream import Flight, Lookup, Trouble, Upstream
from exporter.providers.wire import ODD, Odd, Suffix, query, read
from exporter.verdict import Answer, Failure

_log = logging.getLogger(__name__)

_TICK_SECONDS = 0.005
_SILENT_SECONDS = 0.5
_LOOKS = 16

T = TypeVar("T")


class Client:
    """Asks a set of resolvers. An attempt lasts ``patience`` seconds and there are ``attempts``: so long together may a lookup
    take from its first packet. ``clock`` gives seconds that never jump."""

    def __init__(
        self,
        addresses: tuple[Address, ...],
        patience: float,
        attempts: int,
        *,
        clock: Callable[[], float],
        slow: Slow,
        mixed_case: bool = True,
    ) -> None:
        self.resolvers = Resolvers(addresses)
        self._patience = patience * attempts
        self._most_refusals = attempts * len(set(addresses))
        self._clock = clock
        self._spell = Suffix.mixed if mixed_case else Suffix.as_is
        self._dice = Dice()
        self._upstreams = {address: Upstream(address, self._readable) for address in addresses}
        self._usable = list(self._upstreams.values())
        self._waiting: deque[Lookup[object]] = deque()
        self._again: deque[Lookup[object]] = deque()
        self._alarms = Alarms()
        self._detours = Detours(slow)
        self._asking: set[asyncio.Future[tuple[Answer, float]]] = set()
        self._unanswered = 0
        self._pump_due = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def in_flight(self) -> int:
        """How many packets are probably on the wire."""
        return sum(upstream.in_flight for upstream in self._upstreams.values())

    @property
    def waiting(self) -> int:
        """How many lookups have no answer yet and nothing on the wire."""
        return self._unanswered - self.in_flight

    @property
    def room(self) -> int:
        """How many more lookups keep the window full for another round trip. What waits to be asked again does not count."""
        window = self._usable[0].window
        return max(0, 2 * window.size - self.in_flight - len(self._waiting))

    def submit(self, prefix: bytes, suffix: Suffix, token: T, done: Callable[[T, Answer, float], None]) -> None:
        """Ask for ``prefix`` under ``suffix``; ``done`` gets the token, the answer and the seconds it took. Not after
        :meth:`close`."""
        lookup = Lookup(prefix, suffix, token, done)
        self._waiting.append(lookup)
        self._unanswered += 1
        if not self._pump_due:
            self._wake()

    async def ask(self, prefix: bytes, suffix: Suffix) -> tuple[Answer, float]:
        """One answer and the seconds it took, ahead of all that waits. Cancelled by :meth:`close`."""
        future: asyncio.Future[tuple[Answer, float]] = asyncio.get_running_loop().create_future()
        self._asking.add(future)
        future.add_done_callback(self._asking.discard)
        lookup = Lookup(prefix, suffix, future, _resolve)
        self._waiting.appendleft(lookup)
        self._unanswered += 1
        self._wake()
        return await future

    def close(self) -> None:
        """Close all sockets. Nobody is told of what is unanswered."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for upstream in self._upstreams.values():
            upstream.close()
        self._detours.close()
        for future in self._asking:
            future.cancel()
        self._waiting.clear()
        self._again.clear()
        self._alarms.clear()
        self._unanswered = 0

    # ---- out

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        self._pump_due = True
        loop.call_soon(self._pump)
        if self._timer is None:
            self._timer = loop.call_later(_TICK_SECONDS, self._tick)

    def _pump(self) -> None:
        """Send what the windows let out, repetitions first."""
        self._pump_due = False
        if self._closed:
            return
        now = self._clock()
        while self._again:
            lookup = self._again[0]
            upstream = None if lookup.over else self._next(lookup, now)
            if upstream is None and not lookup.over:
                break
            self._again.popleft()
            if upstream is not None:
                self._send(lookup, upstream)
        upstream = self._usable[0]
        waiting = self._waiting
        room = upstream.room(now)
        if len(waiting) > room:
            upstream.window.full = True
        upstream.forget()
        for _ in range(min(room, len(waiting))):
            self._send(waiting.popleft(), upstream)

    def _send(self, lookup: Lookup[object], upstream: Upstream) -> None:
        identity, choice, case = self._dice.throw()
        now = self._clock()
        trouble = lookup.trouble
        if trouble is None:
            lookup.question = lookup.prefix + self._spell(lookup.suffix, case)
            lookup.started = now
        else:
            trouble.last = upstream
            trouble.flights += 1
        lookup.suffix.sent += 1
        try:
            port = upstream.port(choice, now)
        except OSError:
            self._refuse(lookup, upstream, now)
            return
        while identity in port.waiting:
            identity = self._dice.throw()[0]
        upstream.launch(lookup, port, identity, now)
        if trouble is not None:
            # Doubled for each flight (RFC 6298 §5.5).
            self._alarms.set(now + upstream.window.timeout * 2 ** (trouble.flights - 1), (lookup, lookup.flight))
        if not port.send(query(identity, lookup.question)):
            self._refused(port, now)

    def _next(self, lookup: Lookup[object], now: float) -> Upstream | None:
        """The resolver to ask next: the one after the last, if it has room and has not answered an error."""
        trouble, usable = self._troubled(lookup), self._usable
        start = usable.index(trouble.last) + 1 if trouble.last in usable else 0
        for upstream in (*usable[start:], *usable[:start]):
            if upstream not in trouble.erred and upstream.room(now) > 0:
                return upstream
        return None

    # ---- in

    def _readable(self, port: Port[Flight]) -> None:
        self._pump_due = True
        self._take(port)
        self._pump()

    def _take(self, port: Port[Flight]) -> bool:
        """Read from a socket; whether there was anything."""
        packets, refused = port.read()
        now = self._clock()
        waiting = port.waiting
        for packet in packets:
            flight = waiting.get(packet[:2])
            if flight is None:
                _blame(port, packet)
                continue
            reading = read(packet, flight.lookup.question)
            if reading is None:
                flight.lookup.mismatched = True
            else:
                self._landed(flight, reading, now)
        if refused:
            self._refused(port, now)
        return bool(packets)

    def _landed(self, flight: Flight, reading: Answer | Odd, now: float) -> None:
        upstream = flight.upstream
        upstream.landed(flight, now)
        if upstream.failing:
            self._recovered(upstream, now)
        if reading is ODD:
            self._go_round(flight)
        elif isinstance(reading, Failure):
            self._erred(flight, reading, now)
        else:
            self._conclude(flight.lookup, reading, now)

    def _erred(self, flight: Flight, failure: Failure, now: float) -> None:
        """A resolver answered an error: the next is asked, if there is one."""
        lookup, upstream = flight.lookup, flight.upstream
        if len(self._usable) == 1:
            self._conclude(lookup, failure, now)
            return
        upstream.recall(flight)
        trouble = self._troubled(lookup)
        trouble.error = failure
        trouble.erred.add(upstream)
        if trouble.erred.issuperset(self._usable):
            self._conclude(lookup, failure, now)
        elif flight is lookup.flight:
            self._retry(lookup, now)

    def _go_round(self, flight: Flight) -> None:
        lookup = flight.lookup
        self._settle(lookup)
        name = lookup.prefix + lookup.suffix.name
        self._detours.take(Detour(name, flight.upstream.address, partial(self._arrived, lookup)))

    def _arrived(self, lookup: Lookup[object], answer: Answer) -> None:
        self._tell(lookup, answer, self._clock())

    def _conclude(self, lookup: Lookup[object], answer: Answer, now: float) -> None:
        self._settle(lookup)
        self._tell(lookup, answer, now)

    def _settle(self, lookup: Lookup[object]) -> None:
        """Expect nothing more for it."""
        lookup.over = True
        flight, lookup.flight = lookup.flight, None
        while flight is not None:
            flight.upstream.recall(flight)
            flight = flight.earlier

    def _tell(self, lookup: Lookup[object], answer: Answer, now: float) -> None:
        self._unanswered -= 1
        try:
            lookup.done(lookup.token, answer, now - lookup.started)
        except Exception as defect:  # noqa: BLE001 - a defect of the caller must not end the client
            _log.error("defect", extra={"fields": {"doing": "telling an answer", "error": type(defect).__name__}})

    # ---- trouble

    def _tick(self) -> None:
        self._pump_due = True
        now = self._clock()
        for upstream in self._upstreams.values():
            for flight in upstream.overdue(now, self._patience):
                if self._missing(flight):
                    upstream.window.lost(now)
                    self._lost(flight, now)
            upstream.tidy()
        for lookup, late in self._alarms.due(now):
            self._ring(lookup, late, now)
        self._rank(now)
        self._pump()
        again = self._unanswered and not self._closed
        self._timer = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick) if again else None

    def _ring(self, lookup: Lookup[object], late: Flight | None, now: float) -> None:
        if lookup.over:
            return
        if late is None:
            if lookup.flight is None or self._missing(lookup.flight) or not lookup.over:
                self._conclude(lookup, self._troubled(lookup).ending(lookup), now)
        elif late.out and self._missing(late):
            self._lost(late, now)

    def _missing(self, flight: Flight) -> bool:
        """Whether its answer has not come: it may be there unread, if the loop was held up."""
        for _ in range(_LOOKS):
            if not flight.out or not self._take(flight.port):
                break
        return flight.out

    def _lost(self, flight: Flight, now: float) -> None:
        upstream = flight.upstream
        upstream.lost(flight)
        if now - upstream.heard_at > _SILENT_SECONDS:
            self._failed(upstream, now)
        self._retry(flight.lookup, now)

    def _refused(self, port: Port[Flight], now: float) -> None:
        """Nobody listens at the other end of a socket: nothing that waits on it will land."""
        for flight in list(port.waiting.values()):
            was_out = flight.out
            flight.upstream.recall(flight)
            if was_out:
                self._refuse(flight.lookup, flight.upstream, now)

    def _refuse(self, lookup: Lookup[object], upstream: Upstream, now: float) -> None:
        upstream.refused(now)
        self._failed(upstream, now)
        trouble = self._troubled(lookup)
        trouble.refusals += 1
        if trouble.refusals >= self._most_refusals:
            self._conclude(lookup, trouble.ending(lookup), now)
        else:
            self._retry(lookup, now)

    def _retry(self, lookup: Lookup[object], now: float) -> None:
        trouble = self._troubled(lookup)
        if now >= trouble.deadline:
            self._conclude(lookup, trouble.ending(lookup), now)
        else:
            self._again.append(lookup)

    def _troubled(self, lookup: Lookup[object]) -> Trouble:
        if lookup.trouble is None:
            last = None if lookup.flight is None else lookup.flight.upstream
            lookup.trouble = Trouble(lookup.started + self._patience, last=last)
            self._alarms.set(lookup.trouble.deadline, (lookup, None))
        return lookup.trouble

    # ---- health

    def _failed(self, upstream: Upstream, now: float) -> None:
        upstream.failing = True
        self.resolvers.failed(upstream.address, now)
        self._rank(now)

    def _recovered(self, upstream: Upstream, now: float) -> None:
        upstream.failing = False
        self.resolvers.answered(upstream.address)
        self._rank(now)

    def _rank(self, now: float) -> None:
        """The first is asked; it and those that are up take what others fail at."""
        up = self.resolvers.up()
        first, *others = (self._upstreams[address] for address in self.resolvers.in_order(now))
        self._usable = [first, *(upstream for upstream in others if up[str(upstream.address)])]


def _blame(port: Port[Flight], packet: bytes) -> None:
    """Find out for which lookup a packet without an ID of ours came: one whose question it repeats, or, if it is too short to
    tell, each that waits on the socket."""
    for flight in port.waiting.values():
        if len(packet) < 12 or packet.startswith(flight.lookup.question, 12):
            flight.lookup.mismatched = True


def _resolve(future: asyncio.Future[tuple[Answer, float]], answer: Answer, seconds: float) -> None:
    if not future.done():
        future.set_result((answer, seconds))
