"""What names and files lead to now: names are looked up again and again, files are read when they change.

Rules:

1. What an origin last led to holds until a later look says otherwise: a dead resolver or a broken file takes no target away, over
   restarts too, since the history keeps it.
2. Nothing here waits for another: each name is looked up by itself, so many at once, and files are looked at in a thread.
3. Whoever made the plan is told when something else was found, and asks for all of it (:meth:`Origins.found`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeVar

from exporter.config import Config
from exporter.expansion import Answer, Question, Skipped, expand, resolve
from exporter.history import Find, History
from exporter.inquiry import say_defect
from exporter.origins import files
from exporter.origins.origin import NOT_YET, Origin, concluded, in_other_trouble, read, written
from exporter.portions import Exclusion, Portion, Taken
from exporter.sources import Files, Named, Source

__all__ = ["Ask", "Origin", "Origins"]

_News = TypeVar("_News", Skipped, str)

_log = logging.getLogger(__name__)

Ask = Callable[[Question], Awaitable[Answer]]

_AT_ONCE = 32
_LOOK_SECONDS = 1.0
_SOONEST_SECONDS = 1 / 16
"""Of an interval: after a failure a name is looked up again so soon, and each time half as soon as before."""


@dataclass(slots=True)
class _Lookup:
    """A name, and when it is looked up next."""

    source: Named
    origin: Origin
    due_at: float
    failures: int = 0
    under_way: bool = False


class Origins:
    """All sources of a config but those that are written out. ``clock`` gives Unix seconds; ``changed`` is called when other
    targets were found."""

    def __init__(
        self,
        config: Config,
        ask: Ask,
        history: History,
        clock: Callable[[], float],
        changed: Callable[[], None],
        known: files.FilesSeen = MappingProxyType({}),
    ) -> None:
        """Reads every file, so it is made in a thread while anything else goes on. ``known`` are files as they were last seen."""
        self._config = config
        self._ask = ask
        self._history = history
        self._clock = clock
        self._changed = changed
        self._excluded = Exclusion.of(config.exclude, Taken())
        self._lookups = {source: self._lookup(source) for source in _named(config)}
        self._files: files.FilesSeen = files.first(config, history.finds.held, clock(), known)
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def origins(self) -> list[Origin]:
        """Every origin, as it is now."""
        found = [lookup.origin for lookup in self._lookups.values()] + [seen.origin for seen in self._files.values()]
        return list({origin.name: origin for origin in found}.values())

    def found(self) -> dict[Source, tuple[Portion, ...]]:
        """What each source leads to."""
        found: dict[Source, tuple[Portion, ...]] = {
            source: (Portion(lookup.origin.found, source.origin, source.labels),) for source, lookup in self._lookups.items()
        }
        for (source, _), seen in self._files.items():
            found[source] = found.get(source, ()) + seen.portions
        return found

    def successor(self, config: Config, ask: Ask) -> "Origins":
        """Those of another config, with what is known of sources that stay. Reads every file: to be made in a thread."""
        after = Origins(config, ask, self._history, self._clock, self._changed, self._files)
        same_rules = _rules(config) == _rules(self._config)
        known = {(lookup.source.way, lookup.source.name): lookup for lookup in self._lookups.values()}
        for source, lookup in after._lookups.items():
            before = known.get((source.way, source.name))
            if before is not None:
                due_at = before.due_at if same_rules else self._clock()
                after._lookups[source] = replace(lookup, origin=before.origin, due_at=due_at, failures=before.failures)
        return after

    async def run(self) -> None:
        """Look up and look at until cancelled."""
        _say_files({}, self._files)
        for pattern in files.idle(self._config, self._files):
            _log.warning("there is no such file of targets now", extra={"fields": {"files": pattern}})
        self._history.finds.in_use = {source.origin for source in self._lookups}
        self._keep_files()
        try:
            await asyncio.gather(self._look_names_up(), self._look_at_files())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _lookup(self, source: Named) -> _Lookup:
        """As the history has it, and due: what the history has not is what was skipped, and whether it failed since."""
        find = self._history.finds.held.get(source.origin)
        origin = Origin(source.origin) if find is None else read(source.origin, find.content, find.at)
        return _Lookup(source, origin, self._clock())

    async def _look_names_up(self) -> None:
        while True:
            self._wake.clear()
            now = self._clock()
            waiting = [lookup for lookup in self._lookups.values() if not lookup.under_way]
            for lookup in waiting:  # the clock may have been set back, or was ahead when the history was written
                lookup.due_at = min(lookup.due_at, now + self._config.expansion.interval)
            for lookup in sorted(waiting, key=lambda lookup: lookup.due_at)[: max(0, _AT_ONCE - len(self._tasks))]:
                if lookup.due_at <= now:
                    lookup.under_way = True
                    self._spawn(self._look_up(lookup))
            soonest = min((lookup.due_at for lookup in waiting if not lookup.under_way), default=now + 60.0)
            try:
                async with asyncio.timeout(max(0.0, soonest - now) if len(self._tasks) < _AT_ONCE else None):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._wake.set())

    async def _look_up(self, lookup: _Lookup) -> None:
        config, source, before = self._config, lookup.source, lookup.origin
        try:
            walk = expand(source.way, source.name, config.expansion.limits, non_global=bool(config.taken.special))
            lookup.origin = concluded(before, await resolve(walk, self._ask), config.taken, self._clock(), self._excluded)
        except Exception as defect:  # noqa: BLE001 - a defect must cost this name only
            lookup.origin = replace(before, up=False, trouble="a defect of this program, see its log", unanswered=False)
            say_defect(f"looking up {before.name}", defect)
        finally:
            lookup.under_way = False
            self._plan_next(lookup)
        _say(before, lookup.origin)
        if lookup.origin.up:
            self._history.finds.note({before.name: Find(written(lookup.origin.found), lookup.origin.succeeded_at)})
        if lookup.origin.found != before.found:
            self._changed()

    def _plan_next(self, lookup: _Lookup) -> None:
        interval = self._config.expansion.interval
        lookup.failures = 0 if lookup.origin.up else lookup.failures + 1
        wait = interval if lookup.origin.up else min(interval, interval * _SOONEST_SECONDS * 2.0 ** min(lookup.failures - 1, 8))
        lookup.due_at = self._clock() + wait

    async def _look_at_files(self) -> None:
        while any(isinstance(source, Files) for source in self._config.sources):
            await asyncio.sleep(_LOOK_SECONDS)
            before = self._files
            try:
                after = await asyncio.to_thread(files.again, self._config, before, self._clock())
            except Exception as defect:  # noqa: BLE001 - a defect must not end the looking
                say_defect("looking at files of targets", defect)
                continue
            self._files = after
            _say_files(before, after)
            self._keep_files()
            if any(seen.portions is not (before[place].portions if place in before else ()) for place, seen in after.items()):
                self._changed()

    def _keep_files(self) -> None:
        """Have the history keep what was read."""
        self._history.finds.in_use |= files.names(self._files)
        self._history.finds.note(files.to_keep(self._files.values(), self._clock()))
        self._files = {place: replace(seen, content=None) for place, seen in self._files.items()}


def _rules(config: Config) -> object:
    """All that decides what a name leads to, but the answers."""
    return config.expansion, config.taken, config.exclude


def _named(config: Config) -> list[Named]:
    return [source for source in config.sources if isinstance(source, Named)]


def _say_files(before: files.FilesSeen, after: files.FilesSeen) -> None:
    """Once of each file, however many patterns name it."""
    said = set[str]()
    for place, seen in after.items():
        if seen.origin.name not in said:
            said.add(seen.origin.name)
            _say(before[place].origin if place in before else Origin(seen.origin.name), seen.origin)


def _say(before: Origin, after: Origin) -> None:
    """Log what is news of an origin."""
    if in_other_trouble(before, after):
        fields = {"origin": after.name, "trouble": after.trouble, "kept": after.size}
        _log.warning("an origin of targets failed, what it last led to is kept", extra={"fields": fields})
    if after.up and not before.up and before.trouble != NOT_YET:
        _log.info("an origin of targets works now", extra={"fields": {"origin": after.name}})
    for skipped in _fresh(before.skipped, after.skipped):
        fields = {"origin": after.name, "reason": skipped.reason, "what": skipped.what, "why": skipped.why}
        _log.warning("not watched", extra={"fields": fields})
    for notice in _fresh(before.notices, after.notices):
        _log.warning("an origin of targets is used, but mind this", extra={"fields": {"origin": after.name, "notice": notice}})


def _fresh(before: Iterable[_News], after: Iterable[_News]) -> list[_News]:
    known = set(before)
    return [news for news in after if news not in known]
