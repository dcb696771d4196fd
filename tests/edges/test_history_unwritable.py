"""A disk that is full and a database that is locked: nothing is lost, nothing is shown too early, and writing catches up."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.history import History, HistoryError, Totals
from exporter.listing import Event, Standing
from tests.edges.disks import Disk, full_disk, limited_files
from tests.edges.histories import (
    CLEAN,
    HIT,
    KEY,
    LIST,
    OTHER,
    damage_in_use,
    digest,
    garbage_in_the_middle,
    known,
    learn,
    locked,
    opened,
    query,
    rows,
    told,
)

NOTHING = Standing()
LATER = ("192.0.2.9", LIST)


@pytest.fixture(name="full")
def _full(tmp_path: Path) -> Iterator[Disk]:
    with full_disk(tmp_path) as disk:
        yield disk


@pytest.fixture(name="disk", params=[full_disk, limited_files])
def _disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    with request.param(tmp_path) as disk:
        yield disk


def hold_three_changes(history: History) -> None:
    """One listing ends and begins again, another begins; and something is learned that is no change."""
    learn(history, KEY, CLEAN, 2.0, delist_after=1)
    learn(history, OTHER, HIT, 3.0)
    learn(history, KEY, HIT, 4.0)
    learn(history, LATER, CLEAN, 5.0)


THREE_CHANGES = [(KEY[0], Event.DELISTED, "", 1), (OTHER[0], Event.LISTED, "", 1), (KEY[0], Event.LISTED, "", 2)]
ALL_ROWS = [(*KEY, "", 1, 1.0, 2.0), (*KEY, "", 2, 4.0, None), (*OTHER, "", 1, 3.0, None)]


async def listed_once(history: History) -> None:
    """What is in the file before it cannot be written."""
    learn(history, KEY, HIT, 1.0)
    assert len(await history.commit()) == 1


async def stays_behind(history: History) -> None:
    """A write fails: what is held goes on, what is shown stays, and the failure is counted."""
    hold_three_changes(history)
    failures = history.write_failures
    assert await history.commit() == []
    assert history.write_failures == failures + 1
    assert known(history.standing(KEY)) == {"": (2, 4.0, None)}
    assert known(history.shown(KEY)) == {"": (1, 1.0, None)}
    assert (history.shown(OTHER), history.shown(LATER)) == (NOTHING, Standing(5.0))
    assert history.totals(LIST) == Totals(1, 0)


async def has_caught_up(history: History, path: Path) -> None:
    """The next flush writes and shows everything, in order and once."""
    failures = history.write_failures
    assert told(await history.flush()) == THREE_CHANGES
    assert (await history.commit(), history.write_failures) == ([], failures)
    assert [known(history.shown(key)) for key in (KEY, OTHER)] == [{"": (2, 4.0, None)}, {"": (1, 3.0, None)}]
    assert history.totals(LIST) == Totals(3, 1)
    assert rows(path) == ALL_ROWS


async def is_all_there(path: Path) -> None:
    """After a restart too."""
    async with opened(path) as history:
        assert [known(history.shown(key)) for key in (KEY, OTHER)] == [{"": (2, 4.0, None)}, {"": (1, 3.0, None)}]
        assert (history.shown(LATER), history.totals(LIST)) == (Standing(5.0), Totals(3, 1))
    assert query(path, "PRAGMA integrity_check") == [("ok",)]


# ---- locked


@pytest.mark.parametrize("how", ["IMMEDIATE", "EXCLUSIVE"])
def test_a_locked_database_is_caught_up_with(path: Path, how: str, caplog: pytest.LogCaptureFixture) -> None:
    """While another program keeps the file locked, checking goes on and nothing new is shown; then everything is."""

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
            with locked(path, how):
                await stays_behind(history)
            await has_caught_up(history, path)
        await is_all_there(path)

    asyncio.run(tell())
    (said,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert said.__dict__["fields"] == {"path": str(path), "error": "database is locked"}


def test_a_lock_that_is_gone_in_time_costs_nothing(path: Path) -> None:
    """A short lock is waited for, and is no failure."""

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
            with locked(path):
                hold_three_changes(history)
                committing = asyncio.create_task(history.commit())
                await asyncio.sleep(0)
            assert told(await committing) == THREE_CHANGES
            assert history.write_failures == 0

    asyncio.run(tell())


def test_forgetting_that_fails_forgets_nothing(path: Path) -> None:
    """What could not be forgotten in the file stays shown, so that both agree."""

    async def tell() -> None:
        async with opened(path, 1e6) as history:
            await listed_once(history)
            learn(history, KEY, CLEAN, 2.0, delist_after=1)
            await history.commit()
            with locked(path):
                await history.forget_old()
            assert (known(history.shown(KEY)), history.write_failures) == ({"": (1, 1.0, 2.0)}, 1)
            await history.forget_old()
            assert (history.shown(KEY), rows(path)) == (NOTHING, [])

    asyncio.run(tell())


def test_a_listing_after_forgetting_failed_is_in_the_file_as_it_is_shown(path: Path) -> None:
    """What could not be forgotten does not mix with what begins next."""

    async def tell() -> None:
        async with opened(path, 1e6) as history:
            await listed_once(history)
            learn(history, KEY, CLEAN, 2.0, delist_after=1)
            await history.commit()
            with locked(path):
                await history.forget_old()
            learn(history, KEY, HIT, 1e6)
            await history.commit()
            shown = history.shown(KEY)
        async with opened(path, 1e6) as history:
            assert history.shown(KEY) == shown

    asyncio.run(tell())


# ---- full


def test_a_full_disk_is_caught_up_with(disk: Disk) -> None:
    """While nothing can be written, checking goes on and nothing new is shown; once there is room, everything is."""
    path = disk.folder / "history.db"

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
            disk.fill()
            await stays_behind(history)
            for attempt in range(3):
                assert (await history.flush(), history.write_failures) == ([], attempt + 2)
            disk.free()
            await has_caught_up(history, path)
        await is_all_there(path)

    asyncio.run(tell())


def test_a_disk_that_fills_up_during_a_long_run_is_caught_up_with(full: Disk) -> None:
    """Wherever in the log the disk is full, what was committed before stays and what comes after waits."""
    path = full.folder / "history.db"
    keys = [(f"192.0.2.{number}", LIST) for number in range(200)]

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
            full.fill(leave=20)
            for key in keys:
                learn(history, key, HIT, 2.0)
                await history.commit()
            shown = [key for key in keys if known(history.shown(key))]
            assert 0 < len(shown) < len(keys)
            assert [row[:2] for row in rows(path)] == sorted({KEY, *shown})
            full.free()
            await history.flush()
            assert [row[:2] for row in rows(path)] == sorted({KEY, *keys})
            assert history.totals(LIST) == Totals(len({KEY, *keys}), 0)

    asyncio.run(tell())


def test_closing_on_a_full_disk_says_what_is_lost(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be written before the end is counted in the log; what was written stays."""
    path = disk.folder / "history.db"

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
            disk.fill()
            await stays_behind(history)
        disk.free()
        async with opened(path) as history:
            assert (known(history.shown(KEY)), history.shown(OTHER)) == ({"": (1, 1.0, None)}, NOTHING)

    asyncio.run(tell())
    said = {record.getMessage(): record.__dict__["fields"] for record in caplog.records if record.levelno >= logging.ERROR}
    assert said["changes could not be written before the end"] == {"changes": 3}


@pytest.mark.parametrize("room", range(0, 28, 3))
def test_a_file_that_broke_on_a_full_disk_is_rebuilt_once_there_is_room(full: Disk, room: int) -> None:
    """Setting aside and rebuilding may fail at any step; the next attempt goes on, and nothing is lost or doubled."""
    path = full.folder / "history.db"

    async def tell() -> None:
        async with opened(path) as history:
            for number in range(100, 200):
                learn(history, (f"192.0.2.{number}", LIST), HIT, 1.0)
            learn(history, KEY, HIT, 1.0)
            assert len(await history.commit()) == 101
            damage_in_use(path, garbage_in_the_middle)
            full.fill(leave=room)
            hold_three_changes(history)
            shown = [told(await history.commit()) for _ in range(3)]
            full.free()
            shown += [told(await history.flush()) for _ in range(2)]
            assert [each for each in shown if each] == [THREE_CHANGES]
            assert history.totals(LIST) == Totals(103, 1)
        assert query(path, "SELECT count(*), count(closed), count(DISTINCT target || number) FROM listings") == [(103, 1, 103)]

    asyncio.run(tell())


@pytest.mark.parametrize("room", range(0, 28, 3))
@pytest.mark.parametrize("exists", [True, False])
def test_a_start_on_a_full_disk_breaks_nothing(full: Disk, exists: bool, room: int) -> None:
    """With too little room a history cannot be made, but one that is there is shown; later it is whole."""
    path = full.folder / "history.db"

    async def tell() -> None:
        if exists:
            async with opened(path) as history:
                await listed_once(history)
        full.fill(leave=room)
        try:
            async with opened(path) as history:
                assert known(history.shown(KEY)) == ({"": (1, 1.0, None)} if exists else {})
        except HistoryError:
            assert not exists
        full.free()
        async with opened(path) as history:
            assert known(history.shown(KEY)) == ({"": (1, 1.0, None)} if exists else {})
            learn(history, OTHER, HIT, 2.0)
            assert told(await history.commit()) == [(OTHER[0], Event.LISTED, "", 1)]

    asyncio.run(tell())


def test_a_history_that_is_there_is_read_on_a_full_disk_and_caught_up_with(disk: Disk, caplog: pytest.LogCaptureFixture) -> None:
    """Started while nothing can be written, the history shows what it holds and the log names the file and the disk; checking
    goes on, and once there is room everything is written."""
    path = disk.folder / "history.db"

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
            created = history.created
        before = digest(path)
        disk.fill()
        async with opened(path, 99.0) as history:
            assert (known(history.shown(KEY)), history.totals(LIST)) == ({"": (1, 1.0, None)}, Totals(1, 0))
            assert (history.created, history.write_failures) == (created, 0)
            await stays_behind(history)
            assert (await history.flush(), history.write_failures) == ([], 2)
            assert digest(path) == before
            disk.free()
            await has_caught_up(history, path)
            assert history.created == created
        await is_all_there(path)

    asyncio.run(tell())
    said = {record.getMessage(): record.__dict__["fields"] for record in caplog.records if record.levelno >= logging.ERROR}
    assert said["history cannot be written to"]["path"] == str(path)
    assert "disk" in said["history cannot be written to"]["error"]


def test_a_history_that_is_only_read_stays_locked_against_others(full: Disk) -> None:
    """Two never write to one file, also when the first could not write yet."""
    path = full.folder / "history.db"

    async def tell() -> None:
        async with opened(path) as history:
            await listed_once(history)
        full.fill()
        async with opened(path) as history:
            with pytest.raises(HistoryError, match="in use by another dnsbl-exporter"):
                async with opened(path):
                    pass
            full.free()
            learn(history, OTHER, HIT, 3.0)
            assert told(await history.commit()) == [(OTHER[0], Event.LISTED, "", 1)]
            with pytest.raises(HistoryError, match="in use by another dnsbl-exporter"):
                async with opened(path):
                    pass

    asyncio.run(tell())


def test_a_first_start_on_a_full_disk_names_the_file_and_the_trouble(full: Disk) -> None:
    """Where there is no history yet none can be made: who reads the error knows which file, and that it is the disk."""
    path = full.folder / "history.db"

    async def tell() -> str:
        full.fill()
        with pytest.raises(HistoryError) as refused:
            async with opened(path):
                pass
        return str(refused.value)

    message = asyncio.run(tell())
    assert message.startswith(f"history {path}: ")
    assert "disk" in message
