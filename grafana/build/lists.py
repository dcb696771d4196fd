"""The lists: whether they may be believed, what they say, how fast, and whether one suddenly accuses everybody."""

from collections.abc import Mapping

from grafana.build import asked
from grafana.build import queries as q
from grafana.build.looks import BLUE, GREEN, ORANGE, PURPLE, fixed, good, healths, steps
from grafana.build.page import Annotation, Section, chosen, to
from grafana.build.page import dashboard as page
from grafana.build.panels import Query, bars, heatmap, stat, timeline, timeseries
from grafana.build.tables import Column, bar, table
from grafana.build.words import Json, Panel

UNTRUSTED = 'health!~"ok|untested"'
_BY_LIST = "{{list}}"
_SURE = steps(ORANGE, (0.95, "dark-yellow"), (0.99, GREEN))
_LATE = steps(GREEN, (1.1, ORANGE))


def _number() -> Panel:
    return stat("Lists", "Lists that are asked.", [Query(f"count(max by (list) ({asked.select('dnsbl_list_info')}))")])


def _not_believed() -> Panel:
    return stat(
        "Not believed",
        "Lists that fail their test entries.",
        [Query(f"count(min by (list) ({asked.select('dnsbl_list_up')}) == 0) or 0 * max({asked.select('dnsbl_list_up')})")],
        thresholds=good((1, ORANGE)),
    )


def _known() -> Panel:
    failed, done = (f"sum(increase({asked.select(metric, window='1h')}))" for metric in (asked.FAILURES, asked.CHECKS))
    return stat(
        "Conclusive, 1 h",
        "Share of the last hour's checks that came to something: listed or not listed.",
        [Query(f"1 - {asked.ratio(failed, done)}")],
        "percentunit",
        decimals=1,
        thresholds=_SURE,
    )


def _queries() -> Panel:
    return stat(
        "Queries, 24 h",
        "DNS queries to the chosen lists, tests and repeated ones with them.",
        [Query(f"sum({asked.queries()})")],
        "locale",
    )


def _late() -> Panel:
    return stat(
        "Laps too long",
        "Lists whose last lap took over a tenth longer than its interval. Their checks are asked less often than configured.",
        [Query(f"count({asked.lap()} > 1.1) or 0 * max({asked.select('dnsbl_list_interval_seconds')})")],
        thresholds=good((1, ORANGE)),
    )


def _stale() -> Panel:
    silence = f"time() - {asked.select('dnsbl_list_last_success_timestamp_seconds')}"
    intervals = f"({silence}) / {asked.select('dnsbl_list_interval_seconds')}"
    return stat(
        "Lists stale",
        "Lists without a conclusive answer for more than three of their intervals.",
        [Query(f"count(max by (list) ({intervals}) > 3) or 0 * max({asked.select('dnsbl_list_interval_seconds')})")],
        thresholds=good((1, ORANGE)),
    )


def _table() -> Panel:
    checks = asked.select("dnsbl_list_checks")
    unknown = asked.select("dnsbl_list_checks", 'verdict="unknown"')
    return table(
        "Every list",
        "Each list as of now. Conclusive: share of the last day's checks that came to something. Lap: how long the last one "
        "took, as a share of the interval that it must keep. Queries of the last day count against a list's daily limit.",
        [
            Query(f"{asked.health()} + on (list) group_right () 0 * max by (list, operator) ({asked.select('dnsbl_list_info')})"),
            Query(asked.listed()),
            Query(f"sum by (list) ({checks})"),
            Query(asked.ratio(f"sum by (list) ({unknown})", f"sum by (list) ({checks})")),
            Query(asked.conclusive(asked.DAY)),
            Query(f"time() - (max by (list) ({asked.select('dnsbl_list_last_success_timestamp_seconds')}) > 0)"),
            Query(asked.lap()),
            Query(f"{asked.quantile(0.95, asked.HOUR)} >= 0"),
            Query(f"sum by (list) ({asked.queries()})"),
            Query(f"sum by (list) (increase({asked.select('dnsbl_listings_total', window=asked.DAY)}))"),
        ],
        [
            Column("list", "List", link=to("dnsbl-lists", "var-list=${__value.raw}"), linked="Only this list"),
            Column("operator", "Operator", 115),
            Column("A", "Health", 105, mappings=[healths()], coloured=True),
            Column("B", "Listed", 70, unit="locale"),
            Column("C", "Checks", 75, unit="locale"),
            Column("D", "Unknown", 115, unit="percentunit", decimals=1, more=bar(PURPLE, 1)),
            Column("E", "Conclusive", 95, unit="percentunit", decimals=1, coloured=True, more=(("thresholds", _SURE),)),
            Column("F", "Silent for", 95, unit="dtdurations", decimals=0),
            Column("G", "Lap", 65, unit="percentunit", decimals=0, coloured=True, more=(("thresholds", _LATE),)),
            Column("H", "p95", 75, unit="s", decimals=0),
            Column("I", "Queries, 24 h", 110, unit="locale", decimals=0),
            Column("J", "Listings, 24 h", 110, unit="locale", decimals=0),
        ],
        sort=[("Health", True), ("List", False)],
        nothing="No list: is an exporter scraped?",
    )


def _health() -> Panel:
    return timeline(
        "Health",
        "What each list's test entries showed. Silent: what must be listed is not. Lists everything: what must not be listed "
        "is. Bogus: answers outside 127/8. Only a list that is ok, or untested by configuration, is believed.",
        [Query(asked.health(), _BY_LIST)],
        [healths()],
        nothing="No list: is an exporter scraped?",
    )


def _listings() -> Panel:
    return timeseries(
        "Targets listed, by list",
        "Targets on each list, held while it is unknown. One list that suddenly accuses many is more often the list's fault "
        "than theirs.",
        [Query(asked.listed(), _BY_LIST)],
        counts=True,
        legend="table",
        calcs=["lastNotNull", "max"],
        stepped=True,
    )


def _changes() -> Panel:
    opened, closed = (
        f"sum(increase({asked.select(metric, window='$__rate_interval')}))"
        for metric in ("dnsbl_listings_total", "dnsbl_delistings_total")
    )
    return timeseries(
        "Listings that opened and closed",
        "Changes in each step, on all chosen lists; closed ones point down.",
        [Query(opened, "opened", "1h"), Query(f"-{closed}", "closed", "1h")],
        bars=True,
        least=None,
        counts=True,
        overrides=[fixed("opened", ORANGE), fixed("closed", BLUE)],
    )


def _share() -> Panel:
    return timeseries(
        "Conclusive answers, by list",
        "Share of checks that came to something: listed or not listed.",
        [Query(asked.conclusive("$__rate_interval"), _BY_LIST, "15m")],
        "percentunit",
        most=1,
        decimals=1,
        legend="table",
        calcs=["lastNotNull", "min"],
    )


def _causes() -> Panel:
    return timeseries(
        "Checks that came to nothing, by cause",
        "Share of all checks. Unhealthy: nothing was asked or believed, since the list fails its test. Refused: the list's "
        "refusal code, as for a public resolver. No data: an empty answer, as of a resolver with rebinding protection. The "
        "README tells of all causes.",
        [
            Query(
                f"(sum by (cause) ({asked.rate(asked.FAILURES)}) > 0) / on () group_left () sum({asked.rate(asked.CHECKS)})",
                "{{cause}}",
                "5m",
            )
        ],
        "percentunit",
        stacked=True,
        decimals=1,
        nothing="Every check came to something",
        overrides=[
            fixed("unhealthy", PURPLE),
            fixed("timeout", ORANGE),
            fixed("servfail", "dark-yellow"),
            fixed("refused", BLUE),
        ],
    )


def _latency() -> Panel:
    return timeseries(
        "Query time, 95th percentile, by list",
        "95 of 100 DNS queries took no longer; the rest includes time-outs.",
        [Query(asked.quantile(0.95, "$__rate_interval"), _BY_LIST, "15m")],
        "s",
        legend="table",
        calcs=["lastNotNull", "max"],
    )


def _times() -> Panel:
    buckets = asked.select("dnsbl_query_duration_seconds_bucket", window="$__rate_interval")
    return heatmap(
        "Query times",
        "How long DNS queries to the chosen lists took, by how many.",
        Query(f"sum by (le) (increase({buckets}))", "{{le}}"),
        "s",
    )


def _laps() -> Panel:
    return bars(
        "Last lap, as a share of its interval",
        "A lap longer than its interval is held up by the list's own limits or by a resolver: raise the interval, or the limits "
        "if you may.",
        [Query(f"sort_desc({asked.lap()})", _BY_LIST)],
        "percentunit",
        thresholds=_LATE,
        nothing="No lap was finished yet",
    )


def _pace() -> Panel:
    return timeseries(
        "Checks per second, by list",
        "Finished checks, conclusive or not. The load of a list is flat by design.",
        [Query(f"sum by (list) ({asked.rate(asked.CHECKS)})", _BY_LIST, "5m")],
        "cps",
        stacked=True,
        legend="table",
    )


def _budget() -> Panel:
    return bars(
        "Queries of the last 24 hours, by list",
        "DNS queries, tests and repeated ones with them: what counts against a list's daily limit (max_queries_per_day) and its "
        "terms of use.",
        [Query(f"sort_desc(sum by (list) ({asked.queries()}))", _BY_LIST)],
        "locale",
        thresholds=steps(BLUE),
        nothing="Nothing was asked",
    )


def dashboard() -> Mapping[str, Json]:
    opened = f"{q.milliseconds(q.once(asked.select(q.SINCE), q.PLACE))} >= $__from"
    sick = f"max by (list, health) ({asked.select('dnsbl_list_health', UNTRUSTED)}) == 1"
    return page(
        "dnsbl-lists",
        "DNSBL / Lists",
        "The lists: whether they may be believed, what they say, how fast, and whether one suddenly accuses everybody.",
        [
            Section(
                [
                    (4, [(_number(), 4), (_not_believed(), 4), (_known(), 4), (_stale(), 4), (_late(), 4), (_queries(), 4)]),
                    (15, [(_table(), 24)]),
                ]
            ),
            Section([(12, [(_health(), 24)]), (10, [(_share(), 14), (_causes(), 10)])], "May they be believed?"),
            Section([(10, [(_listings(), 14), (_changes(), 10)])], "Whom do they accuse?"),
            Section(
                [(10, [(_latency(), 14), (_times(), 10)]), (11, [(_laps(), 12), (_budget(), 12)]), (9, [(_pace(), 24)])],
                "How fast, and how much",
            ),
        ],
        [
            chosen(
                "operator",
                "Operator",
                'label_values(dnsbl_list_info{job=~"$job", instance=~"$instance"}, operator)',
                "Whose lists",
            ),
            chosen(
                "list",
                "List",
                'label_values(dnsbl_list_info{job=~"$job", instance=~"$instance", operator=~"$operator"}, list)',
                "Zones, without any key",
                every="",
            ),
        ],
        [
            Annotation("Listings", opened, "{{target}} got onto {{list}} {{sublist}}", ORANGE, shown=False, step="1h"),
            Annotation("Not believed", sick, "{{list}} is {{health}}", PURPLE, shown=False, timed=False),
        ],
        "now-24h",
    )
