"""The DNS client alone, beside dnsperf: how fast it sweeps a local rbldnsd, what a path, losses and forgeries cost it.

    python -m tests.bench.client [--targets 2560] [--lists 50] [--far-targets 256] [--rounds 5]

The client and dnsperf take turns on one core, with the same names; rbldnsd and what stands before it have the other, if there are
two. Rates depend on what else the machine does, so look at the ratios and at the CPU time.
"""

import argparse
import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.providers.client import Client
from exporter.providers.resolvers import Address, read_address
from exporter.providers.wire import Suffix, labels
from exporter.verdict import Absent, Answer, Cause, Codes, Failure
from tests.bench.askers import Run, Work, dnsperf
from tests.bench.figures import ROUNDS, Figures, at_least, at_most, rounds, spread
from tests.bench.machine import cpu_seconds, give_serving_core, take_asking_core
from tests.bench.made import Made, make
from tests.bench.serving import FAR, FAR_AND_LOSSY, path, serving
from tests.servers.ask import prefix
from tests.servers.forger import Forger

FORGED_LOOKUPS = 50_000
PATIENCE, ATTEMPTS = 2.0, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(Run):
    """A run of the client, and what came of it."""

    repeated: int
    unknown: int
    answers: Counter[type[Answer]]


def main() -> None:
    """Run it all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=2560)
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--far-targets", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    take_asking_core()
    made = make(options.targets, options.lists)
    with tempfile.TemporaryDirectory() as name, serving(Path(name), made) as lists:
        _near(made, Work.of(made, lists.address, Path(name)), options.rounds)
        _far(replace(made, targets=made.targets[: options.far_targets]), lists.address, Path(name), options.rounds)
        _forged(made, Path(name))


def _near(made: Made, work: Work, count: int) -> None:
    ours: list[Sweep] = []
    theirs: list[Run] = []
    for _ in rounds(count, "client and dnsperf"):
        ours.append(_sweep(work.server, made))
        if run := dnsperf(work):
            theirs.append(run)
    figures = Figures(f"DNS client, loopback: {made.checks:,} names; {count} rounds", ROUNDS)
    figures.add("queries a second", *spread([run.rate for run in ours]), digits=0)
    figures.add("CPU a query, microseconds", *spread([run.cpu_microseconds for run in ours]), digits=2)
    figures.add("repeated", *spread([run.repeated for run in ours]), digits=0)
    figures.add("unknown", *spread([run.unknown for run in ours]), digits=0, aim=at_most(0))
    if theirs:
        pairs = list(zip(ours, theirs, strict=True))
        figures.add("dnsperf: queries a second", *spread([run.rate for run in theirs]), digits=0)
        figures.add("  ours / this", *spread([our.rate / their.rate for our, their in pairs]), digits=2)
        figures.add("dnsperf: CPU a query, microseconds", *spread([run.cpu_microseconds for run in theirs]), digits=2)
        figures.add("  ours / this", *spread([our.cpu_microseconds / their.cpu_microseconds for our, their in pairs]), digits=2)
        figures.add("dnsperf: unanswered", *spread([run.unanswered or 0 for run in theirs]), digits=0)
    else:
        figures.say("dnsperf is not installed")
    figures.show()


def _far(made: Made, server: str, folder: Path, count: int) -> None:
    clear: list[Sweep] = []
    lossy: list[Sweep] = []
    for _ in rounds(count, "client, 10 ms away"):
        for weather, runs in ((FAR, clear), (FAR_AND_LOSSY, lossy)):
            with path(folder, server, weather) as address:
                runs.append(_sweep(address, made))
    figures = Figures(f"DNS client, 10 ms away: {made.checks:,} names; {count} rounds", ROUNDS)
    for name, runs in (("nothing lost", clear), ("2 % lost", lossy)):
        figures.add(f"seconds, {name}", *spread([run.seconds for run in runs]), digits=3)
        figures.add("  CPU a query, microseconds", *spread([run.cpu_microseconds for run in runs]), digits=2)
        figures.add("  repeated", *spread([run.repeated for run in runs]), digits=0)
        figures.add("  unknown", *spread([run.unknown for run in runs]), digits=0, aim=at_most(0))
    ratios = [lost.seconds / whole.seconds for lost, whole in zip(lossy, clear, strict=True)]
    figures.add("seconds with losses / without", *spread(ratios), digits=2, aim=at_most(2))
    figures.show()


def _forged(made: Made, folder: Path) -> None:
    targets = itertools.islice(itertools.cycle(made.targets), -(-FORGED_LOOKUPS // len(made.listed)))
    many = replace(made, targets=tuple(targets))
    with Forger(folder) as forger:
        give_serving_core(forger.daemon.pid)
        run = _sweep(forger.address, many)
    figures = Figures(
        f"Forgeries: {run.queries:,} lookups, each answered truly only after five; {run.seconds:.1f} s", ("lookups",)
    )
    figures.add("forgeries believed", run.answers[Codes], digits=0, aim=at_most(0))
    figures.add("true answers", run.answers[Absent], digits=0, aim=at_least(run.queries))
    figures.show()


def _sweep(server: str, made: Made) -> Sweep:
    return asyncio.run(_swept(read_address(server), list(_pairs(made))))


def _pairs(made: Made) -> Iterator[tuple[bytes, Suffix]]:
    """Target by target, so that the lists take turns."""
    return itertools.product([labels(prefix(target)) for target in made.targets], [Suffix(zone) for zone in made.listed])


async def _swept(address: Address, pairs: list[tuple[bytes, Suffix]]) -> Sweep:
    client = Client((address,), PATIENCE, ATTEMPTS, clock=time.monotonic, slow=_defect)
    work = iter(pairs)
    answers: Counter[type[Answer]] = Counter()
    over = asyncio.Event()
    left = len(pairs)

    def more() -> None:
        for target, suffix in itertools.islice(work, client.room):
            client.submit(target, suffix, None, done)

    def done(token: None, answer: Answer, seconds: float) -> None:
        nonlocal left
        answers[type(answer)] += 1
        left -= 1
        if left % 32 == 0:
            more()
        if left == 0:
            over.set()

    began, cpu = time.perf_counter(), cpu_seconds()
    more()
    await over.wait()
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu
    client.close()
    return Sweep(
        queries=len(pairs),
        seconds=seconds,
        cpu_seconds=cpu,
        repeated=sum(suffix.repeats for suffix in {suffix for _, suffix in pairs}),
        unknown=len(pairs) - answers[Absent] - answers[Codes],
        answers=answers,
    )


async def _defect(name: bytes, suffix: Suffix, address: Address) -> Answer:
    return Failure(Cause.INTERNAL)


if __name__ == "__main__":
    main()
