"""One address or domain: where it is listed, since when, how often before, for how long, and what is not known of it."""

from collections.abc import Mapping

from grafana.build import listings
from grafana.build import queries as q
from grafana.build.looks import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PURPLE,
    RED,
    causes,
    good,
    impacts,
    texts,
)
from grafana.build.page import Annotation, Section, chosen
from grafana.build.page import dashboard as page
from grafana.build.panels import Query, stat, timeline
from grafana.build.tables import MINUTES, Column, table
from grafana.build.words import Json, Panel

ONE = 'target="$target"'
_SUBLIST = "list, sublist"
_TARGET = "dnsbl_target_info"


def _or_zero(number: str) -> str:
    """0 for a target that an exporter watches, nothing for any other."""
    return f"{number} or 0 * max({q.select('dnsbl_target_listings', ONE)})"


def _now() -> Panel:
    return stat(
        "Listings now",
        "On how many sublists it is. Held while a list cannot be asked: unknown is not clean.",
        [Query(f"max({q.select('dnsbl_target_listings', ONE)})")],
        thresholds=good((1, ORANGE)),
        mappings=[texts({"0": "not listed"})],
        nothing="not watched",
    )


def _impact() -> Panel:
    return stat(
        "Worst impact",
        "The impact of the worst of its present listings.",
        [Query(_or_zero(f"max({q.ranked(q.present(ONE))})"))],
        "none",
        mappings=[impacts(), texts({"0": ("none", GREEN)})],
        nothing="not watched",
    )


def _listings() -> Panel:
    return stat(
        "Listings so far",
        "All its listings, ended or not, as long as the history goes back.",
        [Query(_or_zero(f"sum({q.once(q.select(q.NUMBER, ONE), _SUBLIST)})"))],
        nothing="not watched",
    )


def _repeats() -> Panel:
    return stat(
        "Repeats",
        "How often it came back to a sublist after a removal.",
        [Query(_or_zero(f"sum({q.once(q.select(q.NUMBER, ONE), _SUBLIST)} - 1)"))],
        thresholds=good((1, ORANGE)),
        nothing="not watched",
    )


def _unknown() -> Panel:
    return stat(
        "Lists unknown",
        "Lists whose last answer about it was inconclusive.",
        [Query(_or_zero(q.count(q.select(q.UNKNOWN, ONE), "list")))],
        thresholds=good((1, PURPLE)),
        nothing="not watched",
    )


def _removal() -> Panel:
    return stat(
        "Last removal",
        "How long ago the latest of its ended listings ended.",
        [Query(f"time() - (max({q.select(q.DELISTED, ONE)}) > 0)")],
        "dtdurations",
        decimals=0,
        nothing="never",
    )


def _states() -> Panel:
    """Where nothing is known, a check has no ``dnsbl_listed`` yet."""
    held = f"max by (list) ({q.select('dnsbl_listed', ONE)})"
    unknown = f"max by (list) ({q.select(q.UNKNOWN, ONE)})"
    return timeline(
        "On each list",
        "Whether it is on a list: on any of its sublists, on none, or unknown. What was known before an unknown time is held. "
        "With metrics.checks: history, lists that never listed it are left out.",
        [Query(f"2 + {held} and on (list) {unknown} or {held} or on (list) 4 + 0 * {unknown}", "{{list}}")],
        [
            texts(
                {
                    "0": ("clean", GREEN),
                    "1": ("listed", RED),
                    "2": ("unknown, was clean", PURPLE),
                    "3": ("unknown, was listed", ORANGE),
                    "4": ("unknown", GREY),
                }
            )
        ],
        nothing="This target is not watched",
    )


def _of_present(metric: str) -> str:
    """A metric's values of present listings."""
    return q.once(f"{q.select(metric, ONE)} and on (job, instance, {q.PLACE}) {q.present(ONE)}", _SUBLIST)


def _present() -> Panel:
    facts = q.with_link(q.with_codes(q.of_impact(q.present(ONE), "class", "scope", "delist_url", impact=".+")))
    return table(
        "Present listings",
        "Where it is listed now: what the list answers, since when, which time this is, when it was removed before, and where "
        "removal is asked for. The list's own words are in the exporter's log and history.",
        [
            Query(q.milliseconds(q.once(facts, _SUBLIST, "class", "scope", "codes", "removal"))),
            Query(f"time() - {q.once(q.present(ONE), _SUBLIST)}"),
            Query(_of_present(q.NUMBER)),
            Query(q.once(q.ranked(q.present(ONE)), _SUBLIST)),
            Query(q.milliseconds(_of_present(q.DELISTED))),
        ],
        [
            listings.LIST,
            listings.SUBLIST,
            listings.impact("D"),
            listings.CLASS,
            Column("scope", "Scope", 100),
            listings.CODES,
            listings.time("A", "Since"),
            listings.length("B", "For"),
            listings.number("C"),
            Column("E", "Removed before", 140, unit=MINUTES, mappings=[texts({"0": "–"})]),
            listings.REMOVAL,
        ],
        sort=[("Impact", True), ("Since", True)],
        nothing="No listing is known",
    )


def _numbers() -> Panel:
    return timeline(
        "Each listing",
        "A bar for each listing, by list and sublist, with its number: 1 is the first, 2 and up are repeats after a removal.",
        [
            Query(
                q.once(f"{q.select(q.NUMBER, ONE)} and on (job, instance, {q.PLACE}) {q.present(ONE)}", _SUBLIST),
                "{{list}} {{sublist}}",
            )
        ],
        [
            texts({"1": ("1", ORANGE)}),
            {"type": "range", "options": {"from": 2, "to": 1e9, "result": {"index": 1, "color": RED}}},
        ],
        nothing="No listing in this time",
        legend=False,
    )


def _lengths() -> Panel:
    """A listing is known by its time of opening, which becomes a label; its age at the end is its length."""
    opened = f'count_values by ({_SUBLIST}) ("opened", 1000 * {q.once(q.present(ONE), _SUBLIST)})'
    age = f"(time() - {q.once(q.present(ONE), _SUBLIST)})"
    return table(
        "How long each listing lasted",
        "Listings that were present in the time shown, with their lengths until they ended or until now, to the nearest step.",
        [
            Query(f"max_over_time(({opened} * on ({_SUBLIST}) group_left () {age})[$__range:$__interval])"),
            Query(f"max_over_time(({opened} * on ({_SUBLIST}) group_left () {_of_present(q.NUMBER)})[$__range:$__interval])"),
        ],
        [
            listings.LIST,
            listings.SUBLIST,
            Column("opened", "Opened", 150, unit=MINUTES),
            listings.length("A", "Lasted"),
            listings.number("B"),
        ],
        sort=[("Opened", True)],
        nothing="No listing in this time",
        numbers=("opened",),
    )


def _history() -> Panel:
    listed = q.once(f"({q.select(q.SINCE, ONE)} > bool 0)", _SUBLIST)
    return table(
        "Its history",
        "Every sublist that it was ever on: how many listings, and when the latest ended one ended. Onset seen: it was seen "
        "clean before the latest listing; if not, it was listed already when it was first checked.",
        [
            Query(q.once(q.select(q.NUMBER, ONE), _SUBLIST)),
            Query(listed),
            Query(q.milliseconds(q.once(q.select(q.DELISTED, ONE), _SUBLIST))),
            Query(q.once(q.select("dnsbl_listing_onset_observed", ONE), _SUBLIST)),
        ],
        [
            listings.LIST,
            listings.SUBLIST,
            Column("A", "Listings", 90),
            Column("B", "Now", 90, mappings=[texts({"1": ("listed", RED), "0": ("clean", GREEN)})], coloured=True),
            Column("C", "Last removal", 145, unit=MINUTES, mappings=[texts({"0": "–"})]),
            Column("D", "Onset seen", 100, mappings=[texts({"1": "yes", "0": "no"})]),
        ],
        sort=[("Listings", True)],
        nothing="No listing is known",
    )


def _unknown_times() -> Panel:
    return timeline(
        "When it was unknown, and why",
        "Times in which a list's answers about it were inconclusive, by list and cause. Nothing opens or closes in them.",
        [Query(f"max by (list, cause) ({q.select(q.UNKNOWN, ONE)}) ^ 0", "{{list}}: {{cause}}")],
        [texts({"1": ("unknown", PURPLE)})],
        nothing="No list was unknown",
        legend=False,
    )


def _unknown_now() -> Panel:
    return table(
        "Unknown now",
        "Lists whose last answer about it was inconclusive, why, and since when.",
        [Query(q.milliseconds(f"min by (list, cause) ({q.select(q.UNKNOWN, ONE)})"))],
        [listings.LIST, Column("cause", "Why", mappings=[causes()]), listings.time("A", "Since")],
        sort=[("Since", False)],
        nothing="No list is unknown",
    )


def _origins() -> Panel:
    """A user may call a label as Prometheus's operator calls those of its scrapes, which all have an endpoint."""
    scraped = {'endpoint=""': "pod", 'endpoint!=""': "pod, container, endpoint, service, namespace"}
    rows = (f"max without ({labels}) ({q.select(_TARGET, ONE, matcher)})" for matcher, labels in scraped.items())
    return table(
        "Why it is watched",
        "The entries of the config that it came from, with your labels.",
        [Query(" or ".join(rows))],
        [Column("origin", "Entry"), Column("kind", "Kind", 80), Column("instance", "Exporter")],
        sort=[("Entry", False)],
        nothing="This target is not watched",
        hidden=("job", "target", "Value"),
    )


def dashboard() -> Mapping[str, Json]:
    stays = [(_now(), 4), (_impact(), 4), (_listings(), 4), (_repeats(), 4), (_unknown(), 4), (_removal(), 4)]
    opened, ended = (f"{q.milliseconds(q.once(q.select(name, ONE), q.PLACE))} >= $__from" for name in (q.SINCE, q.DELISTED))
    return page(
        "dnsbl-target",
        "DNSBL / Target",
        "One address or domain: where it is listed, since when, how often before, for how long, and what is not known of it.",
        [
            Section([(4, stays), (6, [(_present(), 24)]), (6, [(_origins(), 24)]), (12, [(_states(), 24)])]),
            Section([(9, [(_numbers(), 12), (_lengths(), 12)]), (7, [(_history(), 24)])], "History"),
            Section([(8, [(_unknown_times(), 14), (_unknown_now(), 10)])], "What is not known"),
        ],
        [
            chosen(
                "target",
                "Target",
                'label_values(dnsbl_target_listings{job=~"$job", instance=~"$instance"}, target)',
                "An address or domain that is watched; type to find it",
                every=None,
            )
        ],
        [
            Annotation("Listed", opened, "listed on {{list}} {{sublist}}", RED),
            Annotation("Removed", ended, "removed from {{list}} {{sublist}}", BLUE),
        ],
        "now-30d",
    )
