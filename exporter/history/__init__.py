"""What was true and since when: the snapshot that everybody reads, and the file behind it.

Rules:

1. A change is committed to the file before the snapshot shows it. Kill the process at any point: what was ever shown is there,
   nothing is invented, nothing doubled.
2. What can be learned again is shown at once and written in batches: a new state soon, how lately a check was asked seldom, so
   what is written follows changes and not checks.
3. When writing fails, what is held goes ahead (:meth:`History.standing`), what is shown stays behind, and everything waits in
   order for the next attempt. A file that broke while in use is set aside and a new one is filled with what is known.
4. What is left of daily budgets, and what origins led to, is kept beside it (:mod:`exporter.history.kept`).
5. One thread writes. Reading never touches the file after the start.
"""

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from exporter.history.file import DamagedError, Fault, HistoryError, UnwritableError, is_damage, set_aside
from exporter.history.kept import Find, Kept, worthless_before
from exporter.history.standings import NOTHING, Column, Key, State
from exporter.history.store import Beside, Loaded, Record, Store, Totals
from exporter.listing import Standing

__all__ = ["Column", "Find", "History", "HistoryError", "Key", "Record", "State", "Totals"]

_log = logging.getLogger(__name__)

_NOT_LISTED = int(State.NOT_LISTED)


class History:
    """All standings, resumed from the file and kept in it. Times in Unix seconds; ``keep`` in seconds."""

    def __init__(self, path: Path, keep: float, clock: Callable[[], float]) -> None:
        """Open the file. Raises :class:`HistoryError` if it cannot be used; a damaged one is set aside."""
        self._keep = keep
        self._clock = clock
        self._fault = Fault.NONE
        self._failing = False
        """Whether the last attempt to write failed."""
        self._store, loaded = self._open(path)
        self._shown = loaded.standings
        self._totals = loaded.totals
        self.budgets = Kept(loaded.beside.levels)
        self.finds = Kept(loaded.beside.finds)
        self.created = loaded.created
        self._ahead: dict[Key, Standing] = {}
        """Standings with changes that are not in the file yet."""
        self._backlog: deque[Record] = deque()
        self._soon: set[str] = set()
        """Targets of which the file does not know the state."""
        self._later: set[str] = set()
        """Targets of which the file does not know how lately they were asked."""
        self._news: set[str] = set()
        """Targets of which something else is shown than when the news were last taken."""
        self._writing = asyncio.Lock()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="history")
        self.write_failures = 0

    def standing(self, key: Key) -> Standing:
        """What is held true of a check, written or not: what the next verdict is compared with."""
        return self._ahead.get(key) or self._shown.get(key)

    def shown(self, key: Key) -> Standing:
        """What may be shown of a check: everything but changes that are not in the file yet."""
        return self._shown.get(key)

    def column(self, name: str) -> Column:
        """What may be shown of a list's checks, by :meth:`row`; it grows as rows are added."""
        return self._shown.column(name)

    def row(self, target: str) -> int:
        """A target's place in every column."""
        return self._shown.row(target)

    def text(self, row: int) -> str:
        """The target whose row it is."""
        return self._shown.text(row)

    def totals(self, name: str) -> Totals:
        """Changes of a list since the history was created, as far as shown."""
        return self._totals.get(name, Totals())

    def note_clean(self, target: str, name: str, at: float, *, first: bool) -> bool:
        """Note a clean answer about a check that is on nothing and, unless it may be the ``first`` answer, known: nearly every
        answer, so it has a way of its own, with the outcome of :func:`exporter.listing.advance`. False, and nothing is noted, if
        the check is anything else."""
        row = self._shown.row(target)
        column = self._shown.column(name)
        state = column.states[row]
        if state > _NOT_LISTED or not (first or column.known_at[row]) or (self._ahead and (target, name) in self._ahead):
            return False
        if state == _NOT_LISTED:
            self._later.add(target)
        elif row in column.listings:
            return False
        else:
            column.states[row], column.causes[row], column.unknown_since[row] = _NOT_LISTED, 0, 0.0
            self._soon.add(target)
            self._news.add(target)
        column.known_at[row] = at
        return True

    def note(self, key: Key, standing: Standing) -> None:
        """Hold a standing that follows from the one before without a change."""
        if key in self._ahead:
            self._ahead[key] = standing
            return
        target, name = key
        row = self._shown.row(target)
        column = self._shown.column(name)
        before = column.states[row], column.causes[row], column.listings.get(row)
        column.put(row, standing)
        if before == (column.states[row], column.causes[row], column.listings.get(row)):
            self._later.add(target)
        else:
            self._soon.add(target)
            self._news.add(target)

    def take_news(self) -> set[str]:
        """The targets of which something else is shown than when this was last called."""
        news, self._news = self._news, set()
        return news

    def hold(self, record: Record) -> None:
        """Hold a standing that follows from the one before by changes; it is shown when :meth:`commit` has written it."""
        self._ahead[record.key] = record.standing
        self._backlog.append(record)

    async def commit(self) -> list[Record]:
        """Write what is held and show it. Returns everything that is shown since; nothing if writing failed, or failed last time:
        then it waits for the next flush, so that many changes do not each wait for a locked file."""
        if self._failing:
            return []
        return await asyncio.shield(self._write(flush=False))  # half a write would be written twice

    async def flush(self) -> list[Record]:
        """Write what waits: changes that could not be written, and states that are news. Returns the changes shown since."""
        return await asyncio.shield(self._write(flush=True))

    async def flush_all(self) -> list[Record]:
        """Write what waits, and how lately every check was asked."""
        self._soon |= self._later
        self._later = set()
        return await self.flush()

    async def forget_old(self) -> None:
        """Forget what ended longer than ``keep`` ago, in the file and then in the snapshot."""
        before = self._clock() - self._keep
        levels_before = worthless_before(self._clock(), before)
        async with self._writing:
            gone = [target async for target in self._shown.older(before)]
            budgets, finds = self.budgets.old(levels_before), self.finds.old(before)
            if not await self._attempt(lambda: self._store.prune(before, gone, budgets, finds)):
                return
            self.budgets.forget(levels_before)
            self.finds.forget(before)
            for key in self._shown.ever_listed():
                self._replace(key, _without_old(self._shown.get(key), before))
            async for target in self._shown.older(before):  # anew: something may have been noted while the file was written
                for name in self._shown.of_target(target):
                    self._replace((target, name), NOTHING)

    def _replace(self, key: Key, kept: Standing) -> None:
        if kept != self._shown.get(key) and key not in self._ahead:
            self._shown.put(key, kept)
            self._news.add(key[0])

    async def close(self) -> None:
        """Write what waits and close the file. Says so if something could not be written."""
        await self.flush_all()
        if not self._backlog:
            await self.flush_all()  # what was noted while a change waited
        if self._backlog:
            _log.error("changes could not be written before the end", extra={"fields": {"changes": len(self._backlog)}})
        self._writer.shutdown()
        self._store.close()

    async def _write(self, *, flush: bool) -> list[Record]:
        async with self._writing:
            if self._failing and not flush:
                return []
            changed, noted = list(self._backlog), self._soon if flush else set()
            self._soon = set() if flush else self._soon
            beside = Beside(self.budgets.take_unwritten(), self.finds.take_unwritten()) if flush else Beside({}, {})
            if not changed and not noted and not beside:
                return []
            self._failing = not await self._attempt(lambda: self._store.write(changed, self._known(changed, noted), beside))
            if self._failing:
                self._soon |= noted
                self.budgets.put_back(beside.levels)
                self.finds.put_back(beside.finds)
                return []
            for _ in changed:
                self._backlog.popleft()
            waiting = {record.key for record in self._backlog}
            for record in changed:
                self._show(record, waiting)
            return changed

    def _known(self, changed: list[Record], noted: set[str]) -> Iterator[tuple[str, dict[str, Standing]]]:
        """What is to be written of the targets, one by one: what is shown, and what will be once the changes are written."""
        changes: dict[str, dict[str, Standing]] = {target: {} for target in noted}
        for record in changed:
            target, name = record.key
            changes.setdefault(target, {})[name] = record.standing
        return ((target, self._shown.of_target(target) | after) for target, after in changes.items())

    def _show(self, record: Record, waiting: set[Key]) -> None:
        self._news.add(record.key[0])
        for change in record.changes:
            name = record.key[1]
            self._totals[name] = self.totals(name).plus(change.event)
        if record.key in waiting:
            self._shown.put(record.key, record.standing)
        elif (latest := self._ahead.pop(record.key, None)) is not None:
            # Newer than the record's if something was noted meanwhile.
            self._shown.put(record.key, latest)
            self._later.add(record.key[0])

    async def _attempt(self, write: Callable[[], None]) -> bool:
        """Run ``write`` in the writer thread; count, log and outlive what goes wrong."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._mend_and, write)
        except (sqlite3.Error, HistoryError, DamagedError, OSError) as error:
            self.write_failures += 1
            if isinstance(error, DamagedError) or (isinstance(error, sqlite3.Error) and is_damage(error)):
                self._fault = Fault.DAMAGED
            _log.error("history not written", extra={"fields": {"path": str(self._store.path), "error": str(error)}})
            return False
        return True

    def _mend_and(self, write: Callable[[], None]) -> None:
        """Before writing, mend what was found wrong with the file."""
        path = self._store.path
        if self._fault is not Fault.NONE:
            self._store.close()
        if self._fault is Fault.DAMAGED:
            _say_damaged(path, set_aside(path, self._clock()), "found while writing")
            self._fault = Fault.EMPTY
        if self._fault is not Fault.NONE:
            now = self._clock()
            self._store = Store.open(path, now)
            if self._fault is Fault.EMPTY:
                self._store.rewrite(self._shown, dict(self._totals), Beside(dict(self.budgets.held), dict(self.finds.held)))
                self.created = now
            self._fault = Fault.NONE
        write()

    def _open(self, path: Path) -> tuple[Store, Loaded]:
        """The file and what it holds: the one that is there, without writing if it cannot be written to, or a new one."""
        now = self._clock()
        try:
            return _loaded(Store.open(path, now))
        except UnwritableError as error:
            _log.error("history cannot be written to", extra={"fields": {"path": str(path), "error": str(error)}})
            self._fault = Fault.SHUT
            try:
                return _loaded(Store.open_reading(path))
            except DamagedError:
                raise error from None
        except DamagedError as error:
            _say_damaged(path, set_aside(path, now), str(error))
        try:
            return _loaded(Store.open(path, now))
        except DamagedError as error:
            raise HistoryError(f"history {path}: {error}") from error


def _without_old(held: Standing, before: float) -> Standing:
    return replace(held, listings=tuple(one for one in held.listings if one.present or (one.closed or 0.0) >= before))


def _loaded(store: Store) -> tuple[Store, Loaded]:
    try:
        return store, store.load()
    except BaseException:
        store.close()
        raise


def _say_damaged(path: Path, kept: Path, error: str) -> None:
    fields = {"path": str(path), "kept": str(kept), "error": error}
    _log.error("history damaged: set aside, starting anew", extra={"fields": fields})
