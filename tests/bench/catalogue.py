"""What the catalogue costs: the time to read it, the memory to keep it, and what it adds to `config check`.

    python -m tests.bench.catalogue [--rounds 9]

Each figure is the median of as many processes of their own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from statistics import median

from exporter import catalogue

KEY = {"BENCH_KEY": "0123456789abcdef"}
OWN = "{zone: bl.example.net, kinds: [ipv4]}"

Figures = dict[str, float]


def main() -> None:
    """Print the data's size, then a row for each figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--one", choices=_ONE, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(_ONE[options.one]()))
        return
    files = [file for file in (resources.files(catalogue) / "lists").iterdir() if file.name.endswith(".yml")]
    octets = sum(len(file.read_bytes()) for file in files)
    print(
        f"{len(catalogue.entries())} lists in {len(files)} files, {octets / 1024:.0f} KiB; medians of {options.rounds} processes"
    )
    for one in _ONE:
        _print([_child(one) for _ in range(options.rounds)])
    for what, lists in (("one list of one's own", [OWN]), ("one by name", ["zen.spamhaus.org"]), ("all", _everything())):
        _print([_check(what, lists) for _ in range(options.rounds)])


def _everything() -> list[str]:
    """Every list that is part of no other, as a config names it."""
    rows = [(zone, entry) for zone, entry in catalogue.entries().items() if not entry.get("part_of")]
    return [f"{{zone: {zone}, key_env: BENCH_KEY}}" if entry.get("needs_key") else zone for zone, entry in rows]


def _time() -> Figures:
    began, cpu_began = time.perf_counter(), time.process_time()
    catalogue.entries()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    return {"reading the catalogue, ms": seconds * 1e3, "  of it CPU": cpu * 1e3}


def _allocated() -> Figures:
    tracemalloc.start()
    catalogue.entries()
    kept, most = tracemalloc.get_traced_memory()
    return {"kept for it, KiB (tracemalloc)": kept / 1024, "at most while reading, KiB (tracemalloc)": most / 1024}


def _resident() -> Figures:
    before = _rss()
    catalogue.entries()
    return {
        "a process that has imported the loader, KiB (RSS)": before,
        "  and has read the catalogue": _rss(),
        "  more": _rss() - before,
    }


_ONE: dict[str, Callable[[], Figures]] = {"time": _time, "allocated": _allocated, "resident": _resident}


def _rss() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1024


def _child(one: str) -> Figures:
    command = [sys.executable, "-m", "tests.bench.catalogue", "--one", one]
    found: Figures = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def _check(what: str, lists: list[str]) -> Figures:
    """Run `config check` once, to its end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.yml"
        path.write_text("\n".join(["lists:", *(f"  - {each}" for each in lists), "targets: [9.9.9.9]", ""]))
        command = [sys.executable, "-m", "exporter", "config", "check", f"--config.file={path}"]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env={**os.environ, **KEY})
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"config check ended with {process.returncode}")
    return {
        f"config check, {what} ({len(lists)}), ms": seconds * 1e3,
        "  of it CPU": (used.ru_utime + used.ru_stime) * 1e3,
        "  memory at most, KiB": used.ru_maxrss,
    }


def _print(rounds: list[Figures]) -> None:
    for what in rounds[0]:
        print(f"{what:<58}{median(figures[what] for figures in rounds):>12,.1f}", flush=True)


if __name__ == "__main__":
    main()
