"""The rate of the whole pipeline beside dnsperf's, in paired rounds.

    python -m tests.bench.pipeline [--targets 2560] [--lists 50] [--rounds 5]

With two cores the DNS server has one and what is measured the other.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench.made import Made, make
from tests.servers.rbldnsd import Rbldnsd

DNSPERF_WINDOW = 100
"""In flight; more than about 150 overflow rbldnsd's receive buffer of 64 KiB."""


def main() -> None:
    """Print a line a round, then the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, default=2560)
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    made = make(options.targets, options.lists)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Rbldnsd(folder, made.zones()) as lists:
            pin(lists.daemon.pid, -1)
            rounds = [_round(folder / str(number), made, lists) for number in range(options.rounds)]
    ratios = [ours["checks"] / ours["seconds"] / perf for ours, perf in rounds]
    print(f"\n{made.checks} checks, {made.listings} on a list; medians of {options.rounds} paired rounds")
    perfs = [perf for _, perf in rounds]
    answered = [ours["checks"] / ours["answered_seconds"] for ours, _ in rounds]
    print(f"  checks answered a second        {median(answered):>10.0f}   before reasons and tests of listings")
    print(f"    ratio                         {median(rate / perf for rate, perf in zip(answered, perfs, strict=True)):>10.2f}")
    print(f"  checks recorded a second        {median(ours['checks'] / ours['seconds'] for ours, _ in rounds):>10.0f}")
    print(f"  dnsperf, queries a second       {median(perf for _, perf in rounds):>10.0f}")
    print(f"  ratio                           {median(ratios):>10.2f}")
    print(f"  CPU a check, microseconds       {median(ours['cpu_seconds'] / ours['checks'] * 1e6 for ours, _ in rounds):>10.1f}")


def _round(folder: Path, made: Made, lists: Rbldnsd) -> tuple[dict[str, float], float]:
    folder.mkdir()
    ours = lap(folder, made.config(lists.address), made.listings)
    perf = dnsperf(made.write_names(folder / "names"), lists)
    assert ours["listings"] == made.listings, f"{ours['listings']} listings found of {made.listings}"
    rate = ours["checks"] / ours["seconds"]
    print(
        f"  {rate:>9.0f} checks/s   dnsperf {perf:>9.0f} q/s   ratio {rate / perf:.2f}   unknown {ours['failures']:.0f}",
        flush=True,
    )
    return ours, perf


def lap(folder: Path, config: str, listings: int) -> dict[str, float]:
    """One first lap in a process of its own."""
    (folder / "config.yml").write_text(config)
    command = [sys.executable, "-m", "tests.bench.one_lap", str(folder / "config.yml"), str(listings)]
    done = subprocess.run(_pinned(command), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def dnsperf(names: Path, lists: Rbldnsd) -> float:
    """Queries a second of dnsperf over the same names."""
    command = [
        "dnsperf",
        "-s",
        lists.host,
        "-p",
        str(lists.port),
        "-d",
        str(names),
        "-n",
        "1",
        "-c",
        "16",
        "-q",
        str(DNSPERF_WINDOW),
    ]
    done = subprocess.run(_pinned(command), capture_output=True, text=True, check=True)
    found = re.search(r"Queries per second:\s+([0-9.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def pin(pid: int, core: int) -> None:
    """Keep a process on one core (-1 is the last), if there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(pid, {cores[core]})


def _pinned(command: list[str]) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[0]), *command] if len(cores) > 1 else command


if __name__ == "__main__":
    main()
