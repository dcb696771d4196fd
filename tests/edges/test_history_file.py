"""The file itself: made, opened, refused, and nobody else's while it is open."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from exporter.history import HistoryError, Totals
from exporter.history.file import VERSION
from exporter.listing import Standing
from exporter.verdict import Cause
from tests.edges.histories import (
    CLEAN,
    FACT,
    HIT,
    KEY,
    LIST,
    OTHER,
    digest,
    killed,
    known,
    learn,
    locked,
    names,
    noise,
    opened,
    query,
    rows,
)

TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1"


def execute(path: Path, *statements: str) -> None:
    """What another program writes in the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


async def one_listing(path: Path) -> None:
    """A history with one listing, written and closed."""
    async with opened(path) as history:
        learn(history, KEY, HIT, 1.0)
        learn(history, OTHER, CLEAN, 1.0)
        await history.commit()


async def refusal(path: Path) -> str:
    """Why the file is refused."""
    with pytest.raises(HistoryError) as refused:
        async with opened(path):
            pass
    return str(refused.value)


def test_a_new_file_has_the_version_and_the_tables(path: Path) -> None:
    """A fresh history is migrated to the version of this program, says whose it is, and is in WAL mode."""

    async def tell() -> None:
        async with opened(path, 77.0) as history:
            assert (history.created, history.shown(KEY), history.totals(LIST)) == (77.0, Standing(), Totals())

    asyncio.run(tell())
    assert query(path, "PRAGMA user_version") == [(VERSION,)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    assert query(path, TABLES) == [("budgets",), ("created",), ("finds",), ("known",), ("listings",), ("lists",), ("totals",)]
    assert path.read_bytes()[68:72] == b"DNSB"
    assert names(path.parent) == {"history.db", "history.db-lock"}


def test_an_empty_file_is_a_new_one(path: Path) -> None:
    """What `touch` made becomes a history."""
    path.touch()
    asyncio.run(one_listing(path))
    assert rows(path) == [(*KEY, "", 1, 1.0, None)]


def test_opening_again_changes_nothing(path: Path) -> None:
    """A history that is opened and closed without a verdict is the same file, to the byte."""
    asyncio.run(one_listing(path))
    before = digest(path)

    async def look() -> None:
        for now in (1000.0, 2000.0):
            async with opened(path, now) as history:
                assert known(history.shown(KEY)) == {"": (1, 1.0, None)}

    asyncio.run(look())
    assert digest(path) == before


def test_a_failing_migration_rolls_back(path: Path) -> None:
    """A migration is made whole or not at all: what it made before it failed is gone, and the version is as before."""
    execute(path, "PRAGMA journal_mode = WAL", "CREATE TABLE created (in_the_way TEXT)", f"PRAGMA application_id = {0x444E5342}")
    before = query(path, "SELECT * FROM sqlite_master")
    assert "already exists" in asyncio.run(refusal(path))
    assert query(path, "SELECT * FROM sqlite_master") == before
    assert query(path, "PRAGMA user_version") == [(0,)]
    execute(path, "DROP TABLE created")
    asyncio.run(one_listing(path))
    assert rows(path) == [(*KEY, "", 1, 1.0, None)]


# ---- refused


def newer(path: Path) -> None:
    """A history of a version that does not exist yet."""
    asyncio.run(one_listing(path))
    execute(path, f"PRAGMA user_version = {VERSION + 1}", "ALTER TABLE listings ADD COLUMN severity TEXT")


def anothers(path: Path) -> None:
    """A database of another program, in WAL mode as ours."""
    execute(path, "PRAGMA journal_mode = WAL", "CREATE TABLE cookies (name TEXT)", "INSERT INTO cookies VALUES ('mine')")


def anothers_with_an_id(path: Path) -> None:
    """A database of another program that says whose it is, and with more tables than fit the first page."""
    execute(path, f"PRAGMA application_id = {0x47504B47}", *(f"CREATE TABLE t{number} (name TEXT)" for number in range(50)))


def text(path: Path) -> None:
    """A text file: the config, say."""
    path.write_text("targets: [203.0.113.5]\n")


def text_of_other_letters(path: Path) -> None:
    """A text file that is not in ASCII."""
    path.write_text("# Überwachte Adressen\ntargets: [203.0.113.5]\n")


def binary(path: Path) -> None:
    """A picture, say: neither text nor a database."""
    path.write_bytes(noise(1000))


REFUSED = [
    pytest.param(newer, f"newer dnsbl-exporter (schema {VERSION + 1}, this one knows {VERSION}); upgrade", id="newer"),
    pytest.param(anothers, "another program's database; set history.path", id="another program's"),
    pytest.param(anothers_with_an_id, "another program's database; set history.path", id="another program's, by its ID"),
    pytest.param(text, "is not a history; set history.path", id="text"),
    pytest.param(text_of_other_letters, "is not a history; set history.path", id="text of other letters"),
    pytest.param(binary, "is not a history; set history.path", id="neither text nor a database"),
    pytest.param(Path.mkdir, "cannot be read: Is a directory", id="folder"),
]


@pytest.mark.parametrize(("make", "says"), REFUSED)
def test_what_is_not_ours_to_use_is_refused_untouched(path: Path, make: Callable[[Path], None], says: str) -> None:
    """The refusal names the file and says why; not a byte of it changes, and nothing appears beside it."""
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    beside = names(path.parent)
    for _ in range(2):
        message = asyncio.run(refusal(path))
        assert message.startswith(f"history {path}: ")
        assert says in message
        assert names(path.parent) == beside
        assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A history is not made in a folder that does not exist."""
    message = asyncio.run(refusal(tmp_path / "nowhere" / "history.db"))
    assert message == f"history {tmp_path}/nowhere/history.db: cannot be opened for writing: No such file or directory"


def test_a_cause_of_another_release_is_no_crash(path: Path) -> None:
    """A file of the same version may hold a cause that only another release has: the check is unknown, and all else is there."""
    asyncio.run(one_listing(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for target, blob in connection.execute("SELECT target, facts FROM known").fetchall():
            number, _, known_at, _ = FACT.unpack(blob)
            foreign = FACT.pack(number, 200, known_at, 1.5)
            connection.execute("UPDATE known SET facts = ? WHERE target = ?", (foreign, target))

    async def look() -> None:
        async with opened(path) as history:
            for key, listings in ((KEY, {"": (1, 1.0, None)}), (OTHER, {})):
                held = history.shown(key)
                assert (known(held), held.known_at, held.unknown_since) == (listings, 1.0, 1.5)
                assert held.unknown in tuple(Cause)

    asyncio.run(look())


# ---- one at a time


def test_a_second_exporter_is_refused_until_the_first_has_closed(path: Path) -> None:
    """Two never write to one file; closing frees it, and so does a failed opening."""

    async def tell() -> None:
        async with opened(path) as history:
            assert await refusal(path) == f"history {path}: is in use by another dnsbl-exporter; give each its own history.path"
            learn(history, KEY, HIT, 1.0)
            assert len(await history.commit()) == 1
        async with opened(path) as history:
            assert known(history.shown(KEY)) == {"": (1, 1.0, None)}

    asyncio.run(tell())


def test_a_refused_file_is_free_again(path: Path) -> None:
    """Who was refused holds no lock: once the other program's file is gone, a history is made."""
    anothers(path)
    asyncio.run(refusal(path))
    path.unlink()
    asyncio.run(one_listing(path))
    assert rows(path) == [(*KEY, "", 1, 1.0, None)]


def test_a_file_that_another_program_writes_to_can_be_opened(path: Path) -> None:
    """A lock of another program at the start keeps nothing from being shown."""
    asyncio.run(one_listing(path))

    async def look() -> None:
        with locked(path, "EXCLUSIVE"):
            async with opened(path) as history:
                assert known(history.shown(KEY)) == {"": (1, 1.0, None)}

    asyncio.run(look())


def test_a_newer_version_that_is_in_the_log_only_is_refused_too(path: Path) -> None:
    """When a newer program was killed right after its migration, the file's head is still that of this version."""
    source = path.with_name("source.db")
    asyncio.run(one_listing(source))
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        killed(source, path)
    assert "newer dnsbl-exporter" in asyncio.run(refusal(path))


# ---- killed


def test_killed_while_the_file_is_made_the_next_start_makes_it(path: Path) -> None:
    """A kill between the file's first page and its first migration leaves a database that is nobody's; it becomes ours."""
    execute(path, "PRAGMA journal_mode = WAL")
    asyncio.run(one_listing(path))
    assert rows(path) == [(*KEY, "", 1, 1.0, None)]


def test_killed_after_the_migration_the_next_start_goes_on(path: Path) -> None:
    """A kill after the first migration, while it is in the log only, leaves a history that can be opened."""
    whole = path.with_name("whole.db")
    asyncio.run(one_listing(whole))
    schema = [str(sql) for (sql,) in query(whole, "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
    pragmas = (f"PRAGMA application_id = {0x444E5342}", f"PRAGMA user_version = {VERSION}")
    with closing(sqlite3.connect(path.with_name("source.db"), isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in ("BEGIN", *schema, "INSERT INTO created VALUES (7)", *pragmas, "COMMIT"):
            connection.execute(statement)
        killed(path.with_name("source.db"), path)

    async def look() -> None:
        async with opened(path, 99.0) as history:
            assert history.created == 7.0

    asyncio.run(look())


def test_killed_with_changes_in_the_log_they_are_there(path: Path) -> None:
    """What was committed is in the log beside the file; the next start reads it."""
    copy = path.with_name("copy.db")

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, KEY, HIT, 1.0)
            await history.commit()
            killed(path, copy)
        async with opened(copy) as history:
            assert known(history.shown(KEY)) == {"": (1, 1.0, None)}

    asyncio.run(tell())
