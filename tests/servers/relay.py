"""A path that is not loopback: a UDP relay that delays, loses, doubles and reorders packets, in a process of its own.

Rule 1: each peer that asks has a socket of its own towards the server, so that answers find back.
Rule 2: chance is seeded; each packet, either way, is lost, doubled or held back on its own.
Rule 3: a server that is down is silence, as it is on a long path.

    python -m tests.servers.relay PORT HOST:PORT [--delay 0.005] [--loss 0.01] [--double 0.01] [--hold 0.01] [--seed 1]
"""

import argparse
import heapq
import itertools
import random
import select
import socket
import sys
import time
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from tests.servers.ask import answers, endpoint
from tests.servers.daemon import Daemon
from tests.servers.ports import free_port

AT_ONCE = 64
LARGEST = 4096
BUFFER_BYTES = 4 * 1024 * 1024
HOLD_SECONDS = 0.003
BURST = 64
BREATH_SECONDS = 0.0001

Peer = tuple[str, int]
Parcel = tuple[float, int, socket.socket, bytes, Peer]
"""When it is due, its number, and what to send from where to whom."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What a path does to packets: `delay` is one way, in seconds; the rest are the probabilities that one is lost, sent twice,
    or held back so long that others overtake it."""

    delay: float = 0.0
    loss: float = 0.0
    double: float = 0.0
    hold: float = 0.0
    seed: int = 1


class Relay:
    """The relay on a free port of 127.0.0.1, in front of a server's `host:port`."""

    def __init__(self, folder: Path, server: str, weather: Weather) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        options = [word for name, number in asdict(weather).items() for word in (f"--{name}", str(number))]
        command = [sys.executable, "-m", "tests.servers.relay", str(port), server, *options]
        env = {"PYTHONPATH": str(Path(__file__).parents[2])}
        self.daemon = Daemon("relay", command, folder, lambda: answers(self.address), env=env)

    def __enter__(self) -> Self:
        self.daemon.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()


class Chance:
    """What befalls each packet."""

    def __init__(self, weather: Weather) -> None:
        self._loss, self._double, self._hold = weather.loss, weather.double, weather.hold
        self._draw = random.Random(weather.seed).random

    def copies(self) -> int:
        """How many of it arrive."""
        if self._loss and self._draw() < self._loss:
            return 0
        return 2 if self._double and self._draw() < self._double else 1

    def held(self) -> bool:
        """Whether others overtake it."""
        return self._hold > 0 and self._draw() < self._hold


class Road:
    """The two ends and the packets between them."""

    def __init__(self, port: int, server: Peer, weather: Weather) -> None:
        self._server = server
        self._delay = weather.delay
        self._chance = Chance(weather)
        self._front = udp()
        self._front.bind(("127.0.0.1", port))
        self._backs: dict[Peer, socket.socket] = {}
        self._peers: dict[socket.socket, Peer] = {}
        self._in_order: deque[Parcel] = deque()
        self._held: list[Parcel] = []
        self._numbers = itertools.count()

    def run(self) -> None:
        """Relay for ever."""
        while True:
            ready, _, _ = select.select([self._front, *self._peers], [], [], self._wait())
            for source in ready:
                self._read(source)
            self._deliver()

    def _wait(self) -> float | None:
        due = [queue[0][0] for queue in (self._in_order, self._held) if queue]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _read(self, source: socket.socket) -> None:
        due = time.monotonic() + self._delay
        for _ in range(AT_ONCE):
            try:
                packet, sender = source.recvfrom(LARGEST)
            except OSError:  # nothing left, or nobody listens at the other end
                return
            if source is self._front:
                way, to = self._back(sender), self._server
            else:
                way, to = self._front, self._peers[source]
            for _ in range(self._chance.copies()):
                if self._chance.held():
                    heapq.heappush(self._held, (due + HOLD_SECONDS, next(self._numbers), way, packet, to))
                else:
                    self._in_order.append((due, next(self._numbers), way, packet, to))

    def _back(self, peer: Peer) -> socket.socket:
        back = self._backs.get(peer)
        if back is None:
            back = self._backs[peer] = udp()
            back.bind(("127.0.0.1", 0))
            self._peers[back] = peer
        return back

    def _deliver(self) -> None:
        """Send what is due, with a breath between bursts: on one core with it a server could not keep up."""
        now = time.monotonic()
        for number in itertools.count(1):
            if self._in_order and self._in_order[0][0] <= now:
                send(self._in_order.popleft())
            elif self._held and self._held[0][0] <= now:
                send(heapq.heappop(self._held))
            else:
                return
            if number % BURST == 0:
                time.sleep(BREATH_SECONDS)


def udp() -> socket.socket:
    """A socket that holds much and never blocks."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    return made


def send(parcel: Parcel) -> None:
    """Send it, unless the way is full."""
    _, _, way, packet, to = parcel
    try:
        way.sendto(packet, to)
    except OSError:
        return


def main() -> None:
    """Relay until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("server", type=endpoint)
    for name, usual in asdict(Weather()).items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual)
    options = vars(parser.parse_args())
    Road(options.pop("port"), options.pop("server"), Weather(**options)).run()


if __name__ == "__main__":
    main()
