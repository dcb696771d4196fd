"""What checks cost when there are many: memory, scrapes, a restart.

    python -m tests.bench.scale [--checks 10000 100000 1000000] [--lists 50]

Each size is measured in a process of its own. One check in a hundred was ever listed. Beside it, prometheus-client's encoder
renders the dense family once. The restart is that of the service: from its start to the last byte of the first /metrics.
"""

import argparse
import asyncio
import gc
import gzip
import json
import random
import resource
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import NamedTuple
from urllib.request import Request, urlopen

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from exporter.cli.service import Options, Running, settle
from exporter.config import load
from exporter.history import History, Record
from exporter.listing import advance
from exporter.metrics import Metrics
from exporter.plan import Key
from exporter.verdict import Hit, Listed
from tests.bench.figures import Aim, Figures, at_least, at_most
from tests.bench.machine import PATIENCE_SECONDS, in_child, rss_bytes
from tests.bench.made import SEED, make
from tests.servers.exporter import Exporter

BEAT = 0.005
SCRAPES = 5
EVER_LISTED = 100
NOBODY = "127.0.0.1:9"
"""Lists are never asked here."""

AIMS: dict[str, Aim] = {
    "memory over the empty process, bytes a check": at_most(150),
    "first scrape, longest stall of the loop, ms": at_most(20),
    "scrape, nothing changed, ms": at_most(20),
    "scrape, nothing changed, longest stall, ms": at_most(20),
    "scrape, 1 % changed, ms": at_most(150),
    "scrape, 1 % changed, longest stall, ms": at_most(20),
    "restart to the first full /metrics, seconds": at_most(5),
    "  times as long as ours": at_least(1),
}


class Took(NamedTuple):
    """How long a scrape took, and the longest time in which nothing else ran, in milliseconds; and its bytes."""

    whole: float
    stall: float
    size: int


def main() -> None:
    """Print a column for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(_measure(options.one // options.lists, options.lists)))
        return
    found = [in_child("tests.bench.scale", "--one", str(checks), "--lists", str(options.lists)) for checks in options.checks]
    figures = Figures("Many checks", [f"{checks:,}" for checks in options.checks])
    for row in found[0]:
        figures.add(row, *(column[row] for column in found), aim=AIMS.get(row))
    figures.show()


def _measure(targets: int, lists: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        config = make(targets, lists).config(NOBODY)
        (Path(name) / "config.yml").write_text(config)
        found = asyncio.run(_held(Path(name)))
        return found | _restarted(Path(name), config, targets * lists)


async def _held(folder: Path) -> dict[str, float]:
    """A service that knows everything about its checks, without asking."""
    gc.collect()
    empty = rss_bytes()
    config = load(folder / "config.yml", {})
    gc.collect()
    read = rss_bytes()
    history = History(folder / "history.db", config.history_keep, time.time)
    running = Running(Options(lambda: config, []), config, history)
    settle()
    keys = [check.key for checks in running.engine.plan.checks.values() for check in checks]
    count = len(keys)
    found: dict[str, float] = {}
    began = time.monotonic()
    for target, list_name in keys:
        history.note_clean(target, list_name, time.time(), first=True)
    found["noting a clean answer, microseconds"] = (time.monotonic() - began) / count * 1e6
    await _list_some(history, keys[::EVER_LISTED])
    began = time.monotonic()
    await history.flush_all()
    found["writing all of it, seconds"] = time.monotonic() - began
    metrics = running.metrics()
    first = await _timed(lambda: _scrape(metrics))
    found["first scrape, ms"] = first.whole
    found["first scrape, longest stall of the loop, ms"] = first.stall
    found["compressed body, kB"] = first.size / 1e3
    same = sorted([await _timed(lambda: _scrape(metrics)) for _ in range(SCRAPES)])
    found["scrape, nothing changed, ms"] = same[SCRAPES // 2].whole
    found["scrape, nothing changed, longest stall, ms"] = max(took.stall for took in same)
    plain = sorted([await _timed(lambda: _scrape(metrics, compressed=False)) for _ in range(SCRAPES)])
    found["scrape, nothing changed, not compressed, ms"] = plain[SCRAPES // 2].whole
    await _change_some(history, keys[1::EVER_LISTED])
    changed = await _timed(lambda: _scrape(metrics))
    found["scrape, 1 % changed, ms"] = changed.whole
    found["scrape, 1 % changed, longest stall, ms"] = changed.stall
    del keys
    gc.collect()
    found["memory over the empty process, bytes a check"] = (rss_bytes() - empty) / count
    found["  of this, the config"] = (read - empty) / count
    found["  at its peak"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - empty) / count
    ours, theirs = await _encoders(running)
    found["everything rendered from nothing, ms"] = ours
    found["dense family by prometheus-client with gzip, ms"] = theirs
    found["  times as long as ours"] = theirs / ours
    await history.close()
    found["history file, bytes a check"] = (folder / "history.db").stat().st_size / count
    return found


def _restarted(folder: Path, config: str, checks: int) -> dict[str, float]:
    """The service, started on the history that is there."""
    began = time.monotonic()
    with Exporter(folder, config) as exporter:
        listening = time.monotonic() - began
        request = Request(f"{exporter.url}/metrics", headers={"Accept-Encoding": "gzip"})
        with urlopen(request, timeout=PATIENCE_SECONDS) as response:
            body = response.read()
        took = time.monotonic() - began
    shown = gzip.decompress(body).count(b"\ndnsbl_listed{")
    assert shown == checks, f"{shown} checks shown of {checks}"
    return {"restart to the first full /metrics, seconds": took, "  until it listens": listening}


async def _scrape(metrics: Metrics, *, compressed: bool = True) -> int:
    return sum(map(len, (await metrics.scrape("openmetrics", compressed=compressed)).pieces))  # takes them, as a client does


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


async def _timed(work: Callable[[], Coroutine[None, None, int]]) -> Took:
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
    size = await work()
    took = time.monotonic() - began
    await asyncio.sleep(2 * BEAT)
    ended = True
    await beating
    return Took(took * 1e3, longest * 1e3, size)


async def _encoders(running: Running) -> tuple[float, float]:
    """Milliseconds of our blocks of all families with gzip, and of the library's encoder of one with its gzip level."""
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


if __name__ == "__main__":
    main()
