"""The only loop: take what is due, ask, judge, trust, advance, record, tell the hooks.

Rules:

1. A verdict that changes nothing is noted at once; one that would open or close a listing goes to ``vouching``, which tests the
   list first. Nearly every answer is a clean one about a check that was clean; it takes the shortest way through
   (:meth:`Engine._answered`).
2. Questions in flight are bounded, and the lists that have something to ask share the places evenly, so a list that answers late
   or nobody takes none from another.
3. A reload swaps the whole plan. What was in flight counts if its check is still part of it, and is dropped if not.
4. Nothing that happens in one check, test or hook ends the loop.
5. What is left of daily budgets goes to the history before the first question and with every flush: less than it is, by what may
   be taken until it is written anew, so that kill -9 gives no new budget either. When the end is orderly it is exact.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from math import isinf

from exporter.blocklist import Blocklist, Resolver
from exporter.health import queries_a_test, trust
from exporter.history import History, Record
from exporter.inquiry import Providers, say_defect
from exporter.pace import Level, sustained_qps
from exporter.plan import Plan
from exporter.schedule import Ahead, Outcome, Schedule, Turn
from exporter.verdict import Absent, Answer, Cause, Failure, NotListed, Unknown, judge
from exporter.vouching import Hooks, Sighting, Vouching, guarded, tell

_log = logging.getLogger(__name__)

_LEAST_SHARE = 16
"""Questions in flight that any list may have, however many share the places: fewer at a time would cost more each."""
_STEP = 128
_FLUSH_SECONDS = 5.0
_FLUSH_ALL_SECONDS = 300.0
_AHEAD_SECONDS = 2 * _FLUSH_SECONDS
"""Within so many seconds what is left of budgets is surely written anew, if it can be written at all."""
_FORGET_SECONDS = 86400.0
_PAUSED_AT_ONCE = 1000
_NOT_LISTED = NotListed()


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
        self._providers = providers
        self._history = history
        self._hooks = hooks
        self._clock = clock
        self._wall = wall
        self.schedule = Schedule(plan, clock(), history.standing, kept=self._kept())
        self._wake = asyncio.Event()
        self._stopping = False
        self.alive = True
        """Whether the loop runs, or is yet to."""
        self._limited = _limited(plan)
        self._slow: set[Blocklist] = set()
        """Lists whose laps were said to take too long."""
        self._asking: Counter[str] = Counter()
        self._full: set[tuple[Resolver, ...]] = set()
        """Resolvers that can take no more in this step: there are many lists and few resolvers, so one look is for all."""
        self._shares: dict[tuple[Resolver, ...], int] = {}
        """Questions in flight that a list may have in this step, by its resolvers."""
        self._hungry = 1
        self._freed = 0
        self._enough = 1
        """How many answers are worth looking for more work: a part of what is out, so that no step is for one check alone."""
        self._tests: set[asyncio.Task[None]] = set()
        self._vouching = Vouching(self, history, hooks, clock, randomness)

    @property
    def providers(self) -> Providers:
        """Those of the present plan."""
        return self._providers

    @property
    def answered(self) -> bool:
        """Whether any check was ever finished."""
        return self._vouching.answered

    async def run(self) -> None:
        """Check until :meth:`stop`."""
        self._say_laps_too_long()
        tell(self._keep_levels_ahead)
        await guarded(self._write(self._history.flush()))
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
            self.alive = False
            writing.cancel()
            for task in self._tests:
                task.cancel()
            await asyncio.gather(*self._tests, return_exceptions=True)
            await self._vouching.wind_up()
            tell(self._settle)
            self._close_providers(self._providers)

    def stop(self) -> None:
        """End :meth:`run`: questions in flight are dropped, what was found is recorded."""
        self._stopping = True
        self._wake.set()

    def swap(self, plan: Plan, providers: Providers, ahead: Ahead | None = None) -> None:
        """Go on with another plan. Lists that stay as they are keep their health, their budget and their place in the lap.
        ``ahead`` is what :func:`exporter.schedule.look_ahead` says of it and the present one, if it was asked already."""
        self._settle()
        schedule = Schedule(plan, self._clock(), self._history.standing, self.schedule, self._kept(), ahead)
        before = self._providers
        self.plan, self._providers, self.schedule, self._limited = plan, providers, schedule, _limited(plan)
        if before is not providers:
            self._asking.clear()
            schedule.begin_anew(self._clock())
            self._vouching.begin_anew()
            self._close_providers(before)
        self._say_laps_too_long()
        self._wake.set()

    def _step(self) -> float:
        """Start everything that is due; returns the seconds until something will be."""
        now = self._clock()
        self._full.clear()
        self._shares.clear()
        try:
            self._hungry = max(1, self.schedule.hungry(now))
            self._charge(self._limited)
            for blocklist in self.schedule.tests_due(now):
                self.schedule.spent(blocklist.name, queries_a_test(blocklist), now)
                self._spawn(self._test(blocklist))
            for turn in self.schedule.paused(now, _PAUSED_AT_ONCE):
                self._conclude(turn, Sighting(Unknown(Cause.UNHEALTHY), (), self._wall()))
            for turns in self.schedule.due(now, self._room):
                self._ask(turns)
            self._freed, self._enough = 0, max(1, min(_STEP, self._asking.total() // 4))
            return max(0.0, self.schedule.next_at(now, self._room) - now)
        except Exception as defect:  # noqa: BLE001 - a defect must not end the loop
            say_defect("scheduling", defect)
            return 1.0

    def _charge(self, lists: Iterable[Blocklist]) -> None:
        """Count what was sent again since these lists were last charged."""
        for blocklist in lists:
            self.schedule.spent(blocklist.name, self._providers[blocklist.provider].repeated(blocklist), self._clock())

    def _kept(self) -> dict[str, Level]:
        """What the history has of daily budgets, in the schedule's time."""
        ahead = self._clock() - self._wall()
        return {name: Level(level.left, level.at + ahead) for name, level in self._history.budgets.held.items()}

    def _keep_levels_ahead(self) -> None:
        self._keep_levels(self.schedule.levels(self._clock(), _AHEAD_SECONDS))

    def _settle(self) -> None:
        """All that this plan allowed was sent: count it, and let the history know what is left."""
        self._charge(self.plan.lists.values())
        self._keep_levels(self.schedule.levels(self._clock()))

    def _keep_levels(self, levels: Mapping[str, float]) -> None:
        at = self._wall()
        self._history.budgets.note({name: Level(left, at) for name, left in levels.items()})

    def _room(self, name: str) -> int:
        blocklist = self.plan.lists[name]
        if blocklist.resolvers in self._full:
            return 0
        room = self._providers[blocklist.provider].room(blocklist)
        if room <= 0:
            self._full.add(blocklist.resolvers)
        share = self._shares.get(blocklist.resolvers)
        if share is None:
            share = max(_LEAST_SHARE, (self._asking.total() + room) // self._hungry)
            self._shares[blocklist.resolvers] = share
        return min(share - self._asking[name], room)

    def _ask(self, turns: list[Turn]) -> None:
        blocklist = turns[0].check.blocklist
        self._asking[blocklist.name] += len(turns)
        ask = self._providers[blocklist.provider].asker(blocklist, self._answered)
        for turn in turns:
            try:
                ask(turn.check.target, turn)
            except Exception as defect:  # noqa: BLE001 - a defect must cost this check only
                say_defect("submitting", defect)
                self._answered(turn, Failure(Cause.INTERNAL), 0.0)

    def _answered(self, turn: Turn, answer: Answer, seconds: float) -> None:
        """An answer came."""
        name = turn.check.blocklist.zone
        self._asking[name] -= 1
        self._freed += 1
        if self._freed >= self._enough:
            self._wake.set()
        present = turn.walk.present(turn) if turn.walk.retired else turn
        if present is None or self._stopping:
            return
        check, place, walk = present
        at = self._wall()
        if type(answer) is Absent and walk.probation.trusted:
            # The shortest way. What was never known is taken to be clean only of a list that was tested lately.
            first = walk.probation.fresh(self._clock())
            if self._history.note_clean(check.target.text, name, at, first=first):
                walk.concluded(place)
                self._vouching.finished(Outcome(check, _NOT_LISTED, at, (seconds,)))
                return
        verdict = judge(check.blocklist, check.target.kind, answer)
        if (trial := walk.probation.trial) is not None:
            verdict = trust(verdict, trial.health)
        self._conclude(present, Sighting(verdict, (seconds,), at))

    def _conclude(self, turn: Turn, sighting: Sighting) -> None:
        """Note a sighting, or have the list vouch for the change that it would make."""
        if self.plan.holds(turn.check):
            self._vouching.conclude(turn, sighting)
        else:
            turn.walk.landed(turn.place)

    async def _test(self, blocklist: Blocklist) -> None:
        await self._vouching.test(blocklist)
        self._wake.set()

    async def _keep_written(self) -> None:
        """Write in batches what was noted and what could not be written; forget what is old."""
        forget_at = self._clock()
        flush_all_at = self._clock() + _FLUSH_ALL_SECONDS
        while True:
            if self._clock() >= forget_at:
                forget_at += _FORGET_SECONDS
                await guarded(self._history.forget_old())
            await asyncio.sleep(_FLUSH_SECONDS)
            tell(self._keep_levels_ahead)
            if self._clock() >= flush_all_at:
                flush_all_at += _FLUSH_ALL_SECONDS
                await guarded(self._write(self._history.flush_all()))
            else:
                await guarded(self._write(self._history.flush()))

    async def _write(self, writing: Coroutine[None, None, list[Record]]) -> None:
        self._vouching.tell_changes(await writing)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(guarded(work))
        self._tests.add(task)
        task.add_done_callback(self._tests.discard)

    def _close_providers(self, providers: Providers) -> None:
        for provider in providers.values():
            tell(provider.close)

    def _say_laps_too_long(self) -> None:
        """Warn of lists whose limits do not let a lap end inside its interval."""
        said, self._slow = self._slow, set()
        for blocklist in self.plan.lists.values():
            limit = sustained_qps(blocklist.pace)
            checks = len(self.plan.checks[blocklist.name])
            if limit is None or checks / limit <= blocklist.pace.interval:
                continue
            self._slow.add(blocklist)
            if blocklist not in said:
                fields = {"list": blocklist.name, "checks": checks, "lap_seconds": round(checks / limit)}
                _log.warning("a lap takes longer than its interval", extra={"fields": fields})


def _limited(plan: Plan) -> tuple[Blocklist, ...]:
    """The lists that may not be asked at any speed: only their queries need counting."""
    return tuple(blocklist for blocklist in plan.lists.values() if sustained_qps(blocklist.pace) is not None)
