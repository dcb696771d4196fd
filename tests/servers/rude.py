"""A DNS server that misbehaves on purpose: one thread of this process, UDP and TCP on one port.

Rule 1: each zone has a behaviour, which may be changed at any time. The innermost zone that a name
is in decides; a name in none is REFUSED.
Rule 2: every question is recorded before it is answered. A delayed packet holds up no other.
Rule 3: a query that is no DNS message, or a behaviour that raises, is a fault: raised at the end.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Self

import dns.message
import dns.rdatatype

from tests.servers.behaviour import Behaviour, Packet, Question, Transport, refused
from tests.servers.ports import bound_pair

BATCH = 64  # datagrams read before the loop sees to anything else
BUFFER_BYTES = 4 * 1024 * 1024

Send = Callable[[Packet], None]
Receive = Callable[[bytes, Transport, Send], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question that was received."""

    name: str
    qtype: str
    transport: Transport


class Rude:
    """The server; its address is known, and bound, from the start of the `with` block."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = 0
        self._behaviours: dict[str, Behaviour] = {}
        self._asked: list[Asked] = []
        self._faults: list[Exception] = []
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rude")

    def __enter__(self) -> Self:
        self._udp, self._tcp = bound_pair(self.host)
        self._elsewhere = socket.socket(self._udp.family, socket.SOCK_DGRAM)
        self._elsewhere.bind((self.host, 0))
        self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        for each in (self._udp, self._tcp, self._elsewhere):
            each.setblocking(False)
        self._tcp.listen()
        self.port = self._udp.getsockname()[1]
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *raised: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        if self._faults and raised[0] is None:
            raise self._faults[0]

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT` or `[::1]:PORT`."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def questions(self) -> tuple[Asked, ...]:
        """All that was asked so far, in order."""
        return tuple(self._asked)

    def behave(self, zone: str, behaviour: Behaviour) -> None:
        """From now on, answer like this in this zone."""
        self._behaviours[zone.lower()] = behaviour

    def count(self, zone: str, qtype: str = "A") -> int:
        """How many questions of this type came for names in this zone."""
        asked = (each.name.lower() for each in self.questions if each.qtype == qtype)
        return sum(f".{name}".endswith(f".{zone.lower()}") for name in asked)

    def _run(self) -> None:
        with self._udp, self._tcp, self._elsewhere:
            asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._connections: list[Connection] = []
        self._loop.add_reader(self._udp, self._read_datagrams)
        self._loop.add_reader(self._tcp, self._accept)
        self._started.set()
        await self._ended.wait()
        for each in (self._udp, self._tcp):
            self._loop.remove_reader(each)
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it may have gone already
            asker, _ = self._tcp.accept()
            connection = Connection(asker, self._loop, self.receive)
            self._connections.append(connection)
            self._loop.add_reader(asker, connection.read)

    def _read_datagrams(self) -> None:
        for _ in range(BATCH):
            try:
                wire, peer = self._udp.recvfrom(65535)
            except OSError:  # nothing left, or news of an asker that is gone
                return
            self.receive(wire, "udp", partial(self._send_datagram, peer))

    def _send_datagram(self, peer: tuple[str, int], packet: Packet) -> None:
        if packet.hang_up and not packet.wire:
            return
        (self._elsewhere if packet.other_source else self._udp).sendto(packet.wire, peer)

    def receive(self, wire: bytes, transport: Transport, send: Send) -> None:
        """Record a query and send what its zone's behaviour makes of it, each packet in time."""
        try:
            question, behaviour = self._find(wire, transport)
            self._asked.append(Asked(question.name, question.qtype, transport))
            for packet in behaviour(question):
                if packet.delay:
                    self._loop.call_later(packet.delay, send, packet)
                else:
                    send(packet)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the thread must live and the test must hear of it
            self._faults.append(fault)

    def _find(self, wire: bytes, transport: Transport) -> tuple[Question, Behaviour]:
        message = dns.message.from_wire(wire)
        asked = message.question[0]
        name = asked.name.to_text(omit_final_dot=True)
        labels = name.lower().split(".")
        for start in range(len(labels)):
            zone = ".".join(labels[start:])
            behaviour = self._behaviours.get(zone)
            if behaviour:
                break
        else:
            start, zone, behaviour = len(labels), "", refused
        qtype = dns.rdatatype.to_text(asked.rdtype)
        prefix = ".".join(labels[:start])
        return Question(message, wire, transport, name, qtype, zone, prefix), behaviour


class Connection:
    """One TCP connection: messages framed by their length (RFC 1035, section 4.2.2)."""

    def __init__(self, asker: socket.socket, loop: asyncio.AbstractEventLoop, receive: Receive) -> None:
        asker.setblocking(False)
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)  # a send never waits
        self._asker = asker
        self._loop = loop
        self._receive = receive
        self._pending = b""

    def read(self) -> None:
        """Take what has come, and answer each message that is complete."""
        try:
            data = self._asker.recv(65535)
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._pending += data
        while len(self._pending) >= (end := 2 + int.from_bytes(self._pending[:2])):
            wire, self._pending = self._pending[2:end], self._pending[end:]
            self._receive(wire, "tcp", self.send)

    def send(self, packet: Packet) -> None:
        """Send one packet, unless the asker is gone."""
        with contextlib.suppress(OSError):
            if packet.wire or not packet.hang_up:
                self._asker.sendall(len(packet.wire).to_bytes(2) + packet.wire)
        if packet.hang_up:
            self.close()

    def close(self) -> None:
        """Close it, once or again."""
        if self._asker.fileno() >= 0:
            self._loop.remove_reader(self._asker)
            self._asker.close()
