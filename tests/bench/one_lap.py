"""One first lap of the whole pipeline in a process of its own: prints what it took as JSON.

    python -m tests.bench.one_lap CONFIG LISTINGS

It lasts until every check is finished and that many listings are recorded.

From the plan to the exposition: schedule, ask, judge, trust, advance, record, tell, and one scrape at the end.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from exporter.cli.service import Options, Running
from exporter.config import load
from exporter.history import History


async def _lap(path: Path, listings: int) -> dict[str, float]:
    config = load(path, {})
    rss_before = _rss()
    history = History(path.parent / "history.db", config.history_keep, time.time)
    running = Running(Options(lambda: config, []), config, history)
    metrics = running.metrics()
    checks = sum(map(len, running.engine.plan.checks.values()))
    began, cpu_began = time.monotonic(), _cpu()
    engine = asyncio.create_task(running.engine.run())
    answered = 0.0
    while (recorded := sum(history.totals(name).listed for name in running.engine.plan.lists)) < listings or not answered:
        if not answered and sum(running.tally.checks.values()) >= checks - (listings - recorded):
            answered = time.monotonic() - began
        await asyncio.sleep(0.005)
    seconds, cpu = time.monotonic() - began, _cpu() - cpu_began
    scrape_began = time.monotonic()
    pieces = (await metrics.scrape("text", compressed=True)).pieces
    scrape = time.monotonic() - scrape_began
    found = {
        "checks": checks,
        "answered_seconds": answered,
        "seconds": seconds,
        "cpu_seconds": cpu,
        "scrape_seconds": scrape,
        "scrape_bytes": sum(map(len, pieces)),
        "listings": sum(history.totals(name).listed for name in running.engine.plan.lists),
        "failures": sum(running.tally.failures.values()),
        "rss_bytes": _rss(),
        "rss_before_bytes": rss_before,
    }
    running.engine.stop()
    await engine
    await history.close()
    return found


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _rss() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_lap(Path(sys.argv[1]), int(sys.argv[2])))))
