"""The file itself: whose it is, which version, whether it is whole, and that nobody else writes to it.

Rules:

1. Migrations are an ordered tuple and the version is its length. Each runs in a transaction of its own. Add new ones at the end.
2. A file of a newer version, or one that is not ours, is refused before SQLite opens it, which may write to what it opens.
3. A damaged file is set aside under another name, never deleted.
4. One process at a time: a lock beside the file is held until the process ends, however it ends.
"""

import codecs
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from urllib.parse import quote

_MAGIC = b"SQLite format 3\x00"
_APPLICATION_ID = 0x444E5342  # "DNSB", at offset 68 of the file; the version is at offset 60 (sqlite.org/fileformat2.html §1.3)
_BUSY_SECONDS = 2.0

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE listings (
            target TEXT NOT NULL, list TEXT NOT NULL, sublist TEXT NOT NULL, number INTEGER NOT NULL,
            opened REAL NOT NULL, onset_observed INTEGER NOT NULL, codes TEXT NOT NULL, reason TEXT NOT NULL,
            closed REAL, last_delisted REAL, clean_answers INTEGER NOT NULL, clean_since REAL,
            PRIMARY KEY (target, list, sublist, number)
        )""",
        "CREATE TABLE lists (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        # facts: of each list that something is known from, see store.FACT
        "CREATE TABLE known (target TEXT PRIMARY KEY, facts BLOB NOT NULL)",
        "CREATE TABLE totals (list TEXT PRIMARY KEY, listed INTEGER NOT NULL, delisted INTEGER NOT NULL)",
        "CREATE TABLE created (at REAL NOT NULL)",
    ),
    # What was left of a list's daily budget at that time; less than nothing if it owed some.
    ("CREATE TABLE budgets (list TEXT PRIMARY KEY, level REAL NOT NULL, at REAL NOT NULL)",),
    # What a name or a file of targets last led to.
    ("CREATE TABLE finds (origin TEXT PRIMARY KEY, content BLOB NOT NULL, at REAL NOT NULL)",),
)
VERSION = len(_MIGRATIONS)
BUDGETS_VERSION = 2
FINDS_VERSION = 3


class Fault(Enum):
    """What is wrong with the file."""

    NONE = "none"
    SHUT = "shut"
    """It could only be read at the start."""
    DAMAGED = "damaged"
    EMPTY = "empty"
    """It was replaced and is to be filled."""


class HistoryError(Exception):
    """The history cannot be used; the text says which file, why, and what to do."""


class UnwritableError(HistoryError):
    """The file is there and cannot be written to."""


class DamagedError(Exception):
    """The file is damaged."""


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the error says that the file itself is broken."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def is_unwritable(error: sqlite3.Error) -> bool:
    """Whether the error may come from a disk that is full or cannot be written to."""
    unwritable = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in unwritable


def set_aside(path: Path, now: float) -> Path:
    """Rename a damaged file and what belongs to it, so that a new one can be made; returns the new name."""
    kept = path.with_name(f"{path.name}.damaged-{int(now)}")
    while kept.exists():
        kept = kept.with_name(f"{kept.name}+")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(kept.with_name(kept.name + suffix))
    return kept


def lock(path: Path) -> tuple[int, bool]:
    """An open file that is locked until it is closed or this process ends, however it ends; and whether one of ours was there
    before."""
    name = path.with_name(path.name + "-lock")
    was_ours = name.exists()
    try:
        held = os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise HistoryError(f"history {path}: cannot be opened for writing: {error.strerror}") from error
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(held)
        raise HistoryError(f"history {path}: is in use by another dnsbl-exporter; give each its own history.path") from error
    return held, was_ours


def unlock(path: Path) -> None:
    """Remove the mark of a lock beside a file that is not ours: it would say next time that it was."""
    path.with_name(path.name + "-lock").unlink(missing_ok=True)


def refuse_foreign(path: Path, *, was_ours: bool) -> None:
    """Judge the file by its first bytes, without SQLite, which may write to what it opens. A file that is no database is damage
    if it ``was_ours``, and somebody's treasure if not."""
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except FileNotFoundError:
        return
    except OSError as error:
        raise HistoryError(f"history {path}: cannot be read: {error.strerror}") from error
    if not head or _unborn(head):
        return
    if not head.startswith(_MAGIC):
        if was_ours and not _is_text(head):
            raise DamagedError("the file's head is not that of a database")
        raise HistoryError(f"history {path}: is not a history; set history.path to another file")
    if int.from_bytes(head[68:72]) != _APPLICATION_ID:
        raise HistoryError(f"history {path}: is another program's database; set history.path to another file")
    refuse_newer(path, int.from_bytes(head[60:64]))


def refuse_newer(path: Path, version: int) -> None:
    """Raise :class:`HistoryError` for a version that only a later release knows."""
    if version > VERSION:
        raise HistoryError(
            f"history {path}: was written by a newer dnsbl-exporter (schema {version}, this one knows {VERSION}); "
            "upgrade, or set history.path to another file"
        )


def _unborn(head: bytes) -> bool:
    """A database that was interrupted while it was made: in WAL mode, but without schema or owner (offsets 40 and 68)."""
    return head.startswith(_MAGIC) and not any(head[40:44] + head[68:72])


def _is_text(head: bytes) -> bool:
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # the last letter may be cut
    except UnicodeDecodeError:
        return False
    return "\x00" not in text


def connect(path: Path, now: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        if connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise DamagedError("PRAGMA quick_check found damage")
        _migrate(path, connection, now)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reading(path: Path) -> sqlite3.Connection:
    """Open a file that cannot be written to, as nothing but what is in it: SQLite then needs no file beside it. Not for a file
    whose log holds what it does not."""
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise sqlite3.OperationalError("cannot be written to, and its log cannot be read without writing")
    connection = sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True, isolation_level=None, check_same_thread=False)
    if version_of(connection) == 0:
        connection.close()
        raise sqlite3.OperationalError("cannot be written to, and there is nothing in it")
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """The version of an open file; older than :data:`VERSION` if it could not be migrated."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _migrate(path: Path, connection: sqlite3.Connection, now: float) -> None:
    version = version_of(connection)
    refuse_newer(path, version)
    if version == VERSION:
        return
    for number, statements in enumerate(_MIGRATIONS[version:], start=version + 1):
        with transaction(connection):
            for statement in statements:
                connection.execute(statement)
            if number == 1:
                connection.execute("INSERT INTO created VALUES (?)", (now,))
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number}")
    # The head of the file itself must say which version it is: see refuse_foreign.
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    try:
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
