"""The rate of the whole pipeline, in paired rounds with other programs that ask the same names; then what a far path costs it.

    python -m tests.bench.pipeline [--targets 2560] [--lists 50] [--far-targets 256] [--rounds 5]

With two cores the DNS server has one and what is measured the other. The far path is rbldnsd behind a relay.
"""

import argparse
import tempfile
from collections import defaultdict
from pathlib import Path

from tests.bench.askers import OTHERS, Run, Work, dnsperf
from tests.bench.figures import ROUNDS, Aim, Figures, at_least, at_most, rounds, spread
from tests.bench.machine import take_asking_core
from tests.bench.made import Made, make
from tests.bench.one_lap import Lap, lap
from tests.bench.serving import FAR, FAR_AND_LOSSY, path, serving

FAR_IN_FLIGHT = 1_000
AIMS: dict[str, Aim] = {"dnsperf": at_least(0.5), "dnspython": at_least(35), "dnspython, 100 at once": at_least(35)}


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=2560)
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--far-targets", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    take_asking_core()
    _near(make(options.targets, options.lists), options.rounds)
    _far(make(options.far_targets, options.lists), options.rounds)


def _near(made: Made, count: int) -> None:
    laps: list[Lap] = []
    others: dict[str, list[Run]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as name, serving(Path(name), made) as lists:
        work = Work.of(made, lists.address, Path(name))
        for number in rounds(count, "pipeline and others"):
            laps.append(lap(Path(name) / f"lap-{number}", made, lists.address))
            for other, ask in OTHERS.items():
                if run := ask(work):
                    others[other].append(run)
    figures = Figures(f"Whole pipeline, loopback: {made.checks:,} checks, {made.listings:,} on a list; {count} rounds", ROUNDS)
    figures.add("checks recorded a second", *spread([one.rate for one in laps]), digits=0)
    figures.add("checks answered a second, listings not yet tested", *spread([one.answered_rate for one in laps]), digits=0)
    figures.add("CPU a check, microseconds", *spread([one.cpu_microseconds for one in laps]))
    figures.add("unknown at the end", *spread([one.unknown for one in laps]), digits=0, aim=at_most(0))
    for other in OTHERS:
        if runs := others[other]:
            figures.add(f"{other}: queries a second", *spread([run.rate for run in runs]), digits=0)
            if unanswered := [run.unanswered for run in runs if run.unanswered is not None]:
                figures.add("  unanswered", *spread(unanswered), digits=0)
            ratios = [one.rate / run.rate for one, run in zip(laps, runs, strict=True)]
            figures.add("  recorded / this", *spread(ratios), digits=2, aim=AIMS.get(other))
            ratios = [one.answered_rate / run.rate for one, run in zip(laps, runs, strict=True)]
            figures.add("  answered / this", *spread(ratios), digits=2)
            ratios = [one.cpu_microseconds / run.cpu_microseconds for one, run in zip(laps, runs, strict=True)]
            figures.add("  CPU a check / CPU a query", *spread(ratios), digits=2)
        else:
            figures.say(f"{other} is not installed")
    figures.show()


def _far(made: Made, count: int) -> None:
    clear: list[Lap] = []
    lossy: list[Lap] = []
    others: list[Run] = []
    with tempfile.TemporaryDirectory() as name, serving(Path(name), made) as lists:
        folder = Path(name)
        for number in rounds(count, "pipeline, 10 ms away"):
            with path(folder, lists.address, FAR) as address:
                clear.append(lap(folder / f"clear-{number}", made, address))
                if run := dnsperf(Work.of(made, address, folder), FAR_IN_FLIGHT):
                    others.append(run)
            with path(folder, lists.address, FAR_AND_LOSSY) as address:
                lossy.append(lap(folder / f"lossy-{number}", made, address))
    figures = Figures(f"Whole pipeline, 10 ms away: {made.checks:,} checks, {made.listings:,} on a list; {count} rounds", ROUNDS)
    figures.add("seconds, nothing lost", *spread([one.seconds for one in clear]), digits=3, aim=at_most(1))
    figures.add("  answered, listings not yet tested", *spread([one.answered_seconds for one in clear]), digits=3)
    figures.add("seconds, 2 % lost", *spread([one.seconds for one in lossy]), digits=3)
    figures.add("  answered, listings not yet tested", *spread([one.answered_seconds for one in lossy]), digits=3)
    ratios = [lost.seconds / whole.seconds for lost, whole in zip(lossy, clear, strict=True)]
    figures.add("  times the seconds with nothing lost", *spread(ratios), digits=2, aim=at_most(2))
    figures.add("unknown at the end, nothing lost", *spread([one.unknown for one in clear]), digits=0, aim=at_most(0))
    figures.add("unknown at the end, 2 % lost", *spread([one.unknown for one in lossy]), digits=0, aim=at_most(0))
    if others:
        figures.add(
            f"dnsperf, {FAR_IN_FLIGHT:,} in flight, nothing lost: seconds", *spread([one.seconds for one in others]), digits=3
        )
    else:
        figures.say("dnsperf is not installed")
    figures.show()


if __name__ == "__main__":
    main()
