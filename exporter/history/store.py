"""What is in the database: SQLite in WAL mode, one connection, one thread at a time.

Rules:

1. A change, the standing it belongs to and the list's totals are written in one transaction, with the disk asked to keep it
   (``synchronous = FULL``): changes are rare, and a change that was shown must survive a power cut too.
2. Nothing here knows what is in memory; :class:`exporter.history.History` does.
"""

import os
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from exporter.history.file import (
    DamagedError,
    HistoryError,
    connect,
    is_damage,
    lock,
    refuse_foreign,
    transaction,
)
from exporter.listing import Change, Event, Listing, Standing
from exporter.verdict import Cause

Key = tuple[str, str]


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


class Store:
    """An open history file. :meth:`open` raises :class:`HistoryError`; everything else ``sqlite3.Error``."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: int) -> None:
        self.path = path
        self._connection = connection
        self._lock = lock

    @classmethod
    def open(cls, path: Path, now: float) -> "Store":
        """Open or create the file, migrated. Raises :class:`DamagedError` if it is ours and damaged."""
        held = lock(path)
        try:
            refuse_foreign(path)
            return cls(path, connect(path, now), held)
        except sqlite3.Error as error:
            os.close(held)
            if is_damage(error):
                raise DamagedError(str(error)) from error
            raise HistoryError(f"history {path}: {error}") from error
        except BaseException:
            os.close(held)
            raise

    def created(self) -> float:
        """When this history began, Unix seconds."""
        return float(self._connection.execute("SELECT min(at) FROM created").fetchone()[0])

    def standings(self) -> dict[Key, Standing]:
        """Every check's standing as last written."""
        latest: dict[Key, dict[str, Listing]] = {}
        columns = ", ".join(_LISTING_COLUMNS)
        for target, name, *values in self._connection.execute(
            f"SELECT target, list, {columns} FROM listings ORDER BY target, list, sublist, number"  # noqa: S608 - our own column names
        ):
            listing = _listing(*values)
            latest.setdefault((target, name), {})[listing.sublist] = listing
        found = {
            (target, name): Standing(
                known_at, tuple(latest.pop((target, name), {}).values()), Cause(unknown) if unknown else None, since
            )
            for target, name, known_at, unknown, since in self._connection.execute(
                "SELECT target, list, known_at, unknown, unknown_since FROM standings"
            )
        }
        return found | {key: Standing(None, tuple(listings.values())) for key, listings in latest.items()}

    def totals(self) -> dict[str, Totals]:
        """By list."""
        rows = self._connection.execute("SELECT list, listed, delisted FROM totals")
        return {name: Totals(listed, delisted) for name, listed, delisted in rows}

    def write(self, records: Iterable[Record]) -> None:
        """Write all of them or none."""
        with transaction(self._connection):
            for record in records:
                for change in record.changes:
                    self._write_change(record.key, change)
                self._write_standing(record)

    def rewrite(self, standings: dict[Key, Standing], totals: dict[str, Totals]) -> None:
        """Fill a new file with what is still known."""
        with transaction(self._connection):
            for key, standing in standings.items():
                for listing in standing.listings:
                    self._put(key, listing)
                self._write_standing(Record(key, standing))
            self._connection.executemany(
                "INSERT INTO totals VALUES (?, ?, ?)",
                [(name, total.listed, total.delisted) for name, total in totals.items()],
            )

    def prune(self, before: float) -> None:
        """Forget listings that ended, and standings last known, before that time."""
        with transaction(self._connection):
            self._connection.execute("DELETE FROM listings WHERE closed < ?", (before,))
            self._connection.execute(
                """DELETE FROM standings WHERE coalesce(known_at, unknown_since, 0) < ? AND NOT EXISTS
                (SELECT 1 FROM listings WHERE listings.target = standings.target AND listings.list = standings.list)""",
                (before,),
            )

    def close(self) -> None:
        """Close the file; what was written stays. Closing twice does nothing."""
        self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _write_change(self, key: Key, change: Change) -> None:
        self._put(key, change.listing)
        listed, delisted = (1, 0) if change.event is Event.LISTED else (0, 1)
        self._connection.execute(
            """INSERT INTO totals VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET listed = listed + excluded.listed, delisted = delisted + excluded.delisted""",
            (key[1], listed, delisted),
        )

    def _write_standing(self, record: Record) -> None:
        held = record.standing
        self._connection.execute(
            """INSERT INTO standings VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
            known_at = excluded.known_at, unknown = excluded.unknown, unknown_since = excluded.unknown_since""",
            (*record.key, held.known_at, held.unknown, held.unknown_since),
        )
        for listing in held.listings:
            if listing.present:
                self._put(record.key, listing)

    def _put(self, key: Key, listing: Listing) -> None:
        """Insert a listing, or bring the one of that number up to date."""
        columns = ", ".join(_LISTING_COLUMNS)
        marks = ", ".join("?" * (2 + len(_LISTING_COLUMNS)))
        self._connection.execute(
            f"""INSERT INTO listings (target, list, {columns}) VALUES ({marks}) ON CONFLICT DO UPDATE SET
            closed = excluded.closed, codes = excluded.codes, clean_answers = excluded.clean_answers,
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
