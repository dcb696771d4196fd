"""A forger that races the truth: before each true answer it sends five that must not be believed, in a process of its own.

Rule 1: what it asserts falsely is a listing; the truth is always NXDOMAIN. Whoever is told of a listing has believed a forgery.
Rule 2: each forgery is wrong in one thing: the ID, the question, its case, the bit that says it is a reply, or the port it comes
from.

    python -m tests.servers.forger PORT
"""

import argparse
import select
import socket
import sys
from pathlib import Path
from typing import Self

from tests.servers.daemon import Daemon
from tests.servers.ports import free_port

READY = "forging"  # no client of ours would be told the truth here
AT_ONCE = 64
BUFFER_BYTES = 4 * 1024 * 1024

ONE_RECORD = bytes.fromhex("8580 0001 0001 0000 0000")
NO_NAME = bytes.fromhex("8583 0001 0000 0000 0000")
QUERY = bytes.fromhex("0580 0001 0001 0000 0000")
LISTING = bytes.fromhex("c00c 0001 0001 0000003c 0004 7f000042")


class Forger:
    """The forger on a free port of 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        command = [sys.executable, "-m", "tests.servers.forger", str(port)]
        env = {"PYTHONPATH": str(Path(__file__).parents[2])}
        self.daemon = Daemon("forger", command, folder, lambda: READY in self.daemon.fresh_log, env=env)

    def __enter__(self) -> Self:
        self.daemon.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()


def forgeries(identity: bytes, question: bytes) -> list[bytes]:
    """What must not be believed, though it comes from the right port."""
    other_id = bytes(octet ^ 0x55 for octet in identity)
    other_name = question[:1] + bytes([question[1] ^ 1]) + question[2:]
    return [
        other_id + ONE_RECORD + question + LISTING,
        identity + ONE_RECORD + other_name + LISTING,
        identity + ONE_RECORD + question.swapcase() + LISTING,  # lengths, type and class are no letters
        identity + QUERY + question + LISTING,
    ]


def question_of(packet: bytes) -> bytes:
    """The question of a query (RFC 1035 §4.1.2)."""
    at = 12
    while packet[at]:
        at += 1 + packet[at]
    return packet[12 : at + 5]


def main() -> None:
    """Forge until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    here, elsewhere = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    for each in (here, elsewhere):
        each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        each.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    here.bind(("127.0.0.1", parser.parse_args().port))
    here.setblocking(False)
    print(READY, flush=True)
    while True:
        select.select([here], [], [])
        for _ in range(AT_ONCE):
            try:
                packet, asker = here.recvfrom(4096)
            except OSError:  # nothing left, or news of an asker that is gone
                break
            identity, question = packet[:2], question_of(packet)
            elsewhere.sendto(identity + ONE_RECORD + question + LISTING, asker)
            for forgery in forgeries(identity, question):
                here.sendto(forgery, asker)
            here.sendto(identity + NO_NAME + question, asker)


if __name__ == "__main__":
    main()
