"""What is there: the exporters with their shards, and the origins of targets."""

from grafana.build import queries as q
from grafana.build.looks import GREEN, ORANGE, empty, reasons, texts
from grafana.build.panels import Query
from grafana.build.tables import MINUTES, Column, table
from grafana.build.words import Panel

_ORDINAL, _TOTAL = "dnsbl_shard_ordinal", "dnsbl_total_shards"
_SHARDS = texts({"0": "agree", "1": ("too many", ORANGE), "2": ("numbers differ", ORANGE), "3": ("missing", ORANGE)})
_ORIGIN = texts({"0": ("failing", ORANGE), "1": ("failing at some", ORANGE), "2": ("up", GREEN)})
"""Of the worst exporter and of the best, added."""


def of_each(metric: str, how: str = "max") -> str:
    return f"{how} by (instance) ({q.ours(q.select(metric))})"


def _shards() -> str:
    """What is wrong with the shards of a job, as its alerts see it, by exporter. A missing one has a row of its own."""
    ordinal, total = q.of_job(_ORDINAL), q.of_job(_TOTAL)
    shards = f'count_values by (job) ("shard", {ordinal})'
    fair = f"ceil(count by (job) ({q.of_job('up')}) / max by (job) ({total}))"
    doubled = (
        f'count_values by (job, instance) ("shard", {ordinal}) and on (job, shard) ({shards} > on (job) group_left () {fair})'
    )
    differ = f'{q.select(_TOTAL)} and on (job) count by (job) (count_values by (job) ("total", {total})) > 1'
    missing = f'count_values by (job) ("shard", ({ordinal} + 1) % {total}) unless {shards}'
    named = f'label_join({missing}, "instance", " of ", "shard", "job")'
    named = f'label_replace({named}, "instance", "shard $1", "instance", "(.*)")'
    return " or ".join(
        (
            f"3 * max by (instance) (({named}) ^ 0)",
            f"2 * max by (instance) (({differ}) ^ 0)",
            f"max by (instance) ((({doubled}) and on (job, instance) {q.select(_TOTAL)}) ^ 0)",
            f"0 * max by (instance) ({q.select(_TOTAL)})",
        )
    )


def exporters() -> Panel:
    started = f"{q.select('process_start_time_seconds')} * on (job, instance) group_left (version) {q.select('dnsbl_build_info')}"
    return table(
        "Each exporter",
        "What each exporter is and has. The shards of a job agree if each is there, none more often than others, and all say the "
        "same number of them.",
        [
            Query(q.milliseconds(q.once(started, "instance", "version"))),
            Query(of_each(_ORDINAL)),
            Query(of_each(_TOTAL)),
            Query(of_each("dnsbl_targets", "sum")),
            Query(of_each("dnsbl_list_checks", "sum")),
            Query(q.milliseconds(of_each("dnsbl_history_created_timestamp_seconds"))),
            Query(q.milliseconds(of_each("dnsbl_config_last_reload_success_timestamp_seconds"))),
            Query(of_each("process_resident_memory_bytes")),
            Query(_shards()),
        ],
        [
            Column("instance", "Exporter"),
            Column("version", "Version", 100),
            Column("A", "Started", 140, unit=MINUTES),
            Column("G", "Config read", 140, unit=MINUTES),
            Column("F", "History since", 140, unit=MINUTES),
            Column("B", "Shard", 65, decimals=0),
            Column("C", "Of", 50, decimals=0),
            Column("I", "Shards", 120, mappings=[_SHARDS], coloured=True),
            Column("D", "Targets", 85, unit="locale"),
            Column("E", "Checks", 95, unit="locale"),
            Column("H", "Memory", 90, unit="bytes", decimals=0),
        ],
        sort=[("Shards", True), ("Exporter", False)],
        nothing="No exporter is scraped",
    )


def origins() -> Panel:
    up = q.select("dnsbl_origin_up")
    state = f"(min by (origin) ({up}) + max by (origin) ({up}))"
    success = f"min by (origin) ({q.select('dnsbl_origin_last_success_timestamp_seconds')})"
    skipped = q.once(q.select("dnsbl_origin_skipped"), "origin", "reason")

    def rows(value: str) -> str:
        """An origin has a row for each reason why something is not watched, or else one."""
        return f"(0 * {skipped} + on (origin) group_left () {value}) or ({value} unless on (origin) {skipped})"

    return table(
        "Origins of targets",
        "Names that are looked up and files that are read for targets. Failing: the last time did not work; what it led to "
        "before is still watched. Left out: what it leads to and is not watched, and why.",
        [Query(rows(state)), Query(q.milliseconds(f"({rows(success)})")), Query(skipped)],
        [
            Column("origin", "Origin"),
            Column("A", "Now", 140, mappings=[_ORIGIN], coloured=True),
            Column("B", "Last success", 150, unit=MINUTES, mappings=[texts({"0": "never"})]),
            Column("C", "Left out", 90, unit="locale"),
            Column("reason", "Why", 220, mappings=[reasons(), empty("–")]),
        ],
        sort=[("Now", False), ("Origin", False)],
        nothing="No name is looked up for targets, and no file is read",
    )
