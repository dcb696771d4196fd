"""What was shown once is never lost, whatever becomes of the process or its config, and nothing is invented."""

import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from tests.servers.daemon import wait_until
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.ledger import Ledger, assert_shown, assert_sound, is_shown
from tests.system.scrape import Place, Scrape, assert_whole
from tests.system.settings import addresses_on, config
from tests.system.stream import Stream
from tests.system.watcher import Watcher

PLAIN, ZEN, THIRD = "plain.example", "zen.example", "third.example"
LISTS = {PLAIN: ("127.0.0.2",), ZEN: ("127.0.0.4", "127.0.0.10"), THIRD: ("127.0.0.2",)}
CODES = {"127.0.0.4": {"sublist": "XBL"}, "127.0.0.10": {"sublist": "PBL"}}
SETTINGS = {PLAIN: addresses_on(PLAIN), ZEN: addresses_on(ZEN, codes=CODES), THIRD: addresses_on(THIRD)}
TARGETS = [f"192.0.2.{number}" for number in range(10)]
RESTLESS = {"interval": "200ms", "confirm_interval": "100ms", "test_interval": "1s"}

AGREE_SECONDS = 10.0
LANES, TURNS = 3, 17  # that many exporters at once, each killed or reloaded so often: 51 times in all


def _agreed(exporter: Exporter, history: Path, targets: Sequence[str], lists: Iterable[str]) -> tuple[Scrape, Ledger]:
    """A scrape and the file, both of a moment in which nothing was written and all that was written is shown: it is in the file
    first. What is not shown soon is left to what the caller asserts."""
    end = time.monotonic() + AGREE_SECONDS
    while True:
        before, scrape, after = Ledger.read(history), Scrape.now(exporter), Ledger.read(history)
        if before == after and (is_shown(scrape, after, targets, lists) or time.monotonic() > end):
            return scrape, after


def test_fifty_kills_lose_nothing_and_invent_nothing(tmp_path: Path) -> None:
    """After each kill -9 every change ever seen is in the file once, /metrics agrees with it, and the totals count its rows."""
    opened, closed = _in_lanes(_kill_often, tmp_path)
    assert opened > LANES * TURNS
    assert closed > TURNS


def _kill_often(folder: Path, chance: random.Random) -> tuple[int, int]:
    history = folder / "history.db"
    with (
        Rude() as rude,
        Stream(rude, LISTS, TARGETS, chance) as stream,
        Exporter(folder, config(rude.address, SETTINGS.values(), TARGETS, RESTLESS)) as exporter,
        Watcher(exporter) as watcher,
    ):
        for _ in range(TURNS):
            _wait_for_the_moment(watcher, chance)
            exporter.kill()
            exporter.start()
            watcher.catch_up()
            scrape, ledger = _agreed(exporter, history, TARGETS, LISTS)
            assert_sound(ledger)
            assert_shown(scrape, ledger, TARGETS, LISTS)
            watcher.assert_kept(history)
            stream.assert_not_exceeded(ledger)
    return len(watcher.opened), len(watcher.closed)


def _wait_for_the_moment(watcher: Watcher, chance: random.Random) -> None:
    """Any moment of the first second, in which nothing may be recorded yet, or one close to a change."""
    if chance.random() < 0.5:
        time.sleep(chance.uniform(0, 0.8))
        return
    changes = watcher.changes
    wait_until(lambda: watcher.changes > changes, "a change is seen")
    time.sleep(chance.uniform(0, 0.1))


def _in_lanes(work: Callable[[Path, random.Random], tuple[int, int]], folder: Path) -> tuple[int, int]:
    """Some exporters at once, each with lists and a history of its own; how many listings were seen to open and to close."""
    folders = [folder / f"lane-{number}" for number in range(LANES)]
    for each in folders:
        each.mkdir()
    with ThreadPoolExecutor(LANES) as lanes:
        seen = list(lanes.map(work, folders, map(random.Random, range(LANES))))
    return sum(opened for opened, _ in seen), sum(closed for _, closed in seen)


def test_fifty_reloads_lose_nothing(tmp_path: Path) -> None:
    """With targets and lists coming and going and bad configs among them, every change seen is kept and shown when it returns."""
    opened, closed = _in_lanes(_reload_often, tmp_path)
    assert opened > LANES * TURNS
    assert closed > TURNS


def _reload_often(folder: Path, chance: random.Random) -> tuple[int, int]:
    history = folder / "history.db"
    targets, lists = TARGETS, list(SETTINGS)
    with Rude() as rude:
        everything = config(rude.address, SETTINGS.values(), TARGETS, RESTLESS)
        with (
            Stream(rude, LISTS, TARGETS, chance) as stream,
            Exporter(folder, everything) as exporter,
            Watcher(exporter, assert_whole) as watcher,
        ):
            for turn in range(TURNS):
                _wait_for_the_moment(watcher, chance)
                if turn % 4 == 3:
                    assert exporter.reload(config(rude.address, [], TARGETS)).status == 400
                else:
                    targets = chance.sample(TARGETS, chance.randint(1, len(TARGETS)))
                    lists = chance.sample(list(SETTINGS), chance.randint(1, len(SETTINGS)))
                    text = config(rude.address, [SETTINGS[zone] for zone in lists], targets, RESTLESS)
                    assert exporter.reload(text).status == 200
                _assert_kept(exporter, history, watcher, targets, lists)
            assert exporter.reload(everything).status == 200
            watcher.catch_up()
            _assert_kept(exporter, history, watcher, TARGETS, list(LISTS))
            stream.assert_not_exceeded(Ledger.read(history))
    return len(watcher.opened), len(watcher.closed)


def _assert_kept(exporter: Exporter, history: Path, watcher: Watcher, targets: Sequence[str], lists: Sequence[str]) -> None:
    """/metrics knows these targets on these lists and no others, and the file has all that was ever seen."""
    scrape, ledger = _agreed(exporter, history, targets, lists)
    assert set(scrape.by("dnsbl_target_info", "target")) == {(target,) for target in targets}
    assert set(scrape.by("dnsbl_list_info", "list")) == {(zone,) for zone in lists}
    assert set(scrape.by("dnsbl_listed", "target", "list")) <= {(target, zone) for target in targets for zone in lists}
    assert_sound(ledger)
    assert_shown(scrape, ledger, targets, lists)
    watcher.assert_kept(history)


def test_a_target_that_comes_back_goes_on_where_it_was(tmp_path: Path) -> None:
    """A removed target's series vanish, its history stays, and when it returns its next listing has the next number."""
    target, place = "192.0.2.1", Place("192.0.2.1", PLAIN, "")
    nobody, listing = holding(), holding(target)
    with Rude() as rude:
        rude.behave(PLAIN, listing)
        alone, both = (config(rude.address, [SETTINGS[PLAIN]], targets) for targets in (["192.0.2.2"], ["192.0.2.2", target]))
        with Exporter(tmp_path, both) as exporter:
            exporter.wait(lambda it: place in Scrape.now(it).codes(), "it is listed")
            before = Scrape.now(exporter).standings()
            assert exporter.reload(alone).status == 200
            assert f'"{target}"' not in exporter.get("/metrics").text
            rude.behave(PLAIN, nobody)
            exporter.restart()
            assert f'"{target}"' not in exporter.get("/metrics").text
            assert Ledger.read(tmp_path / "history.db").standings() == before
            assert exporter.reload(both).status == 200
            assert Scrape.now(exporter).standings() == before
            exporter.wait(lambda it: Scrape.now(it).standings()[place].since == 0, "it is removed")
            rude.behave(PLAIN, listing)
            exporter.wait(lambda it: place in Scrape.now(it).codes(), "it is listed again")
            assert Scrape.now(exporter).standings()[place].number == 2
            assert_sound(Ledger.read(tmp_path / "history.db"))


def test_a_kill_while_the_history_is_created_costs_nothing(tmp_path: Path) -> None:
    """A file of which SQLite has written no more than its head, because the first start was killed, is taken for a new one."""
    with closing(sqlite3.connect(tmp_path / "history.db")) as file:
        file.execute("PRAGMA journal_mode = WAL")
    with Rude() as rude:
        rude.behave(PLAIN, holding(TARGETS[0]))
        with Exporter(tmp_path, config(rude.address, [SETTINGS[PLAIN]], TARGETS)) as exporter:
            exporter.wait(lambda it: Scrape.now(it).totals(PLAIN) == (1, 0), "it works")
            assert_sound(Ledger.read(tmp_path / "history.db"))
