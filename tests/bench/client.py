"""The DNS client alone, beside dnsperf: how fast it sweeps a local rbldnsd, what a path, losses and forgeries cost it.

    python -m tests.bench.client [--rounds 5] [--targets 2560] [--lists 50]

The client and dnsperf take turns on one core, with the same names; rbldnsd and what stands before it have the other, if there are
two. Rates depend on what else the machine does, so look at the ratios and at the CPU time.
"""

import argparse
import asyncio
import itertools
import os
import random
import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exporter.providers.client import Client
from exporter.providers.resolvers import Address, read_address
from exporter.providers.wire import Suffix, labels
from exporter.verdict import Absent, Answer, Cause, Codes, Failure
from tests.servers.daemon import require
from tests.servers.forger import Forger
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.relay import Relay, Weather
from tests.servers.zones import addresses

SEED = 15782
LISTED_PART = 0.01
ALSO_LISTED = 4000
FORGED_LOOKUPS = 50_000
PATIENCE, ATTEMPTS = 2.0, 3
FAR_TARGETS = 256
PER_SECOND = re.compile(r"Queries per second:\s+([\d.]+)")
LOST = re.compile(r"Queries lost:\s+(\d+)")


@dataclass(frozen=True, slots=True)
class Run:
    """One sweep: how long it took, the CPU time of who asked, and what came of it."""

    queries: int
    seconds: float
    cpu_seconds: float
    lost: int
    repeated: int = 0
    answers: Counter[str] | None = None

    @property
    def rate(self) -> float:
        return self.queries / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        return self.cpu_seconds / self.queries * 1e6


@dataclass(frozen=True, slots=True)
class Names:
    """What is asked: each target on each list."""

    targets: tuple[str, ...]
    zones: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.targets) * len(self.zones)

    def pairs(self) -> Iterator[tuple[bytes, Suffix]]:
        """Target by target, so that the lists take turns."""
        suffixes = [Suffix(zone) for zone in self.zones]
        return itertools.product([labels(_reversed(target)) for target in self.targets], suffixes)

    def save(self, path: Path) -> None:
        """As dnsperf reads them."""
        path.write_text("".join(f"{_reversed(target)}.{zone} A\n" for target in self.targets for zone in self.zones))


def main() -> None:
    """Run it all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--targets", type=int, default=2560)
    parser.add_argument("--lists", type=int, default=50)
    options = parser.parse_args()
    chance = random.Random(SEED)
    targets = tuple(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in range(options.targets))
    names = Names(targets, tuple(f"bl{number}.bench.example" for number in range(options.lists)))
    _pin(os.getpid(), 0)
    with tempfile.TemporaryDirectory() as folder, _serving(Path(folder), names, chance) as lists:
        _beside_dnsperf(lists, names, Path(folder), options.rounds)
        _on_paths(lists, names, Path(folder), options.rounds)
        _forged(names, Path(folder))


@contextmanager
def _serving(folder: Path, names: Names, chance: random.Random) -> Iterator[Rbldnsd]:
    """rbldnsd with lists of thousands of addresses, one in a hundred of them ours."""
    folder.chmod(0o755)
    others = [f"172.16.{number >> 8}.{number & 255}" for number in range(ALSO_LISTED)]
    zones = {
        zone: addresses([*(target for target in names.targets if chance.random() < LISTED_PART), *others]) for zone in names.zones
    }
    with Rbldnsd(folder, zones) as lists:
        _pin(lists.daemon.pid, 1)
        yield lists


def _beside_dnsperf(lists: Rbldnsd, names: Names, folder: Path, rounds: int) -> None:
    file = folder / "names"
    names.save(file)
    print(f"{len(names)} names, direct; load {os.getloadavg()[0]:.1f}")
    print(f"{'':14}{'q/s':>10}{'CPU us/q':>10}{'lost':>7}{'repeated':>10}{'x dnsperf':>11}{'CPU ratio':>11}")
    ratios, cpu_ratios = [], []
    for _ in range(rounds):
        ours, theirs = _sweep(lists.address, names), _dnsperf(lists, file, len(names))
        ratios.append(ours.rate / theirs.rate)
        cpu_ratios.append(theirs.cpu_seconds / ours.cpu_seconds)
        _line("client", ours, f"{ratios[-1]:>11.2f}{cpu_ratios[-1]:>11.2f}")
        _line("dnsperf", theirs)
    print(f"median{statistics.median(ratios):>56.2f}{statistics.median(cpu_ratios):>11.2f}\n")


def _on_paths(lists: Rbldnsd, names: Names, folder: Path, rounds: int) -> None:
    far = Names(names.targets[:FAR_TARGETS], names.zones)
    weathers = {"10 ms": Weather(delay=0.005), "10 ms, 2 % lost": Weather(delay=0.005, loss=0.01)}
    print(f"{len(far)} names through a relay")
    print(f"{'':18}{'seconds':>10}{'q/s':>10}{'CPU us/q':>10}{'unknown':>9}{'repeated':>10}")
    medians = {}
    for name, weather in weathers.items():
        with Relay(folder, lists.address, weather) as relay:
            _pin(relay.daemon.pid, 1)
            runs = [_sweep(relay.address, far) for _ in range(rounds)]
        for run in runs:
            print(f"{name:18}{run.seconds:>10.3f}{run.rate:>10.0f}{run.cpu_microseconds:>10.1f}{run.lost:>9}{run.repeated:>10}")
        medians[name] = statistics.median(run.seconds for run in runs)
    lossless, lossy = medians.values()
    print(f"median seconds {lossless:.3f}; with losses {lossy:.3f}, {lossy / lossless:.2f} times as long\n")


def _forged(names: Names, folder: Path) -> None:
    targets = itertools.islice(itertools.cycle(names.targets), -(-FORGED_LOOKUPS // len(names.zones)))
    many = Names(tuple(targets), names.zones)
    with Forger(folder) as forger:
        _pin(forger.daemon.pid, 1)
        run = _sweep(forger.address, many)
    assert run.answers is not None
    print(f"{run.queries} lookups, each answered truly only after five forgeries, in {run.seconds:.1f} s")
    print(f"forgeries believed {run.answers['Codes']}, true answers {run.answers['Absent']}, unknown {run.lost}")


def _line(who: str, run: Run, more: str = "") -> None:
    print(f"{who:14}{run.rate:>10.0f}{run.cpu_microseconds:>10.2f}{run.lost:>7}{run.repeated:>10}{more}", flush=True)


def _sweep(address: str, names: Names) -> Run:
    return asyncio.run(_swept(read_address(address), names))


async def _swept(address: Address, names: Names) -> Run:
    client = Client((address,), PATIENCE, ATTEMPTS, clock=time.monotonic, slow=_defect)
    pairs = list(names.pairs())
    work = iter(pairs)
    answers: Counter[type[Answer]] = Counter()
    over = asyncio.Event()
    left = len(pairs)

    def more() -> None:
        for prefix, suffix in itertools.islice(work, client.room):
            client.submit(prefix, suffix, None, done)

    def done(token: None, answer: Answer, seconds: float) -> None:
        nonlocal left
        answers[type(answer)] += 1
        left -= 1
        if left % 32 == 0:
            more()
        if left == 0:
            over.set()

    began, cpu = time.perf_counter(), _cpu(resource.RUSAGE_SELF)
    more()
    await over.wait()
    seconds, cpu = time.perf_counter() - began, _cpu(resource.RUSAGE_SELF) - cpu
    client.close()
    repeats = sum(suffix.repeats for suffix in {suffix for _, suffix in pairs})
    told = Counter({kind.__name__: count for kind, count in answers.items()})
    return Run(len(pairs), seconds, cpu, len(pairs) - answers[Absent] - answers[Codes], repeats, told)


async def _defect(name: bytes, address: Address) -> Answer:
    return Failure(Cause.INTERNAL)


def _dnsperf(lists: Rbldnsd, file: Path, queries: int) -> Run:
    """As many sockets as we have, and a window that rbldnsd's buffer holds."""
    command = [require("dnsperf"), "-s", lists.host, "-p", str(lists.port), "-d", str(file), "-c16", "-T1", "-q100"]
    cpu = _cpu(resource.RUSAGE_CHILDREN)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    cpu = _cpu(resource.RUSAGE_CHILDREN) - cpu
    rate, lost = PER_SECOND.search(said), LOST.search(said)
    assert rate, said
    assert lost, said
    return Run(queries, queries / float(rate[1]), cpu, int(lost[1]))


def _cpu(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def _pin(pid: int, core: int) -> None:
    """Give a process one core, if there are two."""
    cores = sorted(os.sched_getaffinity(1) if os.geteuid() == 0 else range(os.cpu_count() or 1))
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[core]})


def _reversed(target: str) -> str:
    return ".".join(reversed(target.split(".")))


if __name__ == "__main__":
    main()
