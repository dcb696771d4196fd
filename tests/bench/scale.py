"""What checks cost when there are many: memory, scrapes, a restart, and how that grows.

    python -m tests.bench.scale [--checks 10000 100000 1000000] [--lists 50]

Each size is measured in a process of its own. One check in a hundred was ever listed. Beside it, prometheus-client's encoder
renders the dense family once.
"""

import argparse
import asyncio
import gc
import gzip
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exporter.cli.service import Options, Running
from exporter.config import Config, load
from exporter.history import History, Record
from exporter.listing import advance
from exporter.plan import Key
from exporter.verdict import Hit, Listed
from tests.bench.made import SEED, make

BEAT = 0.005
EVER_LISTED = 100


def main() -> None:
    """Print a column for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(asyncio.run(_measure(options.one // options.lists, options.lists))))
        return
    columns = []
    for checks in options.checks:
        command = [sys.executable, "-m", "tests.bench.scale", "--one", str(checks), "--lists", str(options.lists)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        columns.append(json.loads(done.stdout))
    print(f"{'checks':<58}" + "".join(f"{checks:>14,}" for checks in options.checks))
    for row in columns[0]:
        print(f"{row:<58}" + "".join(f"{column[row]:>14.1f}" for column in columns), flush=True)


async def _measure(targets: int, lists: int) -> dict[str, float]:
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "config.yml"
        made = make(targets, lists)
        path.write_text(made.config("127.0.0.1:9"))
        del made
        config = load(path, {})
        gc.collect()
        empty = _rss()
        history = History(path.parent / "history.db", config.history_keep, time.time)
        running = Running(Options(lambda: config, []), config, history)
        keys = [check.key for checks in running.engine.plan.checks.values() for check in checks]
        count = len(keys)
        began = time.monotonic()
        for target, list_name in keys:
            history.note_clean(target, list_name, time.time(), first=True)
        found["noting a clean answer, microseconds"] = (time.monotonic() - began) / count * 1e6
        await _list_some(history, keys[::EVER_LISTED])
        began = time.monotonic()
        await history.flush_all()
        found["writing all of it, seconds"] = time.monotonic() - began
        metrics = running.metrics()

        async def scrape() -> int:
            return sum(map(len, (await metrics.scrape("openmetrics", compressed=True)).pieces))

        cold, stall, size = await _timed(scrape)
        found["first scrape, ms"] = cold
        found["  longest stall of the loop, ms"] = stall
        found["  compressed body, kB"] = size / 1e3
        found["scrape, nothing changed, ms"], found["  longest stall, ms"], _ = min([await _timed(scrape) for _ in range(5)])
        await _change_some(history, keys[1::EVER_LISTED])
        found["scrape, 1 % changed, ms"], found["  longest stall,  ms"], _ = await _timed(scrape)
        del keys
        gc.collect()
        found["memory over the empty process, bytes a check"] = (_rss() - empty) / count
        found["  at its peak"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - empty) / count
        await history.close()
        found["history file, bytes a check"] = (path.parent / "history.db").stat().st_size / count
        found["restart to the first full scrape, seconds"] = await _restart(config, path)
        ours, theirs = await _encoders(running)
        found["dense family, ours, ms"] = ours
        found["dense family, prometheus-client with gzip, ms"] = theirs
        found["  ratio"] = theirs / ours
    return found


async def _list_some(history: History, keys: list[Key]) -> None:
    for key in keys:
        _hold(history, key)
    await history.commit()


async def _change_some(history: History, keys: list[Key]) -> None:
    """One check in a hundred gets listed, here and there over all targets."""
    random.Random(SEED).shuffle(keys)
    await _list_some(history, keys)


def _hold(history: History, key: Key) -> None:
    after, changes = advance(history.standing(key), Listed((Hit("", ("127.0.0.2",)),)), time.time(), 2)
    history.hold(Record(key, after, changes))


async def _timed(work: Callable[[], object]) -> tuple[float, float, int]:
    """How long it took, and the longest time in which nothing else ran, in milliseconds."""
    longest, ended = 0.0, False

    async def beat() -> None:
        nonlocal longest
        last = time.monotonic()
        while not ended:
            await asyncio.sleep(BEAT)
            longest, last = max(longest, time.monotonic() - last - BEAT), time.monotonic()

    beating = asyncio.create_task(beat())
    await asyncio.sleep(BEAT)
    began = time.monotonic()
    result = work()
    assert asyncio.iscoroutine(result)
    size = await result
    took = time.monotonic() - began
    await asyncio.sleep(2 * BEAT)
    ended = True
    await beating
    return took * 1e3, longest * 1e3, size


async def _restart(config: Config, path: Path) -> float:
    began = time.monotonic()
    history = History(path.parent / "history.db", config.history_keep, time.time)
    running = Running(Options(lambda: config, []), config, history)
    await running.metrics().scrape("openmetrics", compressed=True)
    took = time.monotonic() - began
    await history.close()
    return took


async def _encoders(running: Running) -> tuple[float, float]:
    """Rendering the dense family from nothing: our blocks with gzip, and the library's encoder with its gzip level."""
    family = GaugeMetricFamily("dnsbl_listed", "Listed.", labels=("target", "list"))
    metrics = running.metrics()
    began = time.monotonic()
    await metrics.scrape("text", compressed=True)
    ours = time.monotonic() - began
    for checks in running.engine.plan.checks.values():
        for check in checks:
            family.add_metric(check.key, 0.0)
    began = time.monotonic()
    gzip.compress(generate_latest(_Holding(family)))
    return ours * 1e3, (time.monotonic() - began) * 1e3


class _Holding(CollectorRegistry):
    def __init__(self, family: Metric) -> None:
        super().__init__(auto_describe=False)
        self.register(_Family(family))


class _Family(Collector):
    def __init__(self, family: Metric) -> None:
        self._family = family

    def collect(self) -> list[Metric]:
        return [self._family]


def _rss() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    main()
