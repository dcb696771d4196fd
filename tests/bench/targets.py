"""What many targets cost: the time to load them, the memory to keep them, and the time of a reload that changes one in a hundred.

    python -m tests.bench.targets [--targets 10000 100000 1000000] [--rounds 1]

A process of its own for each figure: config and files in, plan and laps of one list out, as the service does it. Memory is what
Python allocated for all of that (tracemalloc), with the text of whatever is kept as text. "mixed" is half networks, half lines
in a file with labels.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path
from statistics import median

from exporter.config import Config, load
from exporter.listing import Standing
from exporter.moves import difference
from exporter.origins import files
from exporter.plan import Key, Plan, Shard, build
from exporter.portions import Portion
from exporter.schedule import Schedule, look_ahead
from exporter.sources import Source
from tests.bench.figures import Figures, at_most, rounds

Made = Callable[[Path, int, int], list[object]]
"""Writes files of so many targets into a folder and returns the entries of `targets:`; the last number is how many are others."""

_LISTS = [{"zone": "bl.example", "kinds": ["ipv4", "ipv6", "domain"], "max_qps": 1000}]


@dataclass(frozen=True, slots=True)
class Measured:
    """Times in seconds, memory in bytes."""

    seconds: float
    octets: float
    new_plan: float = 0.0
    stall: float = 0.0
    difference: float = 0.0


def main() -> None:
    """Print a column for each number of targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        form, count, what = options.one
        print(json.dumps(_measure(FORMS[form], int(count), memory=what == "memory")))
        return
    found = {form: [_rounds(form, count, options.rounds) for count in options.targets] for form in FORMS}
    figures = Figures(f"Targets, medians of {options.rounds} rounds", [f"{count:,}" for count in options.targets])
    for form, measured in found.items():
        figures.add(f"{form}: loaded, seconds", *(one.seconds for one in measured), digits=2, aim=at_most(5))
        per_target = [one.octets / count for one, count in zip(measured, options.targets, strict=True)]
        figures.add(f"{form}: bytes a target", *per_target, digits=0, aim=at_most(100))
    mixed = found["mixed"]
    figures.add("reload, 1 % changed: plan made in a thread, seconds", *(one.new_plan for one in mixed), digits=2, aim=at_most(5))
    figures.add("  the loop stands still for, ms", *(one.stall * 1e3 for one in mixed), aim=at_most(200))
    figures.add("  what is exposed anew found in a thread, seconds", *(one.difference for one in mixed), digits=2)
    figures.show()


def _rounds(form: str, count: int, number: int) -> Measured:
    times = [_child(form, count, "time") for _ in rounds(number, f"{form}, {count:,}")]
    octets = _child(form, count, "memory").octets
    middle = (median(values) for values in zip(*((one.new_plan, one.stall, one.difference) for one in times), strict=True))
    return Measured(median(one.seconds for one in times), octets, *middle)


def _child(form: str, count: int, what: str) -> Measured:
    command = [sys.executable, "-m", "tests.bench.targets", "--one", form, str(count), what]
    return Measured(*json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def _measure(made: Made, count: int, *, memory: bool) -> list[float]:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "config.yml"
        _write(path, made(path.parent, count, 0))
        _plan(path)  # whatever is imported or cached once
        if memory:
            tracemalloc.start()
        began = time.perf_counter()
        plan = _plan(path)
        seconds = time.perf_counter() - began
        schedule = Schedule(plan, 0.0, _never_known)
        octets = tracemalloc.get_traced_memory()[0] if memory else 0
        _write(path, made(path.parent, count, count // 100))
        return [seconds, octets, *_reload(path, plan, schedule)]


def _write(path: Path, targets: list[object]) -> None:
    path.write_text(json.dumps({"lists": _LISTS, "targets": targets}))


def _plan(path: Path) -> Plan:
    config = load(path, {})
    roster = config.roster(_found(config)).roster
    return build(roster, config.in_use(roster, config.sources), Shard())


def _found(config: Config) -> Mapping[Source, tuple[Portion, ...]]:
    found: dict[Source, tuple[Portion, ...]] = {}
    for (source, _), seen in files.first(config, {}, 1.0).items():
        found[source] = found.get(source, ()) + seen.portions
    return found


def _reload(path: Path, before: Plan, schedule: Schedule) -> Iterator[float]:
    began = time.perf_counter()
    plan = _plan(path)
    ahead = look_ahead(before, plan, 1.0, _never_known)
    planned = time.perf_counter()
    Schedule(plan, 1.0, _never_known, schedule, ahead=ahead)
    swapped = time.perf_counter()
    difference(before.roster, plan.roster)
    yield from (planned - began, swapped - planned, time.perf_counter() - swapped)


def _never_known(key: Key) -> Standing:
    return Standing()


# ---- what is loaded


def _networks(folder: Path, count: int, others: int) -> list[object]:
    """Networks of all sizes, apart from each other; the others are single addresses elsewhere, and as many are left out."""
    entries: list[object] = []
    start, left = int(IPv4Address("16.0.0.0")), count
    while left:
        width = min(left.bit_length() - 1, 18)
        entries.append(str(ip_network((start, 32 - width))))
        start += 1 << 19
        left -= 1 << width
    return entries


def _lines(folder: Path, count: int, others: int) -> list[object]:
    (folder / "targets.txt").write_text("".join(f"{IPv4Address(number)}\n" for number in _numbers(count, others)))
    return [{"files": ["targets.txt"], "labels": {"team": "mail"}}]


def _json(folder: Path, count: int, others: int) -> list[object]:
    texts = [str(IPv4Address(number)) for number in _numbers(count, others)]
    groups = [{"targets": texts[part::100], "labels": {"customer": f"customer {part}"}} for part in range(100)]
    (folder / "targets.json").write_text(json.dumps(groups))
    return [{"files": ["targets.json"]}]


def _ipv6(folder: Path, count: int, others: int) -> list[object]:
    above = int(IPv6Address("2600::"))
    (folder / "six.txt").write_text("".join(f"{IPv6Address(above + number)}\n" for number in _numbers(count, others)))
    return [{"files": ["six.txt"]}]


def _domains(folder: Path, count: int, others: int) -> list[object]:
    (folder / "domains.txt").write_text("".join(f"customer-{number}.example.com\n" for number in _numbers(count, others)))
    return [{"files": ["domains.txt"]}]


def _mixed(folder: Path, count: int, others: int) -> list[object]:
    return [*_networks(folder, count // 2, 0), *_lines(folder, count - count // 2, others)]


def _numbers(count: int, others: int) -> list[int]:
    """Distinct numbers in no order, so many of them not among those without others."""
    below, above = 64 << 24, 72 << 24
    numbers = random.Random(count).sample(range(below, above), count)
    return [number + (8 << 24) if place < others else number for place, number in enumerate(numbers)]


FORMS: Mapping[str, Made] = {
    "networks": _networks,
    "a file of lines": _lines,
    "file_sd JSON": _json,
    "IPv6 lines": _ipv6,
    "domain lines": _domains,
    "mixed": _mixed,
}


if __name__ == "__main__":
    main()
