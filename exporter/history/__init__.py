"""What was true and since when: the snapshot that everybody reads, and the file behind it.

Rules:

1. A change is committed to the file before the snapshot shows it. Kill the process at any point: what was ever shown is there,
   nothing is invented, nothing doubled.
2. What can be learned again (when a check was last known, pending removals) is shown at once and written in batches.
3. When writing fails, what is held goes ahead (:meth:`History.standing`), what is shown stays behind, and everything waits in
   order for the next attempt. A file that broke while in use is set aside and a new one is filled with what is known.
4. One thread writes. Reading never touches the file after the start.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from exporter.history.file import DamagedError, HistoryError, is_damage, set_aside
from exporter.history.store import Key, Record, Store, Totals
from exporter.listing import Standing

__all__ = ["History", "HistoryError", "Key", "Record", "Totals"]

_log = logging.getLogger(__name__)
_NOTHING = Standing()


class History:
    """All standings, resumed from the file and kept in it. Times in Unix seconds; ``keep`` in seconds."""

    def __init__(self, path: Path, keep: float, clock: Callable[[], float]) -> None:
        """Open the file. Raises :class:`HistoryError` if it cannot be used; a damaged one is set aside."""
        self._keep = keep
        self._clock = clock
        self._store = _open(path, clock())
        self._shown: dict[Key, Standing] = self._store.standings()
        self._totals: dict[str, Totals] = self._store.totals()
        self._ahead: dict[Key, Standing] = {}
        """Standings with changes that are not in the file yet."""
        self._backlog: deque[Record] = deque()
        self._dirty: set[Key] = set()
        self._writing = asyncio.Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._damaged = False
        self._to_refill = False
        self.created = self._store.created()
        self.write_failures = 0

    def standing(self, key: Key) -> Standing:
        """What is held true of a check, written or not: what the next verdict is compared with."""
        return self._ahead.get(key) or self._shown.get(key, _NOTHING)

    def shown(self, key: Key) -> Standing:
        """What may be shown of a check: everything but changes that are not in the file yet."""
        return self._shown.get(key, _NOTHING)

    def totals(self, name: str) -> Totals:
        """Changes of a list since the history was created, as far as shown."""
        return self._totals.get(name, Totals())

    def note(self, key: Key, standing: Standing) -> None:
        """Hold a standing that follows from the one before without a change."""
        (self._ahead if key in self._ahead else self._shown)[key] = standing
        self._dirty.add(key)

    def hold(self, record: Record) -> None:
        """Hold a standing that follows from the one before by changes; it is shown when :meth:`commit` has written it."""
        self._ahead[record.key] = record.standing
        self._backlog.append(record)

    async def commit(self) -> list[Record]:
        """Write what is held and show it. Returns everything that is shown since; nothing if writing failed."""
        return await asyncio.shield(self._write(flush=False))  # half a write would be written twice

    async def flush(self) -> list[Record]:
        """Write what waits: changes that could not be written, and everything noted. Returns the changes shown since."""
        if not self._backlog and not self._dirty:
            return []
        return await asyncio.shield(self._write(flush=True))

    async def forget_old(self) -> None:
        """Forget what ended longer than ``keep`` ago, in the file and in the snapshot."""
        before = self._clock() - self._keep
        async with self._writing:
            if not await self._attempt(lambda: self._store.prune(before)):
                return
        for key, standing in list(self._shown.items()):
            listings = tuple(listing for listing in standing.listings if listing.present or (listing.closed or 0) >= before)
            last_heard = standing.known_at or standing.unknown_since or 0
            if not listings and last_heard < before:
                del self._shown[key]
            elif len(listings) < len(standing.listings):
                self._shown[key] = Standing(standing.known_at, listings, standing.unknown, standing.unknown_since)

    async def close(self) -> None:
        """Write what waits and close the file. Says so if something could not be written."""
        await self.flush()
        if self._backlog:
            _log.error("changes could not be written before the end", extra={"fields": {"changes": len(self._backlog)}})
        self._writer.shutdown()
        self._store.close()

    async def _write(self, *, flush: bool) -> list[Record]:
        async with self._writing:
            changed = list(self._backlog)
            dirty, self._dirty = (self._dirty, set()) if flush else (set(), self._dirty)
            noted = [Record(key, self.standing(key)) for key in dirty if key not in self._ahead]
            if not changed and not noted:
                return []
            if not await self._attempt(lambda: self._store.write([*changed, *noted])):
                self._dirty |= dirty
                return []
            for _ in changed:
                self._backlog.popleft()
            waiting = {record.key for record in self._backlog}
            for record in changed:
                self._show(record, waiting)
            return changed

    def _show(self, record: Record, waiting: set[Key]) -> None:
        for change in record.changes:
            name = record.key[1]
            self._totals[name] = self.totals(name).plus(change.event)
        if record.key in waiting:
            self._shown[record.key] = record.standing
        else:
            # Newer than the record's if something was noted meanwhile.
            self._shown[record.key] = self._ahead.pop(record.key, self._shown.get(record.key, record.standing))
            self._dirty.add(record.key)

    async def _attempt(self, write: Callable[[], None]) -> bool:
        """Run ``write`` in the writer thread; count, log and outlive what goes wrong."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._mend_and, write)
        except (sqlite3.Error, HistoryError, OSError) as error:
            self.write_failures += 1
            self._damaged |= isinstance(error, sqlite3.Error) and is_damage(error)
            _log.error("history not written", extra={"fields": {"path": str(self._store.path), "error": str(error)}})
            return False
        return True

    def _mend_and(self, write: Callable[[], None]) -> None:
        """Before writing, replace a file that broke while in use by a new one that holds everything that is shown."""
        path = self._store.path
        now = self._clock()
        if self._damaged:
            self._store.close()
            _say_damaged(path, set_aside(path, now), "found while writing")
            self._damaged, self._to_refill = False, True
        if self._to_refill:
            self._store.close()
            self._store = Store.open(path, now)
            self._store.rewrite(dict(self._shown), dict(self._totals))
            self.created, self._to_refill = now, False
        write()


def _open(path: Path, now: float) -> Store:
    try:
        return Store.open(path, now)
    except DamagedError as error:
        _say_damaged(path, set_aside(path, now), str(error))
    try:
        return Store.open(path, now)
    except DamagedError as error:
        raise HistoryError(f"history {path}: {error}") from error


def _say_damaged(path: Path, kept: Path, error: str) -> None:
    fields = {"path": str(path), "kept": str(kept), "error": error}
    _log.error("history damaged: set aside, starting anew", extra={"fields": fields})
