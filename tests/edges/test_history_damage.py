"""A damaged file is set aside, never thrown away; a new one holds everything that is still known."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from exporter.history import History, HistoryError, Totals
from exporter.listing import Event, Standing
from tests.edges.histories import (
    BEGAN,
    CLEAN,
    HIT,
    KEY,
    LIST,
    OTHER,
    PAGE,
    damage_in_use,
    digest,
    garbage_in_the_middle,
    known,
    learn,
    names,
    noise,
    on,
    opened,
    overwrite,
    query,
    rows,
    told,
)

TARGETS = [(f"192.0.2.{number}", LIST) for number in range(250)]
ASIDE = f"history.db.damaged-{int(BEGAN)}"


async def filled(path: Path) -> None:
    """A history of some hundred listings, written and closed."""
    async with opened(path) as history:
        for key in TARGETS:
            learn(history, key, HIT, 1.0, reason="Spam sent from here, seen by a trap of ours")
        await history.commit()


def garbage_at_the_head(path: Path) -> None:
    """The first hundred bytes are noise."""
    overwrite(path, 0, noise(100))


def garbage_behind_the_head(path: Path) -> None:
    """The head is right, the rest of the first page is noise."""
    overwrite(path, 100, noise(PAGE - 100))


def zeros_at_the_head(path: Path) -> None:
    """The first page was never written, as after a power cut."""
    overwrite(path, 0, bytes(PAGE))


def cut_in_half(path: Path) -> None:
    """The second half is missing."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2 // PAGE * PAGE)


def cut_to_its_head(path: Path) -> None:
    """Only the first hundred bytes are left."""
    with path.open("r+b") as file:
        file.truncate(100)


DAMAGES = [
    garbage_in_the_middle,
    garbage_at_the_head,
    garbage_behind_the_head,
    zeros_at_the_head,
    cut_in_half,
    cut_to_its_head,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_set_aside_and_a_new_history_begins(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    """The damaged file keeps its bytes under a new name, which the log says; the new history is empty and works."""
    asyncio.run(filled(path))
    damage(path)
    before = digest(path)

    async def begin_anew() -> None:
        async with opened(path) as history:
            assert [known(history.shown(key)) for key in TARGETS] == [{}] * len(TARGETS)
            assert (history.totals(LIST), history.created, history.write_failures) == (Totals(), BEGAN, 0)
            learn(history, KEY, HIT, 2.0)
            assert len(await history.commit()) == 1

    asyncio.run(begin_anew())
    assert names(path.parent) == {"history.db", "history.db-lock", ASIDE}
    assert digest(path.with_name(ASIDE)) == before
    assert rows(path) == [(*KEY, "", 1, 2.0, None)]
    (said,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert said.__dict__["fields"]["kept"] == str(path.with_name(ASIDE))


def test_every_damaged_file_is_kept(path: Path) -> None:
    """A file that is damaged again within the same second takes no other's name."""
    for _ in range(3):
        asyncio.run(filled(path))
        garbage_in_the_middle(path)

    async def look() -> None:
        async with opened(path) as history:
            assert history.totals(LIST) == Totals()

    asyncio.run(look())
    assert names(path.parent) == {"history.db", "history.db-lock", ASIDE, f"{ASIDE}+", f"{ASIDE}++"}


def test_a_log_goes_with_its_damaged_file(path: Path) -> None:
    """The log of a file that was killed and damaged is not read into the new one."""
    asyncio.run(filled(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE totals SET listed = 1000")
        log = path.with_name("history.db-wal").read_bytes()
    garbage_in_the_middle(path)
    path.with_name("history.db-wal").write_bytes(log)

    async def look() -> None:
        async with opened(path) as history:
            assert (history.totals(LIST), known(history.shown(KEY))) == (Totals(), {})

    asyncio.run(look())
    assert {ASIDE, "history.db"} <= names(path.parent)
    assert "history.db-wal" not in names(path.parent)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE listings",
        "DROP TABLE known",
        "DROP TABLE lists",
        "DROP TABLE totals",
        "DROP TABLE budgets",
        "DELETE FROM created",
        "DELETE FROM lists",
        "UPDATE known SET facts = x'0102'",
        "UPDATE known SET facts = 'text'",
    ],
)
def test_a_history_without_a_part_of_it_is_set_aside_or_refused(path: Path, statement: str) -> None:
    """A file that is whole to SQLite, but no history to us, is no crash, and free for another start."""
    asyncio.run(filled(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)

    async def begin() -> None:
        with suppress(HistoryError):
            async with opened(path) as history:
                assert known(history.shown(KEY)) == {}

    asyncio.run(begin())
    assert {ASIDE, "history.db"} <= names(path.parent)
    path.unlink()
    asyncio.run(begin())


# ---- damaged while in use


async def some_changes(history: History) -> None:
    """Listings, a removal, a second sublist, a pending removal and a number, all shown."""
    for key in TARGETS[:100]:
        learn(history, key, HIT, 1.0, reason="Spam sent from here, seen by a trap of ours")
    for at, verdict in ((2.0, CLEAN), (3.0, CLEAN), (4.0, HIT), (5.0, on("PBL")), (6.0, CLEAN)):
        learn(history, KEY, verdict, at)
    learn(history, ("192.0.2.254", LIST), CLEAN, 6.0)
    assert len(await history.commit()) == 104


@pytest.mark.parametrize("damage", [garbage_in_the_middle, garbage_at_the_head, zeros_at_the_head])
def test_a_file_that_broke_while_in_use_is_rebuilt(path: Path, damage: Callable[[Path], None]) -> None:
    """The broken file is set aside; the new one holds all that was shown, and what waited is written and shown once."""
    keys = [*TARGETS[:100], ("192.0.2.254", LIST)]

    async def tell() -> None:
        async with opened(path, 77.0) as history:
            await some_changes(history)
            before = {key: history.shown(key) for key in keys}
            damage_in_use(path, damage)
            broken = digest(path)
            held = learn(history, OTHER, CLEAN, 9.0, delist_after=1)
            assert (await history.commit(), history.write_failures) == ([], 1)
            assert {key: history.shown(key) for key in keys} == before
            assert await history.flush() == [held]
            after = before | {OTHER: held.standing}
            assert {key: history.shown(key) for key in keys} == after
            assert (history.write_failures, history.totals(LIST), history.created) == (1, Totals(102, 3), 77.0)
            assert await history.flush() == []
            assert digest(path.with_name("history.db.damaged-77")) == broken
        async with opened(path, 99.0) as history:
            assert {key: history.shown(key) for key in keys} == after
            assert (history.totals(LIST), history.created) == (Totals(102, 3), 77.0)
        assert query(path, "PRAGMA integrity_check") == [("ok",)]
        assert query(path, "SELECT count(*) FROM listings WHERE closed IS NULL") == [(99,)]

    asyncio.run(tell())


def test_a_rebuilt_file_is_locked_against_others(path: Path) -> None:
    """The lock goes over to the new file, and the history goes on in it."""

    async def tell() -> None:
        async with opened(path) as history:
            await some_changes(history)
            damage_in_use(path, garbage_in_the_middle)
            learn(history, OTHER, CLEAN, 9.0, delist_after=1)
            await history.commit()
            await history.flush()
            with pytest.raises(HistoryError, match="in use by another dnsbl-exporter"):
                async with opened(path):
                    pass
            learn(history, OTHER, HIT, 10.0)
            assert told(await history.commit()) == [(OTHER[0], Event.LISTED, "", 2)]

    asyncio.run(tell())


def test_damage_that_is_found_when_closing_loses_nothing_shown(path: Path) -> None:
    """A history that breaks and is closed before its next write is at worst set aside at the next start, not a crash."""

    async def tell() -> None:
        async with opened(path) as history:
            await some_changes(history)
            damage_in_use(path, garbage_in_the_middle)
        async with opened(path) as history:
            assert history.shown(("192.0.2.253", LIST)) == Standing()

    asyncio.run(tell())
    assert ASIDE in names(path.parent)
