"""The machine under the measurements: its cores, and what a process takes of it.

Rule: what asks has one core and what answers another, if there are two. A bench asks, so do its children; what serves is moved.
"""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

PATIENCE_SECONDS = 600.0

_CORES = sorted(os.sched_getaffinity(0))


def take_asking_core() -> None:
    """Keep this process, and the children it will have, on the first core."""
    os.sched_setaffinity(0, {_CORES[0]})


def give_serving_core(pid: int) -> None:
    """Keep a process on the last core."""
    os.sched_setaffinity(pid, {_CORES[-1]})


def in_child(module: str, *args: str) -> dict[str, float]:
    """Run a module in a process of its own; it prints what it found as JSON."""
    command = [sys.executable, "-m", module, *args]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    if done.returncode:
        raise SystemExit(f"{module} ended with {done.returncode}\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def cpu_seconds(who: int = resource.RUSAGE_SELF) -> float:
    """What this process, or its ended children, used so far."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def rss_bytes() -> int:
    """The memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
