"""The UDP sockets of one resolver.

Rules:

1. There are :data:`PORTS` of them, each with a source port that the kernel chose, and a packet goes out of a random one, so that
   a forger must guess it (RFC 5452 §4.5, §9.2). None is used for longer than :data:`_LIFE_SECONDS`; it is closed once nothing
   waits on it.
2. They are connected: the kernel drops what does not come from the resolver's address and port, and tells of a port where nobody
   listens (RFC 1122 §4.1.3.3).
3. A read is bounded, so that no flood holds up the loop. What is left makes the socket readable again.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Generic, TypeVar

from exporter.providers.resolvers import Address

PORTS = 16
AT_ONCE = 32
"""Packets that one read takes at most."""

_LIFE_SECONDS = 10.0
_LARGEST = 4096
_BUFFER_OCTETS = 1024 * 1024

W = TypeVar("W")


class Port(Generic[W]):
    """One socket, and what waits on it for an answer, by ID."""

    __slots__ = ("_recv", "_send", "socket", "until", "waiting")

    def __init__(self, address: Address, until: float) -> None:
        """Raises ``OSError`` if there is no way to the address."""
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_OCTETS)
            self.socket.connect((address.host, address.port))  # of a datagram socket: sets the peer, sends nothing
        except OSError:
            self.socket.close()
            raise
        self._recv = self.socket.recv
        self._send = self.socket.send
        self.until = until
        self.waiting: dict[bytes, W] = {}

    def send(self, packet: bytes) -> bool:
        """Send it; whether nothing speaks against its arrival. One that finds no room in the kernel is like one lost on the
        way."""
        try:
            self._send(packet)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

    def read(self) -> tuple[list[bytes], bool]:
        """The packets that have come, and whether the other end refuses ours."""
        packets: list[bytes] = []
        try:
            # To find that nothing is left costs more than to read a packet, and more than is waited for rarely comes.
            for _ in range(min(len(self.waiting), AT_ONCE) or 1):
                packets.append(self._recv(_LARGEST))
        except BlockingIOError:
            pass
        except OSError:
            return packets, True
        return packets, False


class Ports(Generic[W]):
    """The sockets, opened as they are picked; ``readable`` is called with each that has something to read."""

    def __init__(self, address: Address, readable: Callable[[Port[W]], None]) -> None:
        self._address = address
        self._readable = readable
        self._open: list[Port[W] | None] = [None] * PORTS
        self._retired: list[Port[W]] = []

    def pick(self, choice: int, now: float) -> Port[W]:
        """The socket for a random number. Raises ``OSError`` if none can be opened."""
        port = self._open[choice % PORTS]
        if port is None or port.until < now:
            return self._renew(choice % PORTS, now)
        return port

    def tidy(self) -> None:
        """Close the retired sockets on which nothing waits any more."""
        if not self._retired:
            return
        for port in self._retired:
            if not port.waiting:
                _close(port)
        self._retired = [port for port in self._retired if port.waiting]

    def close(self) -> None:
        for port in (*self._open, *self._retired):
            if port is not None:
                _close(port)
        self._open = [None] * PORTS
        self._retired.clear()

    def _renew(self, place: int, now: float) -> Port[W]:
        fresh: Port[W] = Port(self._address, now + _LIFE_SECONDS)
        asyncio.get_running_loop().add_reader(fresh.socket, self._readable, fresh)
        old, self._open[place] = self._open[place], fresh
        if old is not None:
            self._retired.append(old)
        return fresh


def _close(port: Port[W]) -> None:
    asyncio.get_running_loop().remove_reader(port.socket)
    port.socket.close()
