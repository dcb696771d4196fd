"""What answers in the measurements: rbldnsd, and paths to it that are not loopback. All have the serving core."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.machine import give_serving_core
from tests.bench.made import Made
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.relay import Relay, Weather

FAR = Weather(delay=0.005)
"""A round trip of 10 ms."""
FAR_AND_LOSSY = Weather(delay=0.005, loss=0.01)
"""The same, and of a hundred questions two get no answer."""


@contextmanager
def serving(folder: Path, made: Made) -> Iterator[Rbldnsd]:
    """rbldnsd with the made lists."""
    folder.chmod(0o755)
    with Rbldnsd(folder, made.zones()) as lists:
        give_serving_core(lists.daemon.pid)
        yield lists


@contextmanager
def path(folder: Path, server: str, weather: Weather) -> Iterator[str]:
    """The address of a relay in front of a server's `host:port`."""
    with Relay(folder, server, weather) as relay:
        give_serving_core(relay.daemon.pid)
        yield relay.address
