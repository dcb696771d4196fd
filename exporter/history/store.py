"""What is in the database: SQLite in WAL mode, one connection, one thread at a time.

Rules:

1. A change, what is known of its target and the list's totals are written in one transaction, with the disk asked to keep it
   (``synchronous = FULL``): changes are rare, and a change that was shown must survive a power cut too.
2. What is known of a target on all lists is one row, so a million checks are written and read as twenty thousand rows.
3. Nothing here knows what is in memory; :class:`exporter.history.History` does.
"""

import os
import sqlite3
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.history.file import (
    BUDGETS_VERSION,
    FINDS_VERSION,
    DamagedError,
    HistoryError,
    UnwritableError,
    connect,
    connect_reading,
    is_damage,
    is_unwritable,
    lock,
    refuse_foreign,
    transaction,
    unlock,
    version_of,
)
from exporter.history.kept import Find
from exporter.history.standings import Key, Standings
from exporter.listing import Change, Event, Listing, Standing
from exporter.pace import Level
from exporter.verdict import Cause

FACT = struct.Struct("<HBdd")
"""What is known of a check besides its listings: the list's ID, the cause of an inconclusive answer (its place in ``_CAUSES``,
counted from 1; 0 for none), when it was last known, since when unknown (Unix seconds, 0 for never)."""

_CAUSES = tuple(Cause)
"""Part of the file's format: a new cause goes to the end."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is to be written of a check: its standing, and the changes that led to it."""

    key: Key
    standing: Standing
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Totals:
    """Changes of a list since the history was created."""

    listed: int = 0
    delisted: int = 0

    def plus(self, event: Event) -> "Totals":
        if event is Event.LISTED:
            return Totals(self.listed + 1, self.delisted)
        return Totals(self.listed, self.delisted + 1)


@dataclass(frozen=True, slots=True)
class Beside:
    """What is kept beside the standings: what is left of budgets, by list, and what origins led to."""

    levels: dict[str, Level]
    finds: dict[str, Find]

    def __bool__(self) -> bool:
        return bool(self.levels or self.finds)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a file holds; ``created`` in Unix seconds."""

    created: float
    standings: Standings
    totals: dict[str, Totals]
    beside: Beside


class Store:
    """An open history file. :meth:`open` raises :class:`HistoryError`; everything else ``sqlite3.Error``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock
        self._list_ids: dict[str, int] = {}

    @classmethod
    def open(cls, path: Path, now: float) -> "Store":
        """Open or create the file, migrated. Raises :class:`DamagedError` if it is ours and damaged."""
        return cls._opened(path, lambda: connect(path, now))

    @classmethod
    def open_reading(cls, path: Path) -> "Store":
        """Open a file that cannot be written to, to read what it holds."""
        return cls._opened(path, lambda: connect_reading(path))

    @classmethod
    def _opened(cls, path: Path, connect: Callable[[], sqlite3.Connection]) -> "Store":
        held, was_ours = lock(path)
        try:
            refuse_foreign(path, was_ours=was_ours)
            return cls(path, connect(), held)
        except BaseException as error:
            os.close(held)
            if isinstance(error, HistoryError) and not was_ours:
                unlock(path)
            if not isinstance(error, sqlite3.Error):
                raise
            if is_damage(error):
                raise DamagedError(str(error)) from error
            if is_unwritable(error) and path.exists() and path.stat().st_size:
                raise UnwritableError(f"history {path}: {error}; is the disk full?") from error
            raise HistoryError(f"history {path}: {error}") from error

    def load(self) -> Loaded:
        """All that the file holds. Raises :class:`DamagedError` if parts of it are missing."""
        try:
            (created,) = self._connection.execute("SELECT min(at) FROM created").fetchone()
            return Loaded(float(created), self._standings(), self._totals(), self._beside())
        except (sqlite3.Error, TypeError, ValueError, LookupError, struct.error) as error:
            raise DamagedError(f"not whole: {error}") from error

    def _standings(self) -> Standings:
        """Every check's standing as last written."""
        found = Standings()
        self._list_ids = dict(self._connection.execute("SELECT name, id FROM lists").fetchall())
        names = {number: name for name, number in self._list_ids.items()}
        for target, facts in self._connection.execute("SELECT target, facts FROM known"):
            row = found.row(target)
            for number, cause, known_at, since in FACT.iter_unpack(facts):
                found.column(names[number]).know(row, known_at, min(cause, len(_CAUSES)), since)
        latest: dict[Key, dict[str, Listing]] = {}
        columns = ", ".join(_LISTING_COLUMNS)
        for target, name, *values in self._connection.execute(
            f"SELECT target, list, {columns} FROM listings ORDER BY target, list, sublist, number"  # noqa: S608 - our own names
        ):
            listing = _listing(*values)
            latest.setdefault((target, name), {})[listing.sublist] = listing
        for key, listings in latest.items():
            found.put(key, replace(found.get(key), listings=tuple(listings.values())))
        return found

    def _totals(self) -> dict[str, Totals]:
        """By list."""
        rows = self._connection.execute("SELECT list, listed, delisted FROM totals")
        return {name: Totals(listed, delisted) for name, listed, delisted in rows}

    def _beside(self) -> Beside:
        """By list and by origin; older files have none."""
        version = version_of(self._connection)
        levels = self._connection.execute("SELECT list, level, at FROM budgets") if version >= BUDGETS_VERSION else ()
        finds = self._connection.execute("SELECT origin, content, at FROM finds") if version >= FINDS_VERSION else ()
        return Beside(
            {name: Level(float(left), float(at)) for name, left, at in levels},
            {origin: Find(bytes(content), float(at)) for origin, content, at in finds},
        )

    def write(self, records: Iterable[Record], known: Iterable[tuple[str, Mapping[str, Standing]]], beside: Beside) -> None:
        """Write all of it or none: changes, what is known of targets, by list, and what is kept beside."""
        with transaction(self._connection):
            for record in records:
                for change in record.changes:
                    self._put(record.key, change.listing)
                    self._count(record.key[1], change.event)
            for target, standings in known:
                self._write_known(target, standings)
            self._write_beside(beside)

    def rewrite(self, standings: Standings, totals: Mapping[str, Totals], beside: Beside) -> None:
        """Fill a new file with what is still known."""
        with transaction(self._connection):
            for target in standings.targets():
                by_list = standings.of_target(target)
                self._write_known(target, by_list)
                for name, held in by_list.items():
                    for listing in held.listings:
                        self._put((target, name), listing)
            self._connection.executemany(
                "INSERT INTO totals VALUES (?, ?, ?)",
                [(name, total.listed, total.delisted) for name, total in totals.items()],
            )
            self._write_beside(beside)

    def prune(self, before: float, targets: Iterable[str], budgets: Iterable[str], finds: Iterable[str]) -> None:
        """Forget listings that ended before that time, what was known of these targets, and these of what is kept beside."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM listings WHERE closed < ?", (before,))
            self._connection.executemany("DELETE FROM known WHERE target = ?", [(target,) for target in targets])
            self._connection.executemany("DELETE FROM budgets WHERE list = ?", [(name,) for name in budgets])
            self._connection.executemany("DELETE FROM finds WHERE origin = ?", [(name,) for name in finds])

    def close(self) -> None:
        """Close the file; what was written stays. Closing twice does nothing."""
        self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _count(self, name: str, event: Event) -> None:
        listed, delisted = (1, 0) if event is Event.LISTED else (0, 1)
        self._connection.execute(
            """INSERT INTO totals VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET listed = listed + excluded.listed, delisted = delisted + excluded.delisted""",
            (name, listed, delisted),
        )

    def _write_known(self, target: str, standings: Mapping[str, Standing]) -> None:
        facts = b"".join(
            FACT.pack(
                self._list_id(name),
                0 if held.unknown is None else 1 + _CAUSES.index(held.unknown),
                held.known_at or 0.0,
                held.unknown_since or 0.0,
            )
            for name, held in standings.items()
        )
        self._connection.execute(
            "INSERT INTO known VALUES (?, ?) ON CONFLICT DO UPDATE SET facts = excluded.facts", (target, facts)
        )
        for name, held in standings.items():
            for listing in held.listings:
                if listing.present:
                    self._put((target, name), listing)

    def _write_beside(self, beside: Beside) -> None:
        self._connection.executemany(
            "INSERT INTO budgets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET level = excluded.level, at = excluded.at",
            [(name, level.left, level.at) for name, level in beside.levels.items()],
        )
        self._connection.executemany(
            "INSERT INTO finds VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET content = excluded.content, at = excluded.at",
            [(origin, find.content, find.at) for origin, find in beside.finds.items()],
        )

    def _list_id(self, name: str) -> int:
        if name not in self._list_ids:
            self._connection.execute("INSERT OR IGNORE INTO lists (name) VALUES (?)", (name,))
            self._list_ids |= self._connection.execute("SELECT name, id FROM lists").fetchall()
        return self._list_ids[name]

    def _put(self, key: Key, listing: Listing) -> None:
        """Insert a listing, or bring the one of that number up to date."""
        columns = ", ".join(_LISTING_COLUMNS)
        marks = ", ".join("?" * (2 + len(_LISTING_COLUMNS)))
        self._connection.execute(
            f"""INSERT INTO listings (target, list, {columns}) VALUES ({marks}) ON CONFLICT DO UPDATE SET
            opened = excluded.opened, onset_observed = excluded.onset_observed, codes = excluded.codes, reason = excluded.reason,
            closed = excluded.closed, last_delisted = excluded.last_delisted, clean_answers = excluded.clean_answers,
            clean_since = excluded.clean_since""",  # noqa: S608 - our own column names
            (*key, *_values(listing)),
        )


_LISTING_COLUMNS = (
    "sublist", "number", "opened", "onset_observed", "codes", "reason", "closed", "last_delisted", "clean_answers",
    "clean_since",
)  # fmt: skip


def _listing(
    sublist: str, number: int, opened: float, onset_observed: int, codes: str, reason: str, closed: float | None,
    last_delisted: float | None, clean_answers: int, clean_since: float | None,
) -> Listing:  # fmt: skip
    """A row in the order of ``_LISTING_COLUMNS``."""
    return Listing(
        sublist, number, opened, bool(onset_observed), tuple(codes.split()), reason, closed, last_delisted, clean_answers,
        clean_since,
    )  # fmt: skip


def _values(listing: Listing) -> tuple[str | float | None, ...]:
    return (
        listing.sublist, listing.number, listing.opened, listing.onset_observed, " ".join(listing.codes), listing.reason,
        listing.closed, listing.last_delisted, listing.clean_answers, listing.clean_since,
    )  # fmt: skip
