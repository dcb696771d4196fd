"""Free ports of loopback.

Rule: they lie below the range of outgoing sockets, so that no query takes the port of a server that
is down for a while; and where several run tests at once, each has ports of its own, so that no server
of another does.
"""

import os
import random
import socket

_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_EACH = 12000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
PORTS = range(20000 + _WORKER * _EACH, 20000 + (_WORKER + 1) * _EACH)


def bound_pair(host: str = "127.0.0.1") -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket, bound to the same free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in random.SystemRandom().sample(PORTS, 100):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        tcp = socket.socket(family, socket.SOCK_STREAM)
        try:
            udp.bind((host, port))
            tcp.bind((host, port))
        except OSError:
            udp.close()
            tcp.close()
        else:
            return udp, tcp
    raise RuntimeError(f"no free port on {host}")


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free for both UDP and TCP."""
    udp, tcp = bound_pair(host)
    with udp, tcp:
        port: int = udp.getsockname()[1]
        return port
