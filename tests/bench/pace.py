"""How exactly a list's pace is kept: the service watches more targets than the time has room for, and the server counts packets.

    python -m tests.bench.pace [--max-qps 50] [--seconds 60]

Every packet counts, also tests, reasons and repeats, from the first one on. A second is any second, not a full one of the clock.
"""

import argparse
import tempfile
import time
from bisect import bisect_left
from collections.abc import Iterable
from pathlib import Path

from tests.bench.figures import Figures, at_most
from tests.bench.made import make
from tests.servers.ask import prefix
from tests.servers.behaviour import Behaviour, Packet, Question, healthy, zone_data
from tests.servers.daemon import wait_until
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude

MORE_THAN_ENOUGH = 2


def main() -> None:
    """Run the service for so long and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--max-qps", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    times = _arrivals(options.max_qps, options.seconds)
    rate = len(times) / options.seconds
    figures = Figures(f"Pace of a list at max_qps: {options.max_qps}, over {options.seconds:g} seconds", ("packets",))
    figures.add("all", len(times), digits=0)
    figures.add("a second, mean", rate, digits=2)
    figures.add("  off from max_qps, %", abs(rate / options.max_qps - 1) * 100, digits=2, aim=at_most(2))
    seconds = _by_second(times, options.seconds)
    figures.add("in the busiest second", max(seconds), digits=0, aim=at_most(1.2 * options.max_qps))
    figures.add("in the quietest second", min(seconds), digits=0)
    figures.show()


def _arrivals(max_qps: int, seconds: float) -> list[float]:
    """When packets came, in seconds since the first."""
    made = make(int(max_qps * seconds * MORE_THAN_ENOUGH), 1)
    [(zone, listed)] = made.listed.items()
    times: list[float] = []
    with tempfile.TemporaryDirectory() as name, Rude() as server:
        server.behave(zone, _timed(healthy(zone_data({prefix(target): "127.0.0.2" for target in listed}, txt="Listed")), times))
        with Exporter(Path(name), made.config(server.address, more=f", max_qps: {max_qps}")):
            wait_until(lambda: bool(times), "the list is asked")
            time.sleep(times[0] + seconds - time.monotonic())
    return [at - times[0] for at in times if at < times[0] + seconds]


def _timed(inner: Behaviour, times: list[float]) -> Behaviour:
    """The same behaviour, and a note of when each question came."""

    def answer(question: Question) -> Iterable[Packet]:
        times.append(time.monotonic())
        return inner(question)

    return answer


def _by_second(times: list[float], seconds: float) -> list[int]:
    """Packets in each second that begins with one or right after one, as far as it was watched to its end."""
    begins = [(number, at) for number, at in enumerate(times) if at + 1 <= seconds]
    counts = [bisect_left(times, at + 1) - number for number, at in begins]
    return [*counts, *(count - 1 for count in counts)]


if __name__ == "__main__":
    main()
