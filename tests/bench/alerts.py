"""What alerts cost Prometheus when there are many checks, and how soon somebody is told.

    python -m tests.bench.alerts [--checks 1000000] [--lists 50] [--listings 1000] [--rounds 10]

The running service shows all checks as clean but for the listings, a third of them new, a third repeats, a third there before;
a real Prometheus scrapes it and evaluates the shipped rules. If there is not memory enough for a series of every check, only the
listings have them, and the table says so. Then a real list lists and removes an address, and the time until Alertmanager tells a
webhook is taken: laps take half a second, scrapes and evaluations a fifth, and nothing is waited for to be grouped.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from exporter.config import load
from exporter.history import History, Record
from exporter.listing import advance
from exporter.plan import Key, Shard, build
from exporter.verdict import Hit, Listed, NotListed
from tests.bench.figures import ROUNDS, Figures, at_least, at_most, rounds, spread
from tests.bench.machine import PATIENCE_SECONDS
from tests.bench.made import make
from tests.servers.daemon import wait_until
from tests.servers.exporter import Exporter
from tests.servers.ports import free_port
from tests.servers.prometheus import Prometheus
from tests.system.chain import RULES, XBL, ZEN, chain

NOBODY = "127.0.0.1:9"
"""Lists are never asked here."""
BYTES_A_CHECK = 8_000
"""Of memory that Prometheus and the exporter take for the series of a check."""
SCRAPE_SECONDS = 20
EVALUATIONS = 10
GROUP = "dnsbl-listings"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=1_000_000)
    parser.add_argument("--lists", type=int, default=50)
    parser.add_argument("--listings", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        _evaluate(Path(name), options.checks, options.lists, options.listings)
    with tempfile.TemporaryDirectory() as name:
        _tell(Path(name), options.rounds)


# ---- what they cost


def _evaluate(folder: Path, checks: int, lists: int, listings: int) -> None:
    figures = Figures(f"The rules with {checks:,} checks, {listings:,} of them listed", ROUNDS)
    exposed = "all" if _available_bytes() > checks * BYTES_A_CHECK else "history"
    config = make(checks // lists, lists).config(NOBODY) + f"metrics: {{checks: {exposed}}}\n"
    (folder / "config.yml").write_text(config)
    asyncio.run(_remember(folder, listings))
    address = f"127.0.0.1:{free_port()}"
    with (
        Exporter(folder, config, [f"--web.listen-address={address}"]),
        Prometheus(folder, [address], RULES, scrape=f"{SCRAPE_SECONDS}s", evaluate="2s", patience=PATIENCE_SECONDS) as prometheus,
    ):
        _await_scrapes(prometheus, 3)
        figures.say(f"a series for each check: {'yes' if exposed == 'all' else 'no, there is too little memory'}")
        figures.add("samples a scrape", prometheus.query("scrape_samples_scraped")[0].value, digits=0)
        figures.add("scrape, seconds", *spread(_durations(prometheus, "scrape_duration_seconds")), digits=2)
        figures.add("memory of Prometheus (RSS), MB", _rss(prometheus.daemon.pid) / 1e6, digits=0)
        times = _evaluation_times(prometheus)
        firing = sum(sample.value for sample in prometheus.query('count(ALERTS{alertstate="firing"})'))
        figures.add("alerts that fire", firing, digits=0, aim=at_least(listings))
        figures.add("one evaluation of the rules on listings, seconds", *spread(times), digits=3, aim=at_most(1))
    figures.show()


async def _remember(folder: Path, listings: int) -> None:
    """A history in which all is known."""
    config = load(folder / "config.yml", {})
    plan = build(config.roster().roster, config.lists, Shard())
    keys = [check.key for checks in plan.checks.values() for check in checks]
    history = History(folder / "history.db", config.history_keep, time.time)
    listed = keys[:: len(keys) // listings][:listings]
    there_before = set(listed[::3])
    for target, name in keys:
        if (target, name) not in there_before:
            history.note_clean(target, name, time.time() - 60, first=True)
    for place, key in enumerate(listed):
        for verdict_at in _life(repeats=place % 3 == 1):
            _hold(history, key, *verdict_at)
    await history.commit()
    await history.flush_all()
    await history.close()


def _life(*, repeats: bool) -> Iterator[tuple[Listed | NotListed, float]]:
    on_it = Listed((Hit("", ("127.0.0.2",)),))
    now = time.time()
    if repeats:
        yield on_it, now - 50
        yield NotListed(), now - 40
    yield on_it, now - 30


def _hold(history: History, key: Key, verdict: Listed | NotListed, at: float) -> None:
    after, changes = advance(history.standing(key), verdict, at, delist_after=1)
    history.hold(Record(key, after, changes))


def _await_scrapes(prometheus: Prometheus, count: int) -> None:
    window = (count + 2) * SCRAPE_SECONDS
    enough = f"count_over_time(scrape_samples_scraped[{window}s]) >= {count}"
    wait_until(lambda: bool(prometheus.query(enough)), "the exporter is scraped", PATIENCE_SECONDS)


def _durations(prometheus: Prometheus, name: str) -> list[float]:
    """Of the last scrapes."""
    return [sample.value for of in ("min", "max", "avg") for sample in prometheus.query(f"{of}_over_time({name}[5m])")]


def _evaluation_times(prometheus: Prometheus) -> list[float]:
    """Of so many evaluations in a row, by Prometheus's own word."""
    found: dict[datetime, float] = {}

    def look() -> bool:
        data = prometheus.get("rules")
        assert isinstance(data, dict)
        (group,) = (group for group in data["groups"] if group["name"] == GROUP)
        assert all(rule["health"] == "ok" for rule in group["rules"]), group
        found[group["lastEvaluation"]] = group["evaluationTime"]
        return len(found) > EVALUATIONS

    wait_until(look, "the rules are evaluated", PATIENCE_SECONDS)
    return list(found.values())[1:]


def _available_bytes() -> int:
    lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    return int(lines["MemAvailable"].split()[0]) * 1024


def _rss(pid: int) -> float:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return float(lines["VmRSS"].split()[0]) * 1024


# ---- how soon somebody is told


def _tell(folder: Path, count: int) -> None:
    folder.chmod(0o755)  # rbldnsd gives up root before it reads
    figures = Figures("From a list's change to a message", ROUNDS)
    targets = [f"192.0.2.{number}" for number in range(1, count + 1)]
    listed: list[float] = []
    removed: list[float] = []
    with chain(folder, targets, {}) as running:
        running.exporter.wait(lambda it: it.value("dnsbl_list_checks", list=ZEN, verdict="not_listed") == count, "all is known")
        for number in rounds(count, "alerts"):
            for codes, times in (([XBL], listed), ([], removed)):
                told = len(running.webhook.messages)
                began = running.serve(ZEN, targets[number], *codes)
                running.webhook.wait_for(told + 2)
                times.append(running.webhook.messages[told].at - began)
    figures.add("listed, seconds", *spread(listed), digits=2)
    figures.add("removed (after two clean answers), seconds", *spread(removed), digits=2)
    figures.show()


if __name__ == "__main__":
    main()
