"""Nothing changes on a list's word alone: a verdict that would open, close or alter a listing waits until its list has passed a
test that began *after* the answer came. A list that went wrong a moment ago accuses nobody and clears nobody.

Rules:

1. Tests of a list for this take at most a :data:`_TEST_SHARE` of the time, so one close by is tested often and one far away
   seldom. What waited for a test is recorded in one transaction.
2. What changes nothing is noted at once.
3. The list's reason is asked for only when a listing opens.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from exporter.blocklist import Blocklist
from exporter.health import Health, queries_a_test, trust
from exporter.history import History, Key, Record
from exporter.inquiry import Examination, Providers, examine, reason, say_defect
from exporter.listing import Change, Event, Standing, advance
from exporter.plan import Check, Plan
from exporter.schedule import Outcome, Schedule, Turn
from exporter.verdict import Unknown, Verdict

_log = logging.getLogger(__name__)

_TEST_SHARE = 0.05
_LEAST_GAP_SECONDS, _MOST_GAP_SECONDS = 0.1, 1.0
_REASONS_AT_ONCE = 32
_REASON_SECONDS = 5.0
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told: of every finished check, every change once it is in the history, and every test of a list."""

    outcome: Sequence[Callable[[Outcome], None]] = ()
    change: Sequence[Callable[[Key, Change], None]] = ()
    tested: Sequence[Callable[[Blocklist, Health], None]] = ()


@dataclass(frozen=True, slots=True)
class Sighting:
    """A verdict, how long each query for it took (seconds), and when it came (Unix seconds)."""

    verdict: Verdict
    durations: tuple[float, ...]
    at: float


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sighting that would change something."""

    turn: Turn
    sighting: Sighting


@dataclass(slots=True)
class _Tests:
    """When the last test of a list began and how long it took, in seconds."""

    began: float
    took: float = 0.0


class Present(Protocol):
    """What of the engine is present and may be swapped."""

    @property
    def plan(self) -> Plan: ...

    @property
    def schedule(self) -> Schedule: ...

    @property
    def providers(self) -> Providers: ...


@dataclass(slots=True)
class Vouching:
    """Sightings in, standings and changes out."""

    present: Present
    history: History
    hooks: Hooks
    clock: Callable[[], float]
    randomness: Callable[[], int]
    answered: bool = False
    """Whether any check was ever finished."""
    _claims: dict[Blocklist, list[_Claim]] = field(default_factory=lambda: defaultdict(list))
    _tests: dict[str, _Tests] = field(default_factory=dict)
    _recordings: set[asyncio.Task[None]] = field(default_factory=set)

    def conclude(self, turn: Turn, sighting: Sighting) -> None:
        """Note a sighting, or claim a change by it."""
        claim = _Claim(turn, sighting)
        if not self._needs_a_test(claim):
            self._advance(claim, "")
            return
        waiting = self._claims[turn.check.blocklist]
        waiting.append(claim)
        if len(waiting) == 1:
            self._spawn(self._vouch(turn.check.blocklist))

    def _needs_a_test(self, claim: _Claim) -> bool:
        """Whether it would change a listing (also its codes or a pending removal), or be the first that is known of the check,
        from a list that was not tested lately."""
        check, verdict = claim.turn.check, claim.sighting.verdict
        held = self.history.standing(check.key)
        after, _ = advance(held, verdict, claim.sighting.at, check.blocklist.pace.delist_after)
        first = held.known_at is None and not isinstance(verdict, Unknown)
        return after.listings != held.listings or (first and not claim.turn.walk.probation.fresh(self.clock()))

    def finished(self, outcome: Outcome) -> None:
        """Tell the hooks of a finished check."""
        self.answered = True
        for hook in self.hooks.outcome:
            try:
                hook(outcome)
            except Exception as defect:  # noqa: BLE001 - a hook must not end the loop
                say_defect("telling a hook", defect)

    def tell_changes(self, records: list[Record]) -> None:
        """Log what is shown now, and tell the hooks of it."""
        for record in records:
            for change in record.changes:
                _log.info(change.event, extra={"fields": _change_fields(record.key, change)})
                for hook in self.hooks.change:
                    tell(partial(hook, record.key, change))

    async def test(self, blocklist: Blocklist) -> Health:
        """Test a list, as paid for, and let its schedule know, if by then it is still asked in the same way."""
        providers = self.present.providers
        tests = self._tests[blocklist.name] = _Tests(self.clock())
        try:
            examination = await examine(providers, blocklist, self.randomness())
        except BaseException:
            if self._asked_alike(blocklist, providers):
                self.present.schedule.broke_off(blocklist.name, self.clock())
            raise
        now = self.clock()
        tests.took = now - tests.began
        if self._asked_alike(blocklist, providers):
            self._learn(blocklist, examination, now)
        return examination.health

    def _asked_alike(self, blocklist: Blocklist, providers: Providers) -> bool:
        return self.present.plan.asks(blocklist) and self.present.providers is providers

    def _learn(self, blocklist: Blocklist, examination: Examination, now: float) -> None:
        schedule, health = self.present.schedule, examination.health
        before = schedule.trial(blocklist.name)
        schedule.tested(blocklist.name, health, now)
        if before is None or before.health is not health:
            level = logging.INFO if health.trusted else logging.WARNING
            _log.log(level, "list health", extra={"fields": {"list": blocklist.name, "health": health}})
        for hook in self.hooks.tested:
            tell(partial(hook, blocklist, health))

    def begin_anew(self) -> None:
        """Lists are asked in another way from now on: what was claimed before is asked again."""
        self._claims.clear()

    async def wind_up(self) -> None:
        """Record what was claimed, for a while; drop what takes longer."""
        if self._recordings:
            _, late = await asyncio.wait(self._recordings, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _advance(self, claim: _Claim, why: str) -> Record | None:
        """Hold what follows from a claim and finish its turn; or, if that is a change, return it to be recorded."""
        check = claim.turn.check
        held = self.history.standing(check.key)
        after, changes = advance(held, claim.sighting.verdict, claim.sighting.at, check.blocklist.pace.delist_after, why)
        if changes:
            return Record(check.key, after, changes)
        self.history.note(check.key, after)
        self._finish(claim, after)
        return None

    def _finish(self, claim: _Claim, after: Standing) -> None:
        turn, sighting = claim.turn, claim.sighting
        schedule, now = self.present.schedule, self.clock()
        schedule.finish(turn, sighting.verdict, now)
        if after.pending and not isinstance(sighting.verdict, Unknown):
            schedule.confirm(turn, now)
        self.finished(Outcome(turn.check, sighting.verdict, sighting.at, sighting.durations))

    async def _vouch(self, blocklist: Blocklist) -> None:
        """Test the list, then record or drop what was claimed before the test began."""
        await asyncio.sleep(self._gap(blocklist.name))
        claims = self._claims.pop(blocklist, [])
        if not claims or not self.present.plan.asks(blocklist):
            return
        self.present.schedule.spent(blocklist.name, queries_a_test(blocklist), self.clock())
        try:
            health = await self.test(blocklist)
            reasons = await self._reasons([claim.turn.check for claim in claims if self._opens(_trusted(claim, health))])
        except BaseException:
            for claim in claims:
                if (turn := claim.turn.walk.present(claim.turn)) is not None:
                    turn.walk.landed(turn.place)
            raise
        for claim in claims:
            self._settle(_trusted(claim, health), reasons.get(claim.turn.check.key, ""))
        self.tell_changes(await self.history.commit())

    def _settle(self, claim: _Claim, why: str) -> None:
        """Hold what follows from a claim, if its check is still asked."""
        turn = claim.turn.walk.present(claim.turn)
        if turn is None or not self.present.plan.holds(turn.check):
            return
        claim = _Claim(turn, claim.sighting)
        record = self._advance(claim, why)
        if record is not None:
            self.history.hold(record)
            self._finish(claim, record.standing)

    def _opens(self, claim: _Claim) -> bool:
        check = claim.turn.check
        held = self.history.standing(check.key)
        _, changes = advance(held, claim.sighting.verdict, claim.sighting.at, check.blocklist.pace.delist_after)
        return any(change.event is Event.LISTED for change in changes)

    def _gap(self, name: str) -> float:
        """Seconds until the list may be tested for changes again."""
        last = self._tests.get(name)
        if last is None:
            return 0.0
        gap = min(_MOST_GAP_SECONDS, max(_LEAST_GAP_SECONDS, last.took / _TEST_SHARE))
        return max(0.0, last.began + gap - self.clock())

    async def _reasons(self, checks: Sequence[Check]) -> dict[Key, str]:
        """The lists' words about checks that are to be recorded as listed: as many as the list's pace gives in a few seconds. A
        listing does not wait longer for its reason."""
        found: dict[Key, str] = {}
        limit = asyncio.Semaphore(_REASONS_AT_ONCE)

        async def one(check: Check) -> None:
            async with limit:
                name = check.blocklist.name
                while (wait := self.present.schedule.wait(name, self.clock())) > 0:  # noqa: ASYNC110 - a time, not an event
                    await asyncio.sleep(wait)
                self.present.schedule.spent(name, 1, self.clock())
                found[check.key] = await reason(self.present.providers, check.blocklist, check.target)

        if checks:
            asking = [asyncio.create_task(one(check)) for check in checks]
            _, late = await asyncio.wait(asking, timeout=_REASON_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)
        return found

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(guarded(work))
        self._recordings.add(task)
        task.add_done_callback(self._recordings.discard)


async def guarded(work: Coroutine[None, None, object]) -> None:
    """Do the work; what it raises is logged."""
    try:
        await work
    except Exception as defect:  # noqa: BLE001 - a defect must not end the service
        say_defect("working", defect)


def tell(hook: Callable[[], None]) -> None:
    """Call a hook; what it raises is logged."""
    try:
        hook()
    except Exception as defect:  # noqa: BLE001 - a hook must not end the loop
        say_defect("telling a hook", defect)


def _trusted(claim: _Claim, health: Health) -> _Claim:
    sighting = claim.sighting
    return _Claim(claim.turn, Sighting(trust(sighting.verdict, health), sighting.durations, sighting.at))


def _change_fields(key: Key, change: Change) -> dict[str, object]:
    listing = change.listing
    fields: dict[str, object] = {"target": key[0], "list": key[1], "sublist": listing.sublist, "number": listing.number}
    if change.event is Event.LISTED:
        return fields | {"codes": ",".join(listing.codes), "reason": listing.reason}
    return fields | {"seconds": round((listing.closed or listing.opened) - listing.opened)}
