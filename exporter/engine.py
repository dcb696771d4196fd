"""The only loop: take what is due, ask, judge, trust, advance, record, tell the hooks.

Rules:

1. A verdict that changes nothing is noted at once. One that would open or close a listing waits until its list has passed a
   test that began *after* the answer came: a list that went wrong a moment ago accuses nobody. Such tests of a list are at
   least :data:`_TEST_GAP_SECONDS` apart, and what waited for one is recorded in one transaction.
2. Questions in flight are bounded, and each list has its share, so a list that answers nobody takes no place from another.
3. A reload swaps the whole plan. What was in flight counts if its check is still part of it, and is dropped if not.
4. Nothing that happens in one check, test or hook ends the loop.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from functools import partial
from math import isinf

from exporter.blocklist import Blocklist
from exporter.health import Health, trust
from exporter.history import History, Key, Record
from exporter.inquiry import Finding, Providers, examine, inquire, reason, say_defect
from exporter.listing import Change, Event, Standing, advance
from exporter.pace import sustained_qps
from exporter.plan import Check, Plan
from exporter.schedule import Outcome, Schedule, Turn
from exporter.verdict import Cause, Listed, Unknown

_log = logging.getLogger(__name__)

_IN_FLIGHT = 256
_LEAST_SHARE = 4
_TEST_GAP_SECONDS = 1.0
_FLUSH_SECONDS = 5.0
_FLUSH_ALL_SECONDS = 300.0
_FORGET_SECONDS = 86400.0
_PAUSED_AT_ONCE = 1000
_REASONS_AT_ONCE = 32
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who is told: of every finished check, every change once it is in the history, and every test of a list."""

    outcome: Sequence[Callable[[Outcome], None]] = ()
    change: Sequence[Callable[[Key, Change], None]] = ()
    tested: Sequence[Callable[[Blocklist, Health], None]] = ()


@dataclass(frozen=True, slots=True)
class _Claim:
    """A finding that would change something, and when it came (Unix seconds)."""

    schedule: Schedule
    turn: Turn
    finding: Finding
    at: float


class Engine:
    """The service. ``clock`` gives seconds that never jump and ``wall`` Unix seconds; ``randomness`` a fresh large integer."""

    def __init__(
        self,
        plan: Plan,
        providers: Providers,
        history: History,
        hooks: Hooks,
        clock: Callable[[], float],
        wall: Callable[[], float],
        randomness: Callable[[], int],
    ) -> None:
        self.plan = plan
        self.schedule = Schedule(plan, clock(), history.standing)
        self.answered = False
        """Whether any check was ever finished."""
        self._providers = providers
        self._history = history
        self._hooks = hooks
        self._clock = clock
        self._wall = wall
        self._randomness = randomness
        self._wake = asyncio.Event()
        self._stopping = False
        self._asking: Counter[str] = Counter()
        self._claims: dict[str, list[_Claim]] = defaultdict(list)
        self._test_began: dict[str, float] = {}
        self._questions: set[asyncio.Task[None]] = set()
        self._recordings: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Check until :meth:`stop`."""
        self._say_laps_too_long()
        writing = asyncio.create_task(self._keep_written())
        try:
            while not self._stopping:
                self._wake.clear()
                wait = self._step()
                try:
                    async with asyncio.timeout(None if isinf(wait) else wait):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            writing.cancel()
            await self._wind_up()

    def stop(self) -> None:
        """End :meth:`run`: questions in flight are dropped, what was found is recorded."""
        self._stopping = True
        self._wake.set()

    def swap(self, plan: Plan, providers: Providers) -> None:
        """Go on with another plan. Lists that stay as they are keep their health, their budget and their place in the lap."""
        schedule = Schedule(plan, self._clock(), self._history.standing, self.schedule)
        self.plan, self._providers, self.schedule = plan, providers, schedule
        self._say_laps_too_long()
        self._wake.set()

    def _step(self) -> float:
        """Start everything that is due; returns the seconds until something will be."""
        now = self._clock()
        try:
            for blocklist in self.schedule.tests_due(now):
                self._spawn(self._questions, self._test(self.schedule, blocklist))
            for turn in self.schedule.paused(now, _PAUSED_AT_ONCE):
                self._conclude(self.schedule, turn, Finding(Unknown(Cause.UNHEALTHY), ()))
            for turn in self.schedule.due(now, self._room):
                self._asking[turn.check.blocklist.name] += 1
                self._spawn(self._questions, self._ask(self.schedule, turn))
            return max(0.0, self.schedule.next_at(now, self._room) - now)
        except Exception as defect:  # noqa: BLE001 - a defect must not end the loop
            say_defect("scheduling", defect)
            return 1.0

    def _room(self, name: str) -> int:
        share = max(_LEAST_SHARE, _IN_FLIGHT // max(1, len(self.plan.lists)))
        return share - self._asking[name]

    async def _ask(self, schedule: Schedule, turn: Turn) -> None:
        name = turn.check.blocklist.name
        try:
            finding = await inquire(self._providers, turn.check.blocklist, turn.check.target)
        finally:
            self._asking[name] -= 1
            self._wake.set()
        schedule.spent(name, len(finding.durations) - 1, self._clock())
        trial = schedule.trial(name)
        assert trial is not None, "only lists that were tested have turns"
        self._conclude(schedule, turn, Finding(trust(finding.verdict, trial.health), finding.durations))

    def _conclude(self, schedule: Schedule, turn: Turn, finding: Finding) -> None:
        """Note a finding, or claim a change by it."""
        check = turn.check
        if not self.plan.holds(check):
            return
        claim = _Claim(schedule, turn, finding, self._wall())
        if self._advance(claim, "") is None:
            return
        waiting = self._claims[check.blocklist.name]
        waiting.append(claim)
        if len(waiting) == 1:
            self._spawn(self._recordings, self._vouch(check.blocklist))

    def _advance(self, claim: _Claim, why: str) -> Record | None:
        """Hold what follows from a claim and finish its turn; or, if that is a change, return it to be recorded."""
        check = claim.turn.check
        held = self._history.standing(check.key)
        after, changes = advance(held, claim.finding.verdict, claim.at, check.blocklist.pace.delist_after, why)
        if changes:
            return Record(check.key, after, changes)
        self._history.note(check.key, after)
        self._finish(claim, after)
        return None

    def _finish(self, claim: _Claim, after: Standing) -> None:
        claim.schedule.finish(claim.turn, claim.finding.verdict, self._clock())
        if after.pending and not isinstance(claim.finding.verdict, Unknown):
            claim.schedule.confirm(claim.turn, self._clock())
        self.answered = True
        outcome = Outcome(claim.turn.check, claim.finding.verdict, claim.at, claim.finding.durations)
        for hook in self._hooks.outcome:
            _tell(partial(hook, outcome))

    async def _vouch(self, blocklist: Blocklist) -> None:
        """Test the list, then record or drop what was claimed before the test began."""
        gap = self._test_began.get(blocklist.name, -_TEST_GAP_SECONDS) + _TEST_GAP_SECONDS - self._clock()
        await asyncio.sleep(max(0.0, gap))
        claims = self._claims.pop(blocklist.name)
        if not self.plan.asks(blocklist):
            return
        health = await self._test(self.schedule, blocklist)
        claims = [
            _Claim(claim.schedule, claim.turn, Finding(trust(claim.finding.verdict, health), claim.finding.durations), claim.at)
            for claim in claims
            if self.plan.holds(claim.turn.check)
        ]
        reasons = await self._reasons([claim.turn.check for claim in claims if isinstance(claim.finding.verdict, Listed)])
        for claim in claims:
            record = self._advance(claim, reasons.get(claim.turn.check.key, ""))
            if record is not None:
                self._history.hold(record)
                self._finish(claim, record.standing)
        self._tell_changes(await self._history.commit())

    async def _reasons(self, checks: Sequence[Check]) -> dict[Key, str]:
        """The lists' words about checks that are to be recorded as listed."""
        limit = asyncio.Semaphore(_REASONS_AT_ONCE)

        async def one(check: Check) -> str:
            async with limit:
                return await reason(self._providers, check.blocklist, check.target)

        texts = await asyncio.gather(*(one(check) for check in checks))
        return {check.key: text for check, text in zip(checks, texts, strict=True)}

    async def _test(self, schedule: Schedule, blocklist: Blocklist) -> Health:
        self._test_began[blocklist.name] = self._clock()
        examination = await examine(self._providers, blocklist, self._randomness())
        before = schedule.trial(blocklist.name)
        now = self._clock()
        schedule.spent(blocklist.name, len(examination.durations), now)
        schedule.tested(blocklist.name, examination.health, now)
        if before is None or before.health is not examination.health:
            level = logging.INFO if examination.health.trusted else logging.WARNING
            _log.log(level, "list health", extra={"fields": {"list": blocklist.name, "health": examination.health}})
        for hook in self._hooks.tested:
            _tell(partial(hook, blocklist, examination.health))
        self._wake.set()
        return examination.health

    def _tell_changes(self, records: list[Record]) -> None:
        for record in records:
            for change in record.changes:
                _log.info(change.event, extra={"fields": _change_fields(record.key, change)})
                for hook in self._hooks.change:
                    _tell(partial(hook, record.key, change))

    async def _keep_written(self) -> None:
        """Write in batches what was noted and what could not be written; forget what is old."""
        forget_at = self._clock()
        flush_all_at = self._clock() + _FLUSH_ALL_SECONDS
        while True:
            if self._clock() >= forget_at:
                await self._history.forget_old()
                forget_at += _FORGET_SECONDS
            await asyncio.sleep(_FLUSH_SECONDS)
            if self._clock() < flush_all_at:
                self._tell_changes(await self._history.flush())
            else:
                self._tell_changes(await self._history.flush_all())
                flush_all_at += _FLUSH_ALL_SECONDS

    def _spawn(self, tasks: set[asyncio.Task[None]], work: Coroutine[None, None, object]) -> None:
        async def guarded() -> None:
            try:
                await work
            except Exception as defect:  # noqa: BLE001 - a defect must not end the loop
                say_defect("checking", defect)

        task = asyncio.create_task(guarded())
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    async def _wind_up(self) -> None:
        for task in self._questions:
            task.cancel()
        if self._recordings:
            _, late = await asyncio.wait(self._recordings, timeout=_STOP_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.gather(*self._questions, *self._recordings, return_exceptions=True)

    def _say_laps_too_long(self) -> None:
        """Warn of lists whose limits do not let a lap end inside its interval."""
        for blocklist in self.plan.lists.values():
            limit = sustained_qps(blocklist.pace)
            checks = len(self.plan.checks[blocklist.name])
            if limit is not None and checks / limit > blocklist.pace.interval:
                fields = {"list": blocklist.name, "checks": checks, "lap_seconds": round(checks / limit)}
                _log.warning("a lap takes longer than its interval", extra={"fields": fields})


def _tell(hook: Callable[[], None]) -> None:
    try:
        hook()
    except Exception as defect:  # noqa: BLE001 - a defect must not end the loop
        say_defect("telling a hook", defect)


def _change_fields(key: Key, change: Change) -> dict[str, object]:
    listing = change.listing
    fields: dict[str, object] = {"target": key[0], "list": key[1], "sublist": listing.sublist, "number": listing.number}
    if change.event is Event.LISTED:
        return fields | {"codes": ",".join(listing.codes), "reason": listing.reason}
    return fields | {"seconds": round((listing.closed or listing.opened) - listing.opened)}
