"""A loop whose time leaps to what comes next: hours of waiting pass at once, and every time is exact.

Rule: what happens in threads takes no time by this clock, or some, so no test with threads may count on a time.
"""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

_A_MOMENT = 0.0005
"""For threads, so that a loop that waits for them does not spin."""
_PATIENCE_SECONDS = 20.0
"""In real time, for what a test waits for."""


class _Leaping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(_A_MOMENT)
        if not ready:
            self.now += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.selector = _Leaping()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.now


def leap(work: Coroutine[None, None, T]) -> T:
    """The result of the work, in such a loop."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)


async def until(holds: Callable[[], bool], pause: float = 0.01) -> None:
    """Return when it holds; looks every so many seconds of the loop."""
    end = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, "what was waited for did not come"
        await asyncio.sleep(pause)
