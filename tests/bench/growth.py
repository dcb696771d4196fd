"""How the cost of a check grows with their number: a first lap of each size against rbldnsd, in turns.

    python -m tests.bench.growth [--checks 10000 100000 1000000] [--lists 50] [--rounds 2]

The cost is that of a check, so growth of 1 is linear, and less is cheaper still. CPU time is what counts: most of a short lap is
waiting for tests of its lists.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.bench.figures import Aim, Figures, at_most, rounds
from tests.bench.machine import take_asking_core
from tests.bench.made import make
from tests.bench.one_lap import Lap, lap
from tests.bench.serving import serving

LINEAR = at_most(1.1)


def main() -> None:
    """Print a column for each size, and the last size's figure over the one before."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    take_asking_core()
    laps: dict[int, list[Lap]] = {checks: [] for checks in options.checks}
    for _ in rounds(options.rounds, "growth"):
        for checks, done in laps.items():
            done.append(_one(checks // options.lists, options.lists))
    figures = Figures(f"Growth of a first lap, medians of {options.rounds} rounds", [*(f"{one:,}" for one in laps), "growth"])

    def add(what: str, cost: Callable[[Lap], float], aim: Aim | None = LINEAR) -> None:
        costs = [median(map(cost, done)) for done in laps.values()]
        figures.add(what, *costs, costs[-1] / costs[-2], digits=2, aim=aim)

    add("CPU a check, microseconds", lambda one: one.cpu_microseconds)
    add("lap, microseconds a check", lambda one: one.seconds / one.checks * 1e6, aim=None)
    add("memory over the empty process, bytes a check", lambda one: one.memory_bytes / one.checks)
    add("first scrape, microseconds a check", lambda one: one.scrape_seconds / one.checks * 1e6)
    unknown = [sum(one.unknown for one in done) for done in laps.values()]
    figures.add("unknown at the end, all sizes", sum(unknown), digits=0, aim=at_most(0))
    figures.show()


def _one(targets: int, lists: int) -> Lap:
    made = make(targets, lists)
    with tempfile.TemporaryDirectory() as name, serving(Path(name), made) as server:
        return lap(Path(name) / "lap", made, server.address)


if __name__ == "__main__":
    main()
