"""A dashboard around its panels: where they stand, what is chosen above them, where one gets from here.

Rules:

1. Rows of panels are laid from the top, each 24 wide. Panels are numbered as they stand.
2. Every dashboard chooses a data source, jobs and instances. What is chosen, and the time, goes along to the others.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana.build.panels import SOURCE
from grafana.build.words import Json, Panel

SCHEMA = 39
TAG = "dnsbl-exporter"
_WIDTH = 24

Row = tuple[int, Sequence[tuple[Panel, int]]]
"""A height, and panels with their widths."""


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of panels; a title opens it, if it has one."""

    rows: Sequence[Row]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Annotation:
    """Events: the values of what is asked are their times, in milliseconds; or else they last while there is a value."""

    name: str
    expr: str
    title: str
    colour: str
    shown: bool = True
    step: str = "5m"
    timed: bool = True


def place(sections: Sequence[Section]) -> list[Json]:
    """The panels with their places and numbers."""
    placed: list[Json] = []
    top = 0
    for section in sections:
        if section.title:
            heading: Panel = {"type": "row", "title": section.title, "collapsed": False, "panels": []}
            placed.append({"id": len(placed) + 1, "gridPos": {"x": 0, "y": top, "w": _WIDTH, "h": 1}, **heading})
            top += 1
        for height, panels in section.rows:
            left = 0
            for panel, width in panels:
                placed.append({"id": len(placed) + 1, "gridPos": {"x": left, "y": top, "w": width, "h": height}, **panel})
                left += width
            assert left == _WIDTH, f"{left} wide: {[panel['title'] for panel, _ in panels]}"
            top += height
    return placed


def dashboard(
    uid: str,
    title: str,
    description: str,
    sections: Sequence[Section],
    variables: Sequence[Json],
    annotations: Sequence[Annotation],
    since: str,
    refresh: str = "5m",
) -> Mapping[str, Json]:
    """A dashboard in the classic schema."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": [TAG, "dnsbl"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "",
        "weekStart": "",
        "fiscalYearStartMonth": 0,
        "liveNow": False,
        "time": {"from": since, "to": "now"},
        "timepicker": {},
        "refresh": refresh,
        "links": [_links()],
        "annotations": {"list": [_alerts_of_grafana(), *map(_annotation, annotations)]},
        "templating": {"list": [*_common(), *variables]},
        "panels": place(sections),
    }


def text(made: Mapping[str, Json]) -> str:
    """A dashboard as its file holds it."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def chosen(name: str, label: str, query: str, description: str, *, every: str | None = ".+") -> Json:
    """A variable of label values; ``every`` is what All stands for, if empty all values. Without All there is one value."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "description": description,
        "datasource": SOURCE,
        "query": {"qryType": 1, "query": query, "refId": f"variable-{name}"},
        "definition": query,
        "regex": "",
        "refresh": 2,
        "sort": 1,
        "multi": every is not None,
        "includeAll": every is not None,
        "allValue": every or "",
        "current": {} if every is None else {"text": ["All"], "value": ["$__all"]},
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    }


def listed(name: str, label: str, values: Sequence[str], description: str, *, many: bool = True) -> Json:
    """A variable of values that are known: any of them and all, or one, the first of them at first."""
    first, text = (["$__all"], ["All"]) if many else (values[0], values[0])
    options: list[Json] = [{"text": value, "value": value, "selected": value == first} for value in values]
    if many:
        options.insert(0, {"text": "All", "value": "$__all", "selected": True})
    return {
        "type": "custom",
        "name": name,
        "label": label,
        "description": description,
        "query": ",".join(values),
        "multi": many,
        "includeAll": many,
        "allValue": ".+" if many else "",
        "current": {"text": text, "value": first, "selected": True},
        "options": options,
        "hide": 0,
        "skipUrlSync": False,
    }


def to(uid: str, *variables: str) -> str:
    """A link to a dashboard, with its variables; what is chosen and the time go along."""
    kept = ("${datasource:queryparam}", "${job:queryparam}", "${instance:queryparam}", "${__url_time_range}")
    return f"/d/{uid}?" + "&".join((*kept, *variables))


def _common() -> list[Json]:
    source: Json = {
        "type": "datasource",
        "name": "datasource",
        "label": "Data source",
        "description": "The Prometheus that scrapes the exporter",
        "query": "prometheus",
        "regex": "",
        "refresh": 1,
        "multi": False,
        "includeAll": False,
        "current": {},
        "options": [],
        "hide": 0,
        "skipUrlSync": False,
    }
    return [
        source,
        chosen("job", "Job", "label_values(dnsbl_build_info, job)", "Jobs that scrape exporters"),
        chosen("instance", "Instance", 'label_values(dnsbl_build_info{job=~"$job"}, instance)', "Exporters, or shards of one"),
    ]


def _links() -> Json:
    return {
        "type": "dashboards",
        "title": "DNSBL",
        "tags": [TAG],
        "asDropdown": False,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
        "icon": "external link",
        "tooltip": "",
        "url": "",
    }


def _alerts_of_grafana() -> Json:
    """What Grafana itself puts on every dashboard."""
    return {
        "builtIn": 1,
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }


def _annotation(annotation: Annotation) -> Json:
    return {
        "name": annotation.name,
        "datasource": SOURCE,
        "enable": annotation.shown,
        "hide": False,
        "iconColor": annotation.colour,
        "expr": annotation.expr,
        "step": annotation.step,
        "useValueForTime": annotation.timed,
        "titleFormat": annotation.title,
        "textFormat": "",
        "tagKeys": "list,sublist",
    }
