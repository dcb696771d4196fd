"""The exporter itself: whether it keeps up, reaches its resolvers, writes its history, and what it costs."""

from collections.abc import Mapping

from grafana.build import inventory
from grafana.build import queries as q
from grafana.build.looks import BLUE, GREEN, ORANGE, PURPLE, RED, fixed, good, steps, texts
from grafana.build.page import Annotation, Section
from grafana.build.page import dashboard as page
from grafana.build.panels import NO_EXPORTER, Query, stat, timeline, timeseries
from grafana.build.words import Json, Panel

_RELOADED = "dnsbl_config_last_reload_successful"
_UP_DOWN = texts({"1": ("up", GREEN), "0": ("down", RED)})
_EACH = "{{instance}}"


def _rate(metric: str) -> str:
    return f"rate({q.select(metric, window='$__rate_interval')})"


def _up() -> Panel:
    return stat(
        "Exporters",
        "Down: Prometheus cannot scrape one. Nothing of what it watches is told meanwhile.",
        [Query(f"min({q.up()})")],
        "none",
        mappings=[_UP_DOWN],
        thresholds=steps(RED),
        nothing="not scraped",
    )


def _speed() -> Panel:
    return stat(
        "Checks per second",
        "Finished checks, conclusive or not, over the last minutes.",
        [Query(f"sum({_rate('dnsbl_checks_total')})")],
        "cps",
        decimals=None,
    )


def _overdue() -> Panel:
    return stat(
        "Overdue",
        "Checks that are due and not yet started. If many stay, limits or resolvers are too slow for the interval.",
        [Query(f"sum({q.select('dnsbl_checks_overdue')})")],
        thresholds=good((100, ORANGE)),
    )


def _resolvers() -> Panel:
    down = f"count({q.select('dnsbl_resolver_up')} == 0)"
    return stat(
        "Resolvers down",
        "Resolvers that failed several times in a row, as each exporter sees them.",
        [Query(f"{down} or 0 * max({q.select('dnsbl_resolver_up')})")],
        thresholds=good((1, ORANGE)),
    )


def _history() -> Panel:
    return stat(
        "Failed writes, 24 h",
        "Writes to the history that failed in the last 24 hours. What could not be written is not shown until it is.",
        [Query(f"sum(increase({q.select('dnsbl_history_write_failures_total', window='24h')}))")],
        thresholds=good((1, RED)),
    )


def _reload() -> Panel:
    return stat(
        "Config",
        "Whether every exporter read its config without fault when it was last told to. If not, the old one is in use.",
        [Query(f"min({q.select(_RELOADED)})")],
        "none",
        mappings=[texts({"1": ("read", GREEN), "0": ("faulty", ORANGE)})],
        thresholds=steps(ORANGE),
    )


def _speeds() -> Panel:
    failed, done = (f"sum({_rate(metric)})" for metric in ("dnsbl_check_failures_total", "dnsbl_checks_total"))
    return timeseries(
        "Checks per second",
        "Finished checks of all chosen exporters: those that came to something, and those that did not.",
        [Query(f"{done} - {failed}", "conclusive", "5m"), Query(failed, "inconclusive", "5m")],
        "cps",
        stacked=True,
        overrides=[fixed("conclusive", GREEN), fixed("inconclusive", PURPLE)],
    )


def _overdue_over_time() -> Panel:
    return timeseries(
        "Checks overdue",
        "Due and not yet started, by exporter.",
        [Query(q.select("dnsbl_checks_overdue"), _EACH)],
        counts=True,
        filled=True,
    )


def _resolvers_over_time() -> Panel:
    return timeline(
        "Resolvers",
        "Each resolver as each exporter sees it; down after several failures in a row, until an answer comes.",
        [Query(f"min by (resolver, instance) ({q.select('dnsbl_resolver_up')})", "{{resolver}} at {{instance}}")],
        [texts({"1": ("up", GREEN), "0": ("down", ORANGE)})],
        nothing=NO_EXPORTER,
    )


def _states_over_time() -> Panel:
    return timeline(
        "Exporters and their configs",
        "Whether Prometheus could scrape each exporter, and whether its config was last read without fault.",
        [
            Query(f"min by (instance) ({q.up()})", "{{instance}}"),
            Query(f"2 + min by (instance) ({q.select(_RELOADED)})", "config of {{instance}}"),
        ],
        [texts({"1": ("up", GREEN), "0": ("down", RED), "3": ("read", BLUE), "2": ("faulty", ORANGE)})],
        nothing=NO_EXPORTER,
    )


def _query_times() -> Panel:
    buckets = f"sum by (le) (rate({q.select('dnsbl_query_duration_seconds_bucket', window='$__rate_interval')}))"
    return timeseries(
        "DNS query time",
        "Of all queries: half took no longer than the 50th percentile.",
        [Query(f"histogram_quantile({share / 100:g}, {buckets})", f"{share}th percentile") for share in (50, 95, 99)],
        "s",
    )


def _writes() -> Panel:
    return timeseries(
        "Failed writes to the history",
        "In each step. A full disk, a locked or a damaged file: checks go on; what was found is written when that works again.",
        [Query(f"increase({q.select('dnsbl_history_write_failures_total', window='$__rate_interval')})", _EACH)],
        bars=True,
        counts=True,
    )


def _scrapes() -> Panel:
    return timeseries(
        "Scrape time",
        "How long Prometheus waited for a scrape.",
        [Query(q.ours(q.select("scrape_duration_seconds")), _EACH)],
        "s",
        filled=True,
    )


def _samples() -> Panel:
    return timeseries(
        "Samples of a scrape",
        "Series that an exporter exposes. With metrics.checks: history, checks that were never listed have none.",
        [Query(q.ours(q.select("scrape_samples_scraped")), _EACH)],
        filled=True,
    )


def _memory() -> Panel:
    return timeseries(
        "Memory",
        "Resident memory of the process.",
        [Query(q.ours(q.select("process_resident_memory_bytes")), _EACH)],
        "bytes",
        filled=True,
    )


def _cpu() -> Panel:
    return timeseries(
        "CPU",
        "Share of one core.",
        [Query(q.ours(_rate("process_cpu_seconds_total")), _EACH)],
        "percentunit",
        filled=True,
    )


def _descriptors() -> Panel:
    return timeseries(
        "Open files and sockets",
        "Of the process.",
        [Query(q.ours(q.select("process_open_fds")), _EACH)],
        counts=True,
        filled=True,
    )


def _garbage() -> Panel:
    return timeseries(
        "Garbage collections",
        "Per second, by Python's generations.",
        [Query(f"sum by (generation) ({q.ours(_rate('python_gc_collections_total'))})", "generation {{generation}}")],
        "cps",
    )


def dashboard() -> Mapping[str, Json]:
    started, read = (
        f"{q.milliseconds(inventory.of_each(metric))} >= $__from"
        for metric in ("process_start_time_seconds", "dnsbl_config_last_reload_success_timestamp_seconds")
    )
    return page(
        "dnsbl-exporter",
        "DNSBL / Exporter",
        "The exporter itself: whether it keeps up, reaches its resolvers, writes its history, and what it costs.",
        [
            Section(
                [
                    (4, [(_up(), 4), (_overdue(), 4), (_resolvers(), 4), (_history(), 4), (_reload(), 4), (_speed(), 4)]),
                    (5, [(inventory.exporters(), 24)]),
                ]
            ),
            Section(
                [
                    (8, [(_speeds(), 12), (_overdue_over_time(), 12)]),
                    (7, [(_resolvers_over_time(), 12), (_states_over_time(), 12)]),
                ],
                "Does it keep up?",
            ),
            Section([(7, [(inventory.origins(), 24)])], "Where targets come from"),
            Section([(8, [(_query_times(), 12), (_writes(), 12)])], "What it waits for"),
            Section(
                [
                    (8, [(_scrapes(), 12), (_samples(), 12)]),
                    (8, [(_memory(), 12), (_cpu(), 12)]),
                    (8, [(_descriptors(), 12), (_garbage(), 12)]),
                ],
                "What it costs",
            ),
        ],
        [],
        [
            Annotation("Started", started, "{{instance}} started", BLUE),
            Annotation("Config read", read, "{{instance}} read its config", GREEN, shown=False),
        ],
        "now-24h",
        "1m",
    )
