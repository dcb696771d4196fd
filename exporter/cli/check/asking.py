"""Lists tested and asked, all at once and each at a pace that it would not mind.

Rules:

1. A list is tested first, and what it says counts only if it passes; one that fails is not asked.
2. No list has more than a few of our questions at once, and one with ``max_qps`` gets so many a second. The questions of its test
   are not counted: somebody waits, and they are few. A day's budget is the service's, whose history is not looked at here.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from exporter.blocklist import Blocklist
from exporter.cli import terminal
from exporter.cli.check.words import Result
from exporter.health import Health, trust
from exporter.inquiry import Providers, examine, heard, inquire, reason
from exporter.pace import Allowance
from exporter.plan import Check
from exporter.target import Target
from exporter.verdict import Cause, Listed, Unknown

Part = tuple[Blocklist, Sequence[Target]]
"""A list, and what it is to be asked about."""

_AT_ONCE = 64
_AT_ONCE_OF_A_LIST = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """What lists say."""

    results: list[Result]
    heard: bool
    """Whether any question of any list was answered, by whatever."""


async def ask(providers: Providers, parts: Sequence[Part], *, progress: bool) -> Asked:
    """Ask each list about its part."""
    limit = asyncio.Semaphore(_AT_ONCE)
    with terminal.progress(wanted=progress) as bar:
        task = bar.add_task("asking", total=sum(1 + len(targets) for _, targets in parts))
        visits = [_Visit(providers, blocklist, limit, lambda: bar.advance(task)) for blocklist, _ in parts]
        found = await asyncio.gather(*(visit.ask(targets) for visit, (_, targets) in zip(visits, parts, strict=True)))
    return Asked([result for results in found for result in results], heard=any(visit.heard for visit in visits))


class _Visit:
    """One list that is asked."""

    def __init__(self, providers: Providers, blocklist: Blocklist, limit: asyncio.Semaphore, advance: Callable[[], None]) -> None:
        self.heard = False
        self._providers = providers
        self._blocklist = blocklist
        self._limit = limit
        self._advance = advance
        self._one_by_one = asyncio.Lock()
        self._allowance = Allowance(replace(blocklist.pace, max_queries_per_day=None), time.monotonic())

    async def ask(self, targets: Sequence[Target]) -> list[Result]:
        health = await self._test()
        results: list[Result] = []
        ahead = iter(targets)
        await asyncio.gather(*(self._walk(ahead, health, results) for _ in range(min(_AT_ONCE_OF_A_LIST, len(targets)))))
        return results

    async def _test(self) -> Health:
        async with self._limit:
            examination = await examine(self._providers, self._blocklist, secrets.randbits(96))
        self.heard = examination.heard
        self._advance()
        return examination.health

    async def _walk(self, ahead: Iterator[Target], health: Health, results: list[Result]) -> None:
        for target in ahead:
            results.append(await self._result(target, health))
            self._advance()

    async def _result(self, target: Target, health: Health) -> Result:
        """An untrusted list is not asked: nothing it says would count."""
        check = Check(target, self._blocklist)
        if not health.trusted:
            return Result(check, Unknown(Cause.UNHEALTHY), health, "")
        await self._turn()
        async with self._limit:
            verdict = trust((await inquire(self._providers, self._blocklist, target)).verdict, health)
            text = await self._reason(target) if isinstance(verdict, Listed) else ""
        self.heard = self.heard or heard(verdict)
        self._spend(self._providers[self._blocklist.provider].repeated(self._blocklist))
        return Result(check, verdict, health, text)

    async def _turn(self) -> None:
        """Wait until the list allows another question, and take it. What was spent meanwhile keeps the next one waiting."""
        async with self._one_by_one:
            now = time.monotonic()
            await asyncio.sleep(self._allowance.ready_at(now) - now)
            self._spend(1)

    async def _reason(self, target: Target) -> str:
        self._spend(1)
        return await reason(self._providers, self._blocklist, target)

    def _spend(self, queries: int) -> None:
        self._allowance.spend(queries, time.monotonic())
