"""``check``: ask all lists about some targets now, and show what they say.

A list is tested first, here too: what it says counts only if it passes.
"""

import asyncio
import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from exporter.advice import cure
from exporter.blocklist import Blocklist
from exporter.cli import steps, terminal
from exporter.cli.service import make_providers
from exporter.config import Config
from exporter.health import Health, trust
from exporter.inquiry import Providers, examine, inquire, reason
from exporter.plan import Check
from exporter.registrable import registrable
from exporter.target import Target, parse
from exporter.verdict import Cause, Hit, Listed, NotListed, Unknown, Verdict

LISTED, UNKNOWN = 1, 3

_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Result:
    """What a list says of a target, and the health it has shown."""

    check: Check
    verdict: Verdict
    health: Health
    reason: str


def run(config: Config, texts: Sequence[str], only: Sequence[str], *, as_json: bool) -> int:
    """Check, print, and give the exit code. Raises ``ValueError`` for targets and lists that cannot be."""
    checks = _checks(config, texts, only)
    results = asyncio.run(_ask(make_providers(config), checks, progress=not as_json))
    results.sort(key=lambda result: (_rank(result.verdict), result.check.target, result.check.blocklist.name))
    if as_json:
        print(json.dumps([_as_json(result) for result in results], indent=2))
    else:
        _print(results)
    return min((code for code in map(_exit_code, results) if code), default=0)


def _checks(config: Config, texts: Sequence[str], only: Sequence[str]) -> list[Check]:
    lists = [blocklist for blocklist in config.lists if not only or blocklist.name in only]
    if missing := set(only) - {blocklist.name for blocklist in lists}:
        known = ", ".join(blocklist.name for blocklist in config.lists)
        raise ValueError(f"no such list: {', '.join(sorted(missing))}; there are {known}")
    checks = []
    for target in dict.fromkeys(parse(text) for text in texts):
        accepting = [Check(target, blocklist) for blocklist in lists if blocklist.accepts(target)]
        if not accepting:
            raise ValueError(f"{target.text}: none of these lists takes it ({_why_not(target, lists)})")
        checks += accepting
    return checks


def _why_not(target: Target, lists: Sequence[Blocklist]) -> str:
    if not target.is_global:
        return "it is not a public address"
    if not any(target.kind in blocklist.kinds for blocklist in lists):
        return f"it is of kind {target.kind}"
    return "it is a public suffix" if registrable(target.text) is None else "its name is too long"


async def _ask(providers: Providers, checks: Sequence[Check], *, progress: bool) -> list[Result]:
    lists = list({check.blocklist.name: check.blocklist for check in checks}.values())
    limit = asyncio.Semaphore(_AT_ONCE)
    with terminal.progress(wanted=progress) as bar:
        task = bar.add_task("asking", total=len(lists) + len(checks))

        async def test(blocklist: Blocklist) -> Health:
            async with limit:
                health = (await examine(providers, blocklist, secrets.randbits(96))).health
            bar.advance(task)
            return health

        tested = await asyncio.gather(*(test(blocklist) for blocklist in lists))
        health = {blocklist.name: state for blocklist, state in zip(lists, tested, strict=True)}

        async def one(check: Check) -> Result:
            async with limit:
                result = await _result(providers, check, health[check.blocklist.name])
            bar.advance(task)
            return result

        return list(await asyncio.gather(*(one(check) for check in checks)))


async def _result(providers: Providers, check: Check, health: Health) -> Result:
    """An untrusted list is not asked: nothing it says would count."""
    if not health.trusted:
        return Result(check, Unknown(Cause.UNHEALTHY), health, "")
    verdict = trust((await inquire(providers, check.blocklist, check.target)).verdict, health)
    text = await reason(providers, check.blocklist, check.target) if isinstance(verdict, Listed) else ""
    return Result(check, verdict, health, text)


def _rank(verdict: Verdict) -> int:
    match verdict:
        case Listed():
            return 0
        case Unknown():
            return 1
        case NotListed():
            return 2


def _exit_code(result: Result) -> int:
    match result.verdict:
        case Listed():
            return LISTED
        case Unknown():
            return UNKNOWN
        case NotListed():
            return 0


def _print(results: Sequence[Result]) -> None:
    console = terminal.console()
    table = Table(header_style="bold")
    for title in ("Target", "List", "Verdict", "Sublist", "Codes", "What it means, and what to do"):
        table.add_column(title, overflow="fold")  # half a zone or a link is of no use
    for result in results:
        blocklist, shown = result.check.blocklist, _shown(result.check)
        match result.verdict:
            case Listed(hits):
                for hit in hits:
                    table.add_row(
                        shown, blocklist.name, Text("listed", "bold red"), hit.sublist, " ".join(hit.codes),
                        Text("\n".join(_about(result, hit))),
                    )  # fmt: skip
            case Unknown(cause):
                said, advice = (result.health, cure(blocklist, result.health)) if cause is Cause.UNHEALTHY else (cause, "")
                table.add_row(
                    shown, blocklist.name, Text("unknown", "yellow"), "", "", Text(f"{said}: {advice}" if advice else said)
                )
            case NotListed():
                table.add_row(shown, blocklist.name, Text("not listed", "green"), "", "", "")
    console.print(table)
    cases = steps.cases(_listings(results))
    for case in cases:
        console.print()
        steps.show(console, case)
    if cases:
        console.print()
    for target in dict.fromkeys(result.check.target for result in results):
        console.print(_summary(target, [result.verdict for result in results if result.check.target == target]))


def _shown(check: Check) -> str:
    asked = check.blocklist.asked(check.target)
    return check.target.text if asked == check.target else f"{check.target.text}, as {asked.text}"


def _listings(results: Sequence[Result]) -> Iterator[steps.Listing]:
    for result in results:
        if isinstance(result.verdict, Listed):
            for hit in result.verdict.hits:
                blocklist = result.check.blocklist
                yield steps.Listing(result.check.target, blocklist, blocklist.sublist(hit.sublist))


def _about(result: Result, hit: Hit) -> list[str]:
    blocklist = result.check.blocklist
    delist = blocklist.delist_url_for(result.check.target)
    lines = (blocklist.meaning_of(hit.sublist), result.reason, f"remove: {delist}" if delist else "")
    return [line for line in lines if line]


def _summary(target: Target, verdicts: Sequence[Verdict]) -> Text:
    listed = sum(isinstance(verdict, Listed) for verdict in verdicts)
    unknown = sum(isinstance(verdict, Unknown) for verdict in verdicts)
    said = f"listed on {listed}" if listed else "clean on all"
    text = f"{target.text}: {said} of {len(verdicts) - unknown} lists"
    if unknown == len(verdicts):
        text = f"{target.text}: nothing is known"
    return Text(f"{text}; {unknown} could not be asked" if unknown else text, "bold red" if listed else "bold")


def _as_json(result: Result) -> dict[str, object]:
    blocklist, target = result.check.blocklist, result.check.target
    asked = blocklist.asked(target)
    shown: dict[str, object] = {"target": target.text, "list": blocklist.name, "health": result.health}
    if asked != target:
        shown["asked"] = asked.text
    match result.verdict:
        case Listed(hits):
            links = {
                "lookup_url": blocklist.lookup_url_for(target),
                "delist_url": blocklist.delist_url_for(target),
            }
            sublists = [_hit_as_json(blocklist, hit) for hit in hits]
            about = {"reason": result.reason, "expiry": blocklist.facts.expiry}
            return shown | {"verdict": "listed", "sublists": sublists} | about | links
        case Unknown(cause):
            return shown | {"verdict": "unknown", "cause": cause}
        case NotListed():
            return shown | {"verdict": "not_listed"}


def _hit_as_json(blocklist: Blocklist, hit: Hit) -> dict[str, object]:
    return {
        "sublist": hit.sublist,
        "codes": list(hit.codes),
        "meaning": blocklist.meaning_of(hit.sublist),
        "advice": steps.as_json(blocklist.sublist(hit.sublist)),
    }
