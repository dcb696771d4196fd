"""What is asked again with all that DNS has: few at a time, each in a task."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from exporter.providers.resolvers import Address
from exporter.providers.wire import Suffix
from exporter.verdict import Answer, Cause, Failure

_log = logging.getLogger(__name__)

_AT_ONCE = 64

Slow = Callable[[bytes, Suffix, Address], Awaitable[Answer]]
"""Asks an A question with all that DNS has; the name is in wire format (RFC 1035 §3.1), the suffix its end."""


@dataclass(frozen=True, slots=True, repr=False)
class Detour:
    """A name, the resolver whose reply was odd, and whom to tell. Not shown by ``repr``: the name may hold a key."""

    name: bytes
    suffix: Suffix
    address: Address
    done: Callable[[Answer], None]


class Detours:
    """Those under way and those that wait. What ``slow`` raises is a defect, and the answer is a failure."""

    def __init__(self, slow: Slow) -> None:
        self._slow = slow
        self._waiting: deque[Detour] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, detour: Detour) -> None:
        self._waiting.append(detour)
        if len(self._tasks) < _AT_ONCE:
            task = asyncio.create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Nobody is told of what is not done yet."""
        self._waiting.clear()
        for task in self._tasks:
            task.cancel()

    async def _work(self) -> None:
        while self._waiting:
            detour = self._waiting.popleft()
            detour.done(await self._answer(detour))

    async def _answer(self, detour: Detour) -> Answer:
        try:
            return await self._slow(detour.name, detour.suffix, detour.address)
        except Exception as defect:  # noqa: BLE001 - whatever it is, the lookup must end
            _log.error("defect", extra={"fields": {"doing": "asking again", "error": type(defect).__name__}})
            return Failure(Cause.INTERNAL)
