"""What was left of daily budgets is in the file soon, and there at the next start, whatever becomes of the file."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from exporter.history import History
from exporter.history.file import VERSION
from exporter.pace import FULL_AGAIN_SECONDS, Level
from tests.edges.disks import full_disk
from tests.edges.histories import (
    BEGAN,
    HIT,
    KEEP,
    KEY,
    LIST,
    damage_in_use,
    digest,
    garbage_in_the_middle,
    killed,
    known,
    learn,
    locked,
    opened,
    query,
)

LEFT = Level(1234.5, 40.0)
OWED = Level(-7.25, 41.0)
OTHER = "other.example"


def budgets(path: Path) -> list[tuple[object, ...]]:
    """What the file has: list, level, at."""
    return query(path, "SELECT list, level, at FROM budgets ORDER BY 1")


async def noted(path: Path) -> None:
    """A history with a listing and two budgets, closed."""
    async with opened(path) as history:
        learn(history, KEY, HIT, 1.0)
        history.budgets.note({LIST: LEFT, OTHER: OWED})
        await history.flush()


def test_a_flush_writes_what_is_left_and_a_commit_does_not(path: Path) -> None:
    """Budgets are written with what is written now and then, once; a change does not wait for them."""

    async def tell() -> None:
        async with opened(path) as history:
            assert history.budgets.held == {}
            history.budgets.note({LIST: LEFT})
            learn(history, KEY, HIT, 1.0)
            await history.commit()
            assert budgets(path) == []
            assert await history.flush() == []
            assert budgets(path) == [(LIST, 1234.5, 40.0)]
            history.budgets.note({LIST: OWED})
            await history.flush_all()
            assert budgets(path) == [(LIST, -7.25, 41.0)]

    asyncio.run(tell())


def test_nothing_is_written_if_nothing_was_noted(path: Path) -> None:
    """A flush with nothing new leaves the file as it is."""

    async def tell() -> None:
        async with opened(path) as history:
            history.budgets.note({LIST: LEFT})
            await history.flush()
            log = path.with_name(path.name + "-wal").read_bytes()
            await history.flush()
            assert path.with_name(path.name + "-wal").read_bytes() == log

    asyncio.run(tell())


def test_closing_writes_what_was_noted_last(path: Path) -> None:
    """What is noted right before an orderly end is there at the next start."""

    async def tell() -> None:
        async with opened(path) as history:
            history.budgets.note({LIST: OWED, OTHER: OWED})
            history.budgets.note({LIST: LEFT})
        async with opened(path) as history:
            assert history.budgets.held == {LIST: LEFT, OTHER: OWED}

    asyncio.run(tell())


def test_after_a_kill_the_last_flush_is_there(path: Path, tmp_path: Path) -> None:
    """What was flushed is in the log beside the file; what was noted since is not."""
    copy = tmp_path / "copy.db"

    async def tell() -> None:
        async with opened(path) as history:
            history.budgets.note({LIST: LEFT})
            await history.flush()
            history.budgets.note({LIST: OWED})
            killed(path, copy)
        async with opened(copy) as history:
            assert history.budgets.held == {LIST: LEFT}

    asyncio.run(tell())


def test_what_could_not_be_written_is_written_later(path: Path) -> None:
    """While the file is locked budgets wait; then what was noted last is written."""

    async def tell() -> None:
        async with opened(path) as history:
            history.budgets.note({LIST: LEFT, OTHER: LEFT})
            with locked(path):
                await history.flush()
                assert history.write_failures == 1
                history.budgets.note({LIST: OWED})
            await history.flush()
            assert budgets(path) == [(LIST, -7.25, 41.0), (OTHER, 1234.5, 40.0)]

    asyncio.run(tell())


# ---- whatever becomes of the file


def as_before_budgets(path: Path) -> None:
    """The file as the version before wrote it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE budgets")
        connection.execute("DROP TABLE finds")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_file_of_the_version_before_is_migrated(path: Path) -> None:
    """All that was in it stays, and budgets are kept from now on."""
    asyncio.run(noted(path))
    as_before_budgets(path)

    async def tell() -> None:
        async with opened(path) as history:
            assert (known(history.shown(KEY)), history.budgets.held) == ({"": (1, 1.0, None)}, {})
            history.budgets.note({LIST: LEFT})
        assert (budgets(path), query(path, "PRAGMA user_version")) == ([(LIST, 1234.5, 40.0)], [(VERSION,)])

    asyncio.run(tell())


@pytest.mark.parametrize("version_before", [False, True])
def test_a_file_that_can_only_be_read_is_read_and_caught_up_with(tmp_path: Path, version_before: bool) -> None:
    """On a full disk the file is shown as it is, of this version or the one before, untouched; later it is written."""
    with full_disk(tmp_path) as disk:
        path = disk.folder / "history.db"
        asyncio.run(noted(path))
        if version_before:
            as_before_budgets(path)
        before = digest(path)

        async def tell() -> None:
            disk.fill()
            async with opened(path) as history:
                assert known(history.shown(KEY)) == {"": (1, 1.0, None)}
                assert history.budgets.held == ({} if version_before else {LIST: LEFT, OTHER: OWED})
                history.budgets.note({LIST: OWED})
                await history.flush()
                assert (history.write_failures, digest(path)) == (1, before)
                disk.free()
                await history.flush()
                assert (LIST, -7.25, 41.0) in budgets(path)

        asyncio.run(tell())
        assert query(path, "PRAGMA user_version") == [(VERSION,)]


def test_a_file_that_broke_while_in_use_is_rebuilt_with_budgets(path: Path) -> None:
    """The new file has what was left of every list, noted lately or not."""

    async def tell() -> None:
        async with opened(path) as history:
            for number in range(200):
                learn(history, (f"192.0.2.{number}", LIST), HIT, 1.0, reason="Spam sent from here, seen by a trap of ours")
            history.budgets.note({LIST: LEFT, OTHER: LEFT})
            await history.flush()
            damage_in_use(path, garbage_in_the_middle)
            history.budgets.note({OTHER: OWED})
            await history.flush()
            await history.flush()
            assert budgets(path) == [(LIST, 1234.5, 40.0), (OTHER, -7.25, 41.0)]
        async with opened(path) as history:
            assert history.budgets.held == {LIST: LEFT, OTHER: OWED}

    asyncio.run(tell())


def spoilt(path: Path) -> None:
    """No number where one must be."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE budgets SET level = 'plenty'")


@pytest.mark.parametrize("damage", [garbage_in_the_middle, spoilt])
def test_a_damaged_file_is_no_crash_and_budgets_begin_anew(path: Path, damage: Callable[[Path], None]) -> None:
    """A file that is set aside takes its budgets along; the new one works."""
    asyncio.run(noted(path))
    damage(path)

    async def tell() -> None:
        async with opened(path) as history:
            assert history.budgets.held == {}
            history.budgets.note({LIST: LEFT})
            await history.flush()
            assert budgets(path) == [(LIST, 1234.5, 40.0)]

    asyncio.run(tell())
    assert path.with_name(f"history.db.damaged-{int(BEGAN)}").exists()


# ---- forgotten


@pytest.mark.parametrize(
    ("keep", "oldest_kept"),
    [(KEEP, FULL_AGAIN_SECONDS), (10 * FULL_AGAIN_SECONDS, 10 * FULL_AGAIN_SECONDS)],
)
def test_a_list_that_is_gone_is_forgotten_with_old_history(path: Path, keep: float, oldest_kept: float) -> None:
    """What was left of a list's budget goes when it is older than `keep`, but never while it may still say something."""
    now = 1e8

    async def tell() -> None:
        history = History(path, keep, lambda: now)
        history.budgets.note({"old.example": Level(1.0, now - oldest_kept - 1), LIST: Level(2.0, now - oldest_kept + 1)})
        await history.flush()
        await history.forget_old()
        assert history.budgets.held.keys() == {LIST}
        assert [name for name, *_ in budgets(path)] == [LIST]
        await history.close()
        assert [name for name, *_ in budgets(path)] == [LIST]

    asyncio.run(tell())
