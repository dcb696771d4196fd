"""``check``: ask all lists about some targets now, and show what they say, what could not be known and what was left out."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.blocklist import Blocklist
from exporter.cli.check.agenda import draw_up, idle_names, leads_to_any
from exporter.cli.check.asking import ask
from exporter.cli.check.for_people import show
from exporter.cli.check.for_programs import as_json
from exporter.cli.check.leads import Lead, follow
from exporter.cli.check.wanted import Wanted, read
from exporter.cli.check.words import Failed, Picture, Result, rank
from exporter.cli.service import make_names, make_providers
from exporter.config import Config
from exporter.config.outlook import taken_by
from exporter.providers.system import addresses_of
from exporter.sources import Way
from exporter.target import Kind, number_of


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be asked and how it is to be shown, as the flags say."""

    texts: Sequence[str]
    only: Sequence[str]
    """The lists to ask; all if there are none."""
    ways: Sequence[Way]
    as_json: bool


def run(config: Config, wish: Wish) -> int:
    """Check, print, and give the exit code. Raises ``ValueError`` for targets and lists that cannot be."""
    lists = _lists(config, wish.only)
    picture = asyncio.run(_picture(config, lists, read(wish.texts, wish.ways, lists), progress=not wish.as_json))
    if wish.as_json:
        print(json.dumps(as_json(picture), indent=2))
    else:
        show(picture)
    return picture.exit_code


def _lists(config: Config, only: Sequence[str]) -> list[Blocklist]:
    if missing := set(only) - {blocklist.name for blocklist in config.lists}:
        known = ", ".join(blocklist.name for blocklist in config.lists)
        raise ValueError(f"no such list: {', '.join(sorted(missing))}; there are {known}")
    return [blocklist for blocklist in config.lists if not only or blocklist.name in only]


async def _picture(config: Config, lists: Sequence[Blocklist], wanted: Wanted, *, progress: bool) -> Picture:
    taken = taken_by(lists)
    idle, unused = idle_names(wanted.named, taken)
    names = wanted.named if leads_to_any(taken) else ()
    leads = await follow(config, taken, names, make_names(config).ask, progress=progress)
    plan = draw_up(wanted, leads, config.exclude, lists)
    not_asked = [*idle, *plan.not_asked]
    failed = [Failed(lead.origin.name, lead.origin.trouble) for lead in leads if not lead.origin.up]
    if not_asked and not plan.parts and not failed:
        raise ValueError("; ".join(f"{each.target}: {each.why}" for each in not_asked))
    providers = make_providers(config)
    try:
        asked = await ask(providers, plan.parts, progress=progress)
    finally:
        for provider in providers.values():
            provider.close()
    return Picture(
        sorted(asked.results, key=_order),
        plan.origins,
        failed,
        not_asked,
        [*unused, *plan.skipped],
        _resolvers(config, [blocklist for blocklist, _ in plan.parts], leads),
        asked.heard or any(lead.heard for lead in leads) or not (leads or asked.results),
    )


def _order(result: Result) -> tuple[int, bool, str, int, str, str]:
    """By what matters most, then addresses as they are counted, then domains."""
    target = result.check.target
    is_domain = target.kind is Kind.DOMAIN
    number = 0 if is_domain else number_of(target)
    return rank(result.verdict), is_domain, target.kind, number, target.text, result.check.blocklist.name


def _resolvers(config: Config, lists: Sequence[Blocklist], leads: Sequence[Lead]) -> list[str]:
    """Those that were asked anything, by address."""
    used = [resolver for blocklist in lists for resolver in blocklist.resolvers or config.resolvers]
    used += config.resolvers if leads else ()
    return list(dict.fromkeys(str(address) for resolver in used for address in addresses_of(resolver.address)))
