"""One question, from provider to verdict, and one test of a list: what the service and ``check`` have in common.

A provider that breaks its promise and raises is a defect of ours. It costs that one check an Unknown(internal) and a log line
that says where, without the exception's text, which may hold a key.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from exporter.blocklist import Blocklist
from exporter.health import Health, TestResult, assess, questions
from exporter.providers import Provider, Reply
from exporter.target import Target
from exporter.verdict import Cause, Failure, Unknown, Verdict, judge

_log = logging.getLogger(__name__)

Providers = Mapping[str, Provider]
"""By kind: ``Blocklist.provider``."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and how long each query for it took, in seconds."""

    verdict: Verdict
    durations: tuple[float, ...]


async def inquire(providers: Providers, blocklist: Blocklist, target: Target) -> Finding:
    """Ask the list about the target and judge what it says."""
    try:
        reply = await providers[blocklist.provider].ask(blocklist, target)
    except Exception as defect:  # noqa: BLE001 - a defect must not end the service
        say_defect("asking", defect)
        reply = Reply(Failure(Cause.INTERNAL), ())
    return Finding(judge(blocklist, target.kind, reply.answer), reply.durations)


async def reason(providers: Providers, blocklist: Blocklist, target: Target) -> str:
    """The list's words about a listed target, or nothing."""
    try:
        return await providers[blocklist.provider].reason(blocklist, target)
    except Exception as defect:  # noqa: BLE001 - a defect must not end the service
        say_defect("asking for a reason", defect)
        return ""


@dataclass(frozen=True, slots=True)
class Examination:
    """The health that a test showed, and the queries it took with their durations in seconds."""

    health: Health
    durations: tuple[float, ...]
    heard: bool = False
    """Whether any of its questions was answered, by whatever."""


async def examine(providers: Providers, blocklist: Blocklist, randomness: int, gap: float = 0.0) -> Examination:
    """Test a list by its test entries, all at once or ``gap`` seconds apart, through the same resolvers and with the same key as
    its checks."""
    entries = questions(blocklist, randomness)

    async def ask(place: int) -> Finding:
        await asyncio.sleep(place * gap)
        return await inquire(providers, blocklist, entries[place][0])

    findings = await asyncio.gather(*(ask(place) for place in range(len(entries))))
    health = assess(
        tuple(TestResult(must_be_listed, finding.verdict) for (_, must_be_listed), finding in zip(entries, findings, strict=True))
    )
    durations = tuple(duration for finding in findings for duration in finding.durations)
    return Examination(health, durations, heard=any(heard(finding.verdict) for finding in findings))


def heard(verdict: Verdict) -> bool:
    """Whether there was an answer, by whatever."""
    return not (isinstance(verdict, Unknown) and verdict.cause.is_silence)


def say_defect(doing: str, defect: Exception) -> None:
    """Log where an exception that should not be came from, and its type, but not its text."""
    trace = defect.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = "" if trace is None else f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    _log.error("defect", extra={"fields": {"doing": doing, "error": type(defect).__name__, "where": where}})
