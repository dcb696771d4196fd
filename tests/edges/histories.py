"""A history on a real file, told verdicts as the engine tells it, and looked at behind its back.

Rule: what stands in the file is read through a connection of our own, never through the history.
"""

import asyncio
import hashlib
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from struct import Struct

from exporter.history import History, Key, Record
from exporter.listing import Event, Standing, advance
from exporter.verdict import Hit, Listed, NotListed, Verdict

LIST = "bl.example"
KEY = ("192.0.2.7", LIST)
OTHER = ("192.0.2.8", LIST)
PAGE = 4096

KEEP = 1000.0
BEGAN = 50.0
"""The clock of a history, unless a test has one of its own."""

CLEAN = NotListed()
HIT = Listed((Hit("", ("127.0.0.2",)),))


def on(*sublists: str) -> Listed:
    """Listed on these sublists, each with a code."""
    return Listed(tuple(Hit(name, (f"127.0.0.{ord(name[0])}",)) for name in sorted(sublists)))


@asynccontextmanager
async def opened(path: Path, now: float = BEGAN) -> AsyncIterator[History]:
    """A history that is closed at the end."""
    history = History(path, KEEP, lambda: now)
    try:
        yield history
    finally:
        await history.close()


def learn(history: History, key: Key, verdict: Verdict, at: float, *, delist_after: int = 2, reason: str = "") -> Record:
    """Hold what follows from a verdict, as the engine does; a change waits for the next commit."""
    standing, changes = advance(history.standing(key), verdict, at, delist_after, reason)
    record = Record(key, standing, changes)
    if changes:
        history.hold(record)
    else:
        history.note(key, standing)
    return record


async def under_way() -> None:
    """Return when all tasks of the loop have come as far as they can without the world outside it."""
    for _ in range(10):
        await asyncio.sleep(0)


@contextmanager
def locked(path: Path, how: str = "IMMEDIATE") -> Iterator[None]:
    """Another program keeps the file locked."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"BEGIN {how}")
        yield
        other.execute("ROLLBACK")


def told(records: Iterable[Record]) -> list[tuple[str, Event, str, int]]:
    """The changes of these records: target, event, sublist and number."""
    return [
        (record.key[0], change.event, change.listing.sublist, change.listing.number)
        for record in records
        for change in record.changes
    ]


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    """What another program reads in the file."""
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.execute(sql))


def rows(path: Path) -> list[tuple[object, ...]]:
    """Every listing in the file: target, list, sublist, number, opened, closed."""
    return query(path, "SELECT target, list, sublist, number, opened, closed FROM listings ORDER BY 1, 2, 3, 4")


FACT = Struct("<HBdd")
"""List, cause, last known, unknown since: see `exporter.history.store`, of which this is independent on purpose."""


def facts(path: Path) -> list[tuple[str, str, int, float, float]]:
    """What the file knows of checks besides listings: target, list, cause (0 for none), last known, unknown since."""
    lists = {number: str(name) for number, name in query(path, "SELECT id, name FROM lists")}
    return sorted(
        (str(target), lists[number], cause, known_at, since)
        for target, blob in query(path, "SELECT target, facts FROM known")
        if isinstance(blob, bytes)
        for number, cause, known_at, since in FACT.iter_unpack(blob)
    )


def killed(path: Path, copy: Path) -> None:
    """Make of the copy what kill -9 would leave of the file and its log now."""
    for suffix in ("", "-wal"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            copy.with_name(copy.name + suffix).write_bytes(part.read_bytes())


def overwrite(path: Path, start: int, garbage: bytes) -> None:
    """Change what is in a file, behind everybody's back."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(garbage)


def noise(size: int) -> bytes:
    """The same random bytes each time; none of them is text."""
    return bytes(byte | 0x80 for byte in random.Random(5).randbytes(size))


def garbage_in_the_middle(path: Path) -> None:
    """All pages but the first and the last are noise."""
    overwrite(path, PAGE, noise(path.stat().st_size - 2 * PAGE))


def damage_in_use(path: Path, damage: Callable[[Path], None]) -> None:
    """Damage the file under a history that has it open, so that its next write must notice.

    A write of another connection empties the history's page cache; a checkpoint brings everything from the log into the file.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        (version,) = other.execute("PRAGMA user_version").fetchone()
        other.execute(f"PRAGMA user_version = {version}")
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    damage(path)


def digest(path: Path) -> str:
    """What tells whether a file's bytes are the same."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def names(folder: Path) -> set[str]:
    """The files of a folder."""
    return {path.name for path in folder.iterdir()}


def known(standing: Standing) -> dict[str, tuple[int, float, float | None]]:
    """By sublist: number, begin and end of its latest listing."""
    return {each.sublist: (each.number, each.opened, each.closed) for each in standing.listings}
