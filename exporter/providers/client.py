"""A DNS client for the queries of blocklist checks, at wire speed.

Rules:

1. Work comes by :meth:`Client.submit` and its answer by a callback: a future for each would cost as much as the query. What the
   window of the resolver does not let out yet waits in order.
2. What a resolver loses, refuses or answers with an error goes to the next, or to the same again, until the patience with the
   lookup is over. An answer to any of its packets counts.
3. Packets that are no answer are dropped and the wait goes on: a forger can neither answer for a list nor make it fail.
4. A reply that is :data:`~exporter.providers.wire.ODD` is left to ``slow``.
5. Nothing raises: not into the loop, and not what a callback raises.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Collection
from functools import partial
from typing import TypeVar

from exporter.providers.detours import Detour, Detours, Slow
from exporter.providers.dice import Dice
from exporter.providers.lookup import Flight, Lookup, blame, ending, settle
from exporter.providers.resolvers import Address
from exporter.providers.sockets import Port
from exporter.providers.troubles import Troubles
from exporter.providers.upstream import Upstream
from exporter.providers.upstreams import Upstreams
from exporter.providers.wire import ODD, Odd, Suffix, query, read
from exporter.verdict import Answer, Failure, NoData

_log = logging.getLogger(__name__)

_TICK_SECONDS = 0.005
_LOOKS = 32

T = TypeVar("T")


class Client:
    """Asks a set of resolvers. An attempt lasts ``patience`` seconds and there are ``attempts``: so long together may a lookup
    take, from its first packet. Those of ``lower_case`` are asked without mixed case. ``clock`` gives seconds that never jump."""

    def __init__(
        self,
        addresses: tuple[Address, ...],
        patience: float,
        attempts: int,
        *,
        clock: Callable[[], float],
        slow: Slow,
        lower_case: Collection[Address] = (),
    ) -> None:
        self._patience = patience
        self._clock = clock
        self._upstreams = Upstreams(addresses, self._readable, lower_case)
        self.resolvers = self._upstreams.memory
        """Which of them answer."""
        self._dice = Dice()
        self._waiting: deque[Lookup[object]] = deque()
        self._troubles = Troubles(patience, attempts, len(self._upstreams))
        self._detours = Detours(slow)
        self._unanswered = 0
        self._pump_due = False
        self._repeat_next = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def in_flight(self) -> int:
        """How many packets are probably on the wire."""
        return sum(upstream.in_flight for upstream in self._upstreams)

    @property
    def waiting(self) -> int:
        """How many lookups have no answer, and nothing on the wire."""
        return self._unanswered - self.in_flight

    @property
    def room(self) -> int:
        """How many more lookups keep the window full for another round trip. What waits to be asked again takes no room."""
        return max(0, 2 * self._upstreams.first.window.size - self.in_flight - len(self._waiting))

    def submit(self, prefix: bytes, suffix: Suffix, token: T, done: Callable[[T, Answer, float], None]) -> Lookup[T]:
        """Ask for ``prefix`` under ``suffix``; ``done`` gets the token, the answer and the seconds it took. After :meth:`close`
        it is not called. Records of a TXT are no answer: they stay in ``odd`` of what is returned."""
        lookup = Lookup(prefix, suffix, token, done)
        self._waiting.append(lookup)
        self._unanswered += 1
        if not self._pump_due:
            self._wake()
        return lookup

    def close(self) -> None:
        """Close all sockets. Nobody is told of what is unanswered, and nothing is asked any more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for upstream in self._upstreams:
            upstream.close()
        self._detours.close()
        self._troubles.clear()
        self._waiting.clear()

    def _wake(self) -> None:
        """Send soon, and watch the time while anything is unanswered."""
        loop = asyncio.get_running_loop()
        self._pump_due = True
        loop.call_soon(self._pump)
        self._upstreams.rank(self._clock())
        if self._timer is None:
            self._timer = loop.call_later(_TICK_SECONDS, self._tick)

    def _pump(self) -> None:
        """Send what the windows let out: what came to nothing and what is new by turns, so that what never gets an answer leaves
        room for the rest, and the rest for what got lost."""
        self._pump_due = False
        if self._closed:
            return
        now = self._clock()
        again, waiting, upstream = self._troubles.again, self._waiting, self._upstreams.first
        upstream.forget()
        while again or waiting:
            self._repeat_next = not self._repeat_next
            if again and (self._repeat_next or not waiting):
                if not self._repeat(now):
                    break
            elif upstream.room(now) > 0:
                self._send(waiting.popleft(), upstream)
            else:
                upstream.window.full = True
                break

    def _repeat(self, now: float) -> bool:
        """Ask again what came to nothing, the first of it; false if there is no room."""
        again = self._troubles.again
        lookup = again.popleft()
        if lookup.over:
            return True
        trouble = self._troubles.of(lookup)
        upstream = self._upstreams.after(trouble, now)
        if upstream is not None:
            self._send(lookup, upstream)
        elif self._upstreams.exhausted(trouble):
            self._conclude(lookup, ending(lookup), now)
        else:
            again.appendleft(lookup)
            return False
        return True

    def _send(self, lookup: Lookup[object], upstream: Upstream) -> None:
        identity, choice, case = self._dice.throw()
        now = self._clock()
        if lookup.trouble is None:
            lookup.started = now
        else:
            lookup.suffix.repeats += 1
        try:
            port = upstream.port(choice, now)
        except OSError:
            self._refuse(lookup, upstream, now)
            return
        while identity in port.waiting:
            identity = self._dice.throw()[0]
        question = lookup.prefix + upstream.spell(lookup.suffix, case)
        upstream.launch(lookup, port, identity, question, now)
        if lookup.trouble is not None:
            self._troubles.asked(lookup, upstream)
        if not port.send(query(identity, question)):
            self._refused(port, now)

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
                blame(port, packet)
                continue
            reading = read(packet, flight.question)
            if reading is None:
                flight.lookup.mismatched = True
            elif reading is ODD and flight.lookup.suffix.text:
                flight.lookup.odd = packet
                self._landed(flight, NoData(), now)
            else:
                self._landed(flight, reading, now)
        if refused:
            self._refused(port, now)
        return bool(packets)

    def _landed(self, flight: Flight, reading: Answer | Odd, now: float) -> None:
        upstream = flight.upstream
        upstream.landed(flight, now)
        if upstream.failing:
            self._upstreams.recovered(upstream, now)
        if reading is ODD:
            self._go_round(flight.lookup, upstream.address)
        elif isinstance(reading, Failure) and not self._upstreams.alone:
            upstream.recall(flight)
            self._conclude_if(flight.lookup, self._troubles.erred(flight, reading, now), now)
        else:
            self._conclude(flight.lookup, reading, now)

    def _go_round(self, lookup: Lookup[object], address: Address) -> None:
        settle(lookup)
        if not self._closed:
            name = lookup.prefix + lookup.suffix.name
            self._detours.take(Detour(name, lookup.suffix, address, partial(self._arrived, lookup)))

    def _arrived(self, lookup: Lookup[object], answer: Answer) -> None:
        self._tell(lookup, answer, self._clock())

    def _conclude_if(self, lookup: Lookup[object], failure: Failure | None, now: float) -> None:
        if failure is not None:
            self._conclude(lookup, failure, now)

    def _conclude(self, lookup: Lookup[object], answer: Answer, now: float) -> None:
        settle(lookup)
        self._tell(lookup, answer, now)

    def _tell(self, lookup: Lookup[object], answer: Answer, now: float) -> None:
        if self._closed:
            return
        self._unanswered -= 1
        try:
            lookup.done(lookup.token, answer, now - lookup.started)
        except Exception as defect:  # noqa: BLE001 - a defect of the caller must not end the client
            _log.error("defect", extra={"fields": {"doing": "telling an answer", "error": type(defect).__name__}})

    # ---- trouble

    def _tick(self) -> None:
        self._pump_due = True
        now = self._clock()
        for upstream in self._upstreams:
            for flight in upstream.overdue(now, self._patience):
                self._look(flight)
                if flight.out:
                    self._lost(flight, now)
            upstream.tidy()
        for lookup in self._troubles.ended(now):
            if lookup.flight is not None:
                self._look(lookup.flight)
            if not lookup.over:
                self._conclude(lookup, ending(lookup), now)
        self._upstreams.rank(now)
        self._pump()
        again = self._unanswered and not self._closed
        self._timer = asyncio.get_running_loop().call_later(_TICK_SECONDS, self._tick) if again else None

    def _look(self, flight: Flight) -> None:
        """Its answer may be there unread, if the loop was held up."""
        for _ in range(_LOOKS):
            if flight.lookup.over or not self._take(flight.port):
                return

    def _lost(self, flight: Flight, now: float) -> None:
        upstream = flight.upstream
        upstream.lost(flight, now)
        if upstream.silent(now):
            self._upstreams.failed(upstream, now)
        self._conclude_if(flight.lookup, self._troubles.lost(flight, now), now)

    def _refused(self, port: Port[Flight], now: float) -> None:
        """Nobody listens at the other end of a socket: nothing that waits on it will land."""
        for flight in list(port.waiting.values()):
            was_out = flight.out
            flight.upstream.recall(flight)
            if was_out:
                self._refuse(flight.lookup, flight.upstream, now)

    def _refuse(self, lookup: Lookup[object], upstream: Upstream, now: float) -> None:
        upstream.refused(now)
        self._upstreams.failed(upstream, now)
        self._conclude_if(lookup, self._troubles.refused(lookup, now), now)
