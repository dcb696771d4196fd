"""The morning look: who is listed now, what is new, what came back, and what is not known."""

from collections.abc import Mapping

from grafana.build import listings, looks
from grafana.build import narrowed as of
from grafana.build import queries as q
from grafana.build.page import Annotation, Section, chosen, listed, to
from grafana.build.page import dashboard as page
from grafana.build.panels import Query, bars, stat, timeseries
from grafana.build.tables import Column, bar, table
from grafana.build.words import IMPACTS, Json, Panel

_OF_A_DAY = of.opened("1d", "86400")


def _now() -> Panel:
    return stat(
        "Targets listed now",
        "Targets with at least one present listing of the chosen impact. Held while a list cannot be asked: unknown is not "
        "clean.",
        [Query(q.or_zero(q.count(of.present("impact"), "target")))],
        thresholds=looks.good((1, looks.ORANGE)),
    )


def _by_impact() -> Panel:
    return stat(
        "Present listings by impact",
        "All present listings, whatever impact is chosen: a target on two sublists of one list has two. The impact is the "
        "sublist's, from the catalogue or the config.",
        [Query(q.or_zero(of.number(of.began(), impact)), impact) for impact in IMPACTS],
        overrides=[
            looks.override(impact, ("thresholds", looks.steps(looks.PLAIN, (1, looks.IMPACT_COLOURS[impact]))))
            for impact in IMPACTS
        ],
        text="value_and_name",
    )


def _new() -> Panel:
    return stat(
        "New, 24 h",
        "Listings that opened in the last 24 hours where the target was clean before and never listed, ended since or not.",
        [Query(q.or_zero(of.number(of.new(_OF_A_DAY))))],
        thresholds=looks.good((1, looks.ORANGE)),
    )


def _repeats() -> Panel:
    return stat(
        "Repeats, 24 h",
        "Listings that opened in the last 24 hours although the target had been removed from that sublist before.",
        [Query(q.or_zero(of.number(of.repeated(_OF_A_DAY))))],
        thresholds=looks.good((1, looks.RED)),
    )


def _down() -> Panel:
    return stat(
        "Exporters down",
        "Exporters that Prometheus cannot scrape. Nothing of what they watch is told here meanwhile.",
        [Query(f"count({q.up()} == 0) or 0 * max({q.up()})")],
        thresholds=looks.good((1, looks.RED)),
        link=to("dnsbl-exporter"),
    )


def _targets() -> Panel:
    number = Query(f"sum({q.select('dnsbl_targets')})")
    return stat("Targets watched", "Addresses and domains that the chosen exporters watch.", [number], "locale")


def _unknown_share() -> Panel:
    checks = q.select("dnsbl_list_checks")
    unknown = q.select("dnsbl_list_checks", 'verdict="unknown"')
    return stat(
        "Checks unknown",
        "Share of all checks whose last answer was inconclusive. They are neither clean nor listed; what was known is held.",
        [Query(f"sum({unknown}) / sum({checks})")],
        "percentunit",
        decimals=1,
        thresholds=looks.good((0.01, looks.ORANGE)),
        link=to("dnsbl-lists"),
    )


def _not_believed() -> Panel:
    up = q.select("dnsbl_list_up")
    return stat(
        "Lists not believed",
        "Lists that fail their own test entries. They accuse and clear nobody until they pass again.",
        [Query(f"count(min by (list) ({up}) == 0) or 0 * max({up})")],
        thresholds=looks.good((1, looks.ORANGE)),
        link=to("dnsbl-lists"),
    )


def _table() -> Panel:
    facts = q.with_link(q.with_codes(of.present("class", "delist_url")))
    return table(
        "Present listings",
        "Every present listing, the worst and newest first. A click on a target or a list shows it alone. Number 2 and up are "
        "repeats: the target had been removed and came back.",
        [
            Query(q.milliseconds(of.rows(facts, "class", "codes", "removal"))),
            Query(f"time() - {of.rows(of.present('impact'))}"),
            Query(of.rows_of_present(of.select(q.NUMBER))),
            Query(of.rows_of_present(q.ranked(of.began()))),
        ],
        [
            listings.TARGET,
            listings.LIST,
            listings.SUBLIST,
            listings.impact("D"),
            listings.time("A", "Since"),
            listings.length("B", "For"),
            listings.number("C"),
            listings.CLASS,
            listings.CODES,
            listings.REMOVAL,
        ],
        sort=[("Impact", True), ("Since", True)],
        nothing="No listing is known",
    )


def _over_time() -> Panel:
    none = f"0 * max by (list) ({q.select('dnsbl_list_info')})"
    return timeseries(
        "Listings over time, by list",
        "Present listings of the chosen impact, held while a list cannot be asked. One list that suddenly accuses many targets "
        "is more often the list's fault than theirs.",
        [Query(f"count by (list) ({q.once(of.present('impact'), *of.PLACE)}) or {none}", "{{list}}")],
        stacked=True,
        counts=True,
        legend="table",
        calcs=["lastNotNull", "max"],
    )


def _openings() -> Panel:
    opened = of.opened("$__interval", "$__interval_ms / 1000")
    return timeseries(
        "New and repeat listings",
        "Listings of the chosen impact by the time they opened. Repeat: the target had been removed from that sublist before. "
        "What was listed already when it was first checked is left out.",
        [
            Query(of.number(of.repeated(opened)), "repeat", "6h"),
            Query(of.number(of.new(opened)), "new", "6h"),
        ],
        bars=True,
        counts=True,
        overrides=[looks.fixed("repeat", looks.RED), looks.fixed("new", looks.ORANGE)],
        nothing="No listing opened",
    )


def _offenders() -> Panel:
    repeats = f"sum by (target) ({q.once(of.select(q.NUMBER), *of.PLACE)} - 1)"
    worst = f"topk(20, {repeats} > 0)"
    began, ended = of.select(q.SINCE), of.select(q.DELISTED)
    return table(
        "Worst repeat offenders",
        "Targets that came back most often after a removal, over all lists and as long as the history goes back.",
        [
            Query(worst),
            Query(f"sum by (target) ({q.once(began, *of.PLACE)} > bool 0) and on (target) {worst}"),
            Query(q.milliseconds(f"max by (target) ({began} > {ended} or {ended}) and on (target) {worst}")),
        ],
        [
            listings.TARGET,
            Column("A", "Repeats", 125, more=bar(looks.ORANGE)),
            Column("B", "Now on", 75),
            listings.time("C", "Last change"),
        ],
        sort=[("Repeats", True)],
        nothing="Nobody came back to a list",
    )


def _unknown() -> Panel:
    number = f"count by (list, cause) ({q.select(q.UNKNOWN)})"
    checks = f"sum by (list) ({q.select('dnsbl_list_checks')})"
    return table(
        "Unknown now, and why",
        "Checks whose last answer was inconclusive, by list and cause, and since when the first of them is. Nothing opens or "
        "closes meanwhile.",
        [
            Query(number),
            Query(f"{number} / on (list) group_left () {checks}"),
            Query(q.milliseconds(f"min by (list, cause) ({q.select(q.UNKNOWN)})")),
        ],
        [
            listings.LIST,
            Column("cause", "Why", mappings=[looks.causes()]),
            Column("A", "Checks", 75, unit="locale"),
            Column("B", "Of its checks", 130, unit="percentunit", decimals=1, more=bar(looks.PURPLE, 1)),
            listings.time("C", "Since"),
        ],
        sort=[("Checks", True)],
        nothing="No check is unknown",
    )


def _by_label() -> Panel:
    number = f"count by ($label) ({q.once(of.present('impact'), 'target', '$label')})"
    return bars(
        "Targets listed now, by $label",
        "Targets with a present listing of the chosen impact, by the label chosen above: one of yours, such as a team, or the "
        "list.",
        [Query(f"sort_desc({of.labelled(number)})")],
        thresholds=looks.steps(looks.BLUE),
        nothing="No listing is known",
    )


def _unknown_over_time() -> Panel:
    unknown = q.select("dnsbl_list_checks", 'verdict="unknown"')
    return timeseries(
        "Checks unknown over time, by list",
        "Checks whose last answer was inconclusive.",
        [Query(f"sum by (list) ({unknown})", "{{list}}")],
        stacked=True,
        counts=True,
        legend="table",
        calcs=["lastNotNull", "max"],
    )


def _openings_shown(number: str) -> str:
    """When listings with such a number opened, in the time that is looked at."""
    numbered = f"{of.present('impact')} and on (job, instance, {q.PLACE}) {of.select(q.NUMBER)} {number}"
    return f"{q.milliseconds(q.once(numbered, of.ROW))} >= $__from"


def dashboard() -> Mapping[str, Json]:
    look = [(_now(), 5), (_by_impact(), 9), (_new(), 5), (_repeats(), 5)]
    trust = [(_down(), 6), (_targets(), 6), (_unknown_share(), 6), (_not_believed(), 6)]
    return page(
        "dnsbl-fleet",
        "DNSBL / Fleet",
        "The morning look: which targets are listed, what is new, what came back, and what is not known.",
        [
            Section([(4, look), (3, trust), (12, [(_table(), 24)])]),
            Section([(10, [(_over_time(), 14), (_openings(), 10)])], "What happened"),
            Section(
                [(9, [(_offenders(), 10), (_unknown(), 14)]), (10, [(_by_label(), 10), (_unknown_over_time(), 14)])],
                "Who comes back, and what is not known",
            ),
        ],
        [
            listed("impact", "Impact", IMPACTS, "How much a listing hurts, by its sublist"),
            listed(
                "label",
                "Narrow by",
                ("list", "sublist", "target"),
                "A label of listings: choose one, or type one of yours, such as team",
                many=False,
            ),
            chosen(
                "label_value",
                "To",
                f"label_values({q.select(q.SINCE)}, $label)",
                "Values of that label",
                every=".*",
            ),
        ],
        [
            Annotation(
                "Repeat listings", _openings_shown("> 1"), "{{target}} came back to {{list}} {{sublist}}", looks.RED, step="1h"
            ),
            Annotation(
                "New listings", _openings_shown("== 1"), "{{target}} got onto {{list}} {{sublist}}", looks.ORANGE, step="1h"
            ),
        ],
        "now-7d",
    )
