"""``lists``: which lists there are, what it takes to ask them, and whether they may be believed when they are asked from here.

Without a config: the sets of the catalogue, or all of it. With one: its lists, and on demand the catalogue's others. A list that
nobody here has a key or a registration for is not asked.
"""

import asyncio
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median

from exporter import catalogue
from exporter.advice import advice_for, cure
from exporter.blocklist import Bit, Blocklist, Pattern, Status
from exporter.cli import lists_table, terminal
from exporter.cli.lists_table import Row
from exporter.cli.service import make_providers
from exporter.config import Config, built_in, catalogued
from exporter.config.sets import BY_DEFAULT, members
from exporter.health import Health
from exporter.inquiry import Examination, Providers, examine, say_defect

UNHEALTHY = 1

_LONGEST_GAP_SECONDS = 2.0
"""Somebody waits for it."""
_NEEDS: Mapping[Status, str] = {
    Status.KEY: "needs a key",
    Status.REGISTRATION: "needs registration",
    Status.SUBSCRIPTION: "needs a subscription",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be shown, as the flags say."""

    every: bool
    test: bool
    as_json: bool


def run(config: Config | None, wish: Wish) -> int:
    """Show, and give the exit code."""
    rows = _rows(config, wish)
    asking = config or built_in()
    if wish.test:
        rows = asyncio.run(with_health(make_providers(asking), rows, progress=not wish.as_json))
    if wish.as_json:
        print(json.dumps(_as_json(rows, asking, wish), indent=2))
    else:
        lists_table.show(rows, _extent(rows, config, wish), tuple(resolver.address for resolver in asking.resolvers))
        if wish.every:
            lists_table.show_defunct(list(catalogue.defunct().values()))
    return UNHEALTHY if any(row.unhealthy for row in rows) else 0


def _rows(config: Config | None, wish: Wish) -> list[Row]:
    """The config's lists, or the sets; then, if all are wanted, the catalogue's others."""
    known = catalogued()
    sets = {zone: catalogue.texts(zone, "sets") for zone in known}
    own = () if config is None else config.in_use(config.roster().roster, config.sources)
    rows = {each.zone: Row(each, sets.get(each.zone, ()), configured=True) for each in own}
    others = [zone for name in BY_DEFAULT for zone in members(name)] if config is None else []
    for zone in (*others, *(known if wish.every else ())):
        blocklist = known[zone]
        rows.setdefault(zone, Row(blocklist, sets[zone], needs=_NEEDS.get(blocklist.facts.status, "")))
    return list(rows.values())


def _extent(rows: Sequence[Row], config: Config | None, wish: Wish) -> lists_table.Extent:
    others = 0 if wish.every else len(catalogue.entries().keys() - {row.blocklist.zone for row in rows})
    return lists_table.Extent(tested=wish.test, mark=wish.every and config is not None, others=others)


async def with_health(providers: Providers, rows: Sequence[Row], *, progress: bool) -> list[Row]:
    """Test all lists at once, each at its own pace."""
    with terminal.progress(wanted=progress) as bar:
        task = bar.add_task("testing", total=sum(not row.needs for row in rows))

        async def test(row: Row) -> Row:
            if row.needs:
                return row
            examination = await _examine(providers, row.blocklist)
            bar.advance(task)
            answered = examination.durations and examination.health is not Health.UNREACHABLE
            return replace(row, health=examination.health, seconds=median(examination.durations) if answered else None)

        return list(await asyncio.gather(*map(test, rows)))


async def _examine(providers: Providers, blocklist: Blocklist) -> Examination:
    rate = blocklist.pace.max_qps
    gap = 0.0 if rate is None else min(1 / rate, _LONGEST_GAP_SECONDS)
    try:
        return await examine(providers, blocklist, secrets.randbits(96), gap)
    except Exception as defect:  # noqa: BLE001 - a defect about one list must not hide the others
        say_defect("testing", defect)
        return Examination(Health.UNREACHABLE, ())


def _as_json(rows: Sequence[Row], config: Config, wish: Wish) -> dict[str, object]:
    return {
        "tested": wish.test,
        "resolvers": [resolver.address for resolver in config.resolvers],
        "lists": [_row_as_json(row) for row in rows],
        "defunct": [asdict(row) for row in catalogue.defunct().values()] if wish.every else [],
    }


def _row_as_json(row: Row) -> dict[str, object]:
    blocklist = row.blocklist
    facts, pace = blocklist.facts, blocklist.pace
    return {
        "list": blocklist.name,
        "operator": blocklist.operator,
        "kinds": sorted(blocklist.kinds),
        "status": facts.status,
        "sets": list(row.sets),
        "configured": row.configured,
        "policy": facts.policy,
        "expiry": facts.expiry,
        "sublists": _sublists_as_json(blocklist),
        "lookup_url": facts.lookup_url,
        "delist_url": blocklist.delist_url,
        "notes": list(facts.notes),
        "interval_seconds": pace.interval,
        "max_qps": pace.max_qps,
        "max_queries_per_day": pace.max_queries_per_day,
        "not_asked": row.needs,
        "health": row.health,
        "round_trip_seconds": None if row.seconds is None else round(row.seconds, 6),
        "what_to_do": "" if row.health is None else cure(blocklist, row.health),
    }


def _sublists_as_json(blocklist: Blocklist) -> list[dict[str, object]]:
    return [
        {
            "sublist": sublist.name,
            "codes": [_pattern_as_json(code.pattern) for code in blocklist.codes if code.sublist == sublist],
            "class": sublist.listing_class,
            "impact": sublist.impact,
            "scope": sublist.scope,
            "cause": advice_for(sublist).cause,
            "meaning": blocklist.meaning_of(sublist.name),
        }
        for sublist in blocklist.declared()
    ]


def _pattern_as_json(pattern: Pattern) -> str:
    """As it is written in a config."""
    if isinstance(pattern, Bit):
        return str(pattern.value)
    return "-".join(dict.fromkeys(str(end) for end in (pattern.first, pattern.last)))
