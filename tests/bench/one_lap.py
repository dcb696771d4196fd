"""One first lap of the whole pipeline in a process of its own: prints what it took as JSON.

    python -m tests.bench.one_lap CONFIG LISTINGS

It lasts until every check is finished and that many listings are recorded. From the plan to the exposition: schedule, ask, judge,
trust, advance, record, tell, and one scrape at the end.
"""

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from exporter.cli.service import Options, Running, settle
from exporter.config import load
from exporter.history import History
from tests.bench.machine import cpu_seconds, in_child, rss_bytes
from tests.bench.made import Made

LOOK_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Lap:
    """What a lap took and found. The memory is over that of the process before it read its config."""

    checks: float
    answered_seconds: float
    """Until every check was answered; listings were still to be tested and given reasons."""
    seconds: float
    cpu_seconds: float
    """Until everything found is in the file: a short lap ends before clean answers are written, a long one does not."""
    scrape_seconds: float
    memory_bytes: float
    listings: float
    unknown: float
    """Checks that are not known at the end."""

    @property
    def rate(self) -> float:
        return self.checks / self.seconds

    @property
    def answered_rate(self) -> float:
        return self.checks / self.answered_seconds

    @property
    def cpu_microseconds(self) -> float:
        return self.cpu_seconds / self.checks * 1e6


def lap(folder: Path, made: Made, resolver: str) -> Lap:
    """A lap in a new folder, over what was made."""
    folder.mkdir()
    config = folder / "config.yml"
    config.write_text(made.config(resolver))
    found = Lap(**in_child("tests.bench.one_lap", str(config), str(made.listings)))
    assert found.listings == made.listings, f"{found.listings} listings found of {made.listings}"
    return found


async def _lap(path: Path, listings: int) -> Lap:
    empty = rss_bytes()
    config = load(path, {})
    history = History(path.parent / "history.db", config.history_keep, time.time)
    running = Running(Options(lambda: config, []), config, history)
    settle()
    metrics = running.metrics()
    checks = sum(map(len, running.engine.plan.checks.values()))
    began, cpu_began = time.monotonic(), cpu_seconds()
    engine = asyncio.create_task(running.engine.run())
    answered = 0.0
    while (recorded := _recorded(running, history)) < listings or not answered:
        if not answered and sum(running.tally.checks.values()) >= checks - (listings - recorded):
            answered = time.monotonic() - began
        await asyncio.sleep(LOOK_SECONDS)
    seconds = time.monotonic() - began
    await history.flush()
    cpu = cpu_seconds() - cpu_began
    scrape_began = time.monotonic()
    await metrics.scrape("text", compressed=True)
    scrape = time.monotonic() - scrape_began
    found = Lap(
        checks=checks,
        answered_seconds=answered,
        seconds=seconds,
        cpu_seconds=cpu,
        scrape_seconds=scrape,
        memory_bytes=rss_bytes() - empty,
        listings=_recorded(running, history),
        unknown=_unknown(running, history),
    )
    running.engine.stop()
    await engine
    await history.close()
    return found


def _recorded(running: Running, history: History) -> int:
    return sum(history.totals(name).listed for name in running.engine.plan.lists)


def _unknown(running: Running, history: History) -> int:
    held = (history.shown(check.key) for checks in running.engine.plan.checks.values() for check in checks)
    return sum(standing.known_at is None or standing.unknown is not None for standing in held)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_lap(Path(sys.argv[1]), int(sys.argv[2]))))))
