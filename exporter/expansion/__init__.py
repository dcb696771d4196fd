"""Domain or host name to addresses: :func:`expand` asks questions, is given answers, and finds targets.

Rules:

1. Nothing here does I/O: an expansion is a generator of questions that is driven with answers, by :func:`resolve` or by a test.
2. The same answers find the same targets in the same order.
3. A failure of DNS finds nothing and ends nothing: :class:`Stopped`. A fault in the domain's own records is not such a failure:
   what can be found is, and ``broken`` says what is wrong.
4. Every expansion ends, after a bounded number of questions, whatever it is answered.
"""

from collections.abc import Awaitable, Callable
from typing import assert_never

from exporter.expansion.asking import Memory, UnansweredError, askable
from exporter.expansion.gathering import Gathering
from exporter.expansion.hosts import expand_a, expand_host, expand_mx
from exporter.expansion.spf import expand_spf
from exporter.expansion.words import (
    Answer,
    Asks,
    Failed,
    Found,
    Limits,
    Nothing,
    Question,
    Reason,
    RecordKind,
    Records,
    Skipped,
    Stopped,
    printable,
)
from exporter.sources import Way

__all__ = [
    "Answer",
    "Asks",
    "Failed",
    "Found",
    "Limits",
    "Nothing",
    "Question",
    "Reason",
    "RecordKind",
    "Records",
    "Skipped",
    "Stopped",
    "Way",
    "expand",
    "resolve",
]


def expand(way: Way, name: str, limits: Limits, *, non_global: bool) -> Asks[Found | Stopped]:
    """What ``name`` leads to; ``non_global`` keeps addresses that strangers cannot list."""
    asked = askable(name)
    if asked is None:
        return Found((), (), f"{printable(name)} is no name of a host or domain.")
    memory, gathering = Memory(), Gathering(limits, non_global=non_global)
    try:
        return (yield from _walk(way, asked, memory, gathering))
    except UnansweredError as failure:
        return Stopped(failure.cause, failure.question)


def _walk(way: Way, name: str, memory: Memory, gathering: Gathering) -> Asks[Found]:
    match way:
        case Way.HOST:
            return expand_host(name, memory, gathering)
        case Way.A:
            return expand_a(name, memory, gathering)
        case Way.MX:
            return expand_mx(name, memory, gathering)
        case Way.SPF:
            return expand_spf(name, memory, gathering)
        case _:
            assert_never(way)


async def resolve(walk: Asks[Found | Stopped], ask: Callable[[Question], Awaitable[Answer]]) -> Found | Stopped:
    """Drive an expansion with the answers of ``ask``."""
    try:
        question = next(walk)
        while True:
            question = walk.send(await ask(question))
    except StopIteration as end:
        found: Found | Stopped = end.value
        return found
