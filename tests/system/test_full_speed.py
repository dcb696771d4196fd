"""What is scraped while a lap runs at full speed: twenty thousand checks at a real server that answers as fast as they come."""

import asyncio
import gzip
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from exporter.cli.service import Options, Running
from exporter.config import load
from exporter.history import History
from exporter.metrics.exposition import Form
from exporter.vouching import Hooks
from tests.servers.exporter import Exporter, Response
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.zones import addresses
from tests.system.scrape import Scrape, assert_whole
from tests.system.settings import Settings, addresses_on, config

ZONES = [f"bl-{number}.example" for number in range(10)]
TARGETS = [f"10.0.{number // 250}.{number % 250}" for number in range(2000)]
ON = {zone: TARGETS[number::500] for number, zone in enumerate(ZONES)}
CHECKS = len(ZONES) * len(TARGETS)
LISTINGS = sum(map(len, ON.values()))
LAP: Settings = {"interval": "1h", "confirm_interval": "1h", "test_interval": "1h"}
TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text"


@pytest.fixture(name="rbldnsd")
def _rbldnsd(tmp_path: Path) -> Iterator[Rbldnsd]:
    with Rbldnsd(tmp_path, {zone: addresses(on) for zone, on in ON.items()}) as rbldnsd:
        yield rbldnsd


def _config(rbldnsd: Rbldnsd, checks: Settings, exposed: str, **of_each: object) -> str:
    lists = [addresses_on(zone, **of_each) for zone in ZONES]
    return config(rbldnsd.address, lists, TARGETS, checks, metrics={"checks": exposed})


def _body(response: Response) -> str:
    """The body as text, whole: a gzip file that was cut off is an error."""
    packed = response.headers.get("content-encoding") == "gzip"
    return (gzip.decompress(response.body) if packed else response.body).decode()


def _finished(scrape: Scrape) -> float:
    return sum(scrape.by("dnsbl_checks_total", "list").values())


def test_a_scrape_during_a_lap_neither_waits_for_it_nor_stalls_it(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """It is over before the lap is, and checks are finished while it is made."""
    (tmp_path / "config.yml").write_text(_config(rbldnsd, LAP, "all"))
    config = load(tmp_path / "config.yml", {})

    async def scrape_in_a_lap(form: Form, *, compressed: bool) -> tuple[int, int]:
        history = History(tmp_path / f"{form}-{compressed}.db", config.history_keep, time.time)
        begun = asyncio.Event()
        hooks = Hooks(outcome=(lambda outcome: begun.set(),))
        running = Running(Options(lambda: config, [], hooks=hooks), config, history)
        lap = asyncio.create_task(running.engine.run())
        await begun.wait()
        before = running.tally.checks.total()
        await running.metrics().scrape(form, compressed=compressed)
        after = running.tally.checks.total()
        running.engine.stop()
        await lap
        await history.close()
        return before, after

    for form in get_args(Form):
        for compressed in (False, True):
            before, after = asyncio.run(scrape_in_a_lap(form, compressed=compressed))
            assert before < after < CHECKS


def test_a_scrape_is_whole_and_of_one_moment(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """In every form, however long it takes to be written while checks go on."""
    asked = [{"Accept": form, "Accept-Encoding": coding} for form in (TEXT, OPENMETRICS) for coding in ("gzip", "identity")]
    with Exporter(tmp_path, _config(rbldnsd, LAP, "all")) as exporter:
        exporter.wait(lambda it: _finished(Scrape.now(it)) > 0, "the lap has begun")
        responses = [exporter.get("/metrics", headers) for headers in [*asked, *asked[:1]]]
    bodies = [_body(response) for response in responses]
    scrapes = [Scrape.of(body) for body in bodies]
    assert [body.endswith("# EOF\n") for body in bodies] == [False, False, True, True, False]
    for response, scrape in zip(responses, scrapes, strict=True):
        assert len(response.body) == int(response.headers["content-length"])
        assert len(scrape.by("dnsbl_target_info", "target")) == len(TARGETS)
        assert {zone: sum(scrape.checks(zone).values()) for zone in ZONES} == dict.fromkeys(ZONES, len(TARGETS))
        assert_whole(scrape)
    finished = [_finished(scrape) for scrape in scrapes]
    # A listing is counted before it is recorded, and shown after that.
    for count, scrape in zip(finished, scrapes, strict=True):
        assert 0 <= count - len(scrape.by("dnsbl_listed", "target", "list")) <= LISTINGS


def test_during_laps_only_checks_that_were_ever_listed_have_a_series(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """With `checks: history` a clean answer makes no series, in the first lap or later, and a removal ends none."""
    on = {(target, zone) for zone, targets in ON.items() for target in targets}
    laps = {"interval": "1s", "confirm_interval": "200ms", "test_interval": "1s"}
    scrapes: list[Scrape] = []

    def look(exporter: Exporter) -> Scrape:
        scrapes.append(Scrape.now(exporter))
        return scrapes[-1]

    # At this pace the first lap lasts a second, so it is looked at on any machine.
    with Exporter(tmp_path, _config(rbldnsd, laps, "history", max_qps=2000)) as exporter:
        exporter.wait(lambda it: len(look(it).standings()) == len(on), "the first lap is finished")
        zone = ZONES[0]
        goes, comes = ON[zone][0], TARGETS[-1]
        rbldnsd.write(zone, addresses([*ON[zone][1:], comes]))
        exporter.wait(lambda it: look(it).totals(zone) == (len(ON[zone]) + 1, 1), "one is listed and one removed")
    for scrape in scrapes:
        listed = scrape.by("dnsbl_listed", "target", "list")
        assert listed.keys() == {place[:2] for place in scrape.standings()}
        assert listed.keys() <= on | {(comes, zone)}
        assert_whole(scrape)
    assert any(0 < _finished(scrape) < CHECKS for scrape in scrapes)
    assert scrapes[-1].by("dnsbl_listed", "target", "list") == dict.fromkeys(on, 1) | {(goes, zone): 0, (comes, zone): 1}
