"""Kinds of panels, each with the looks that all of its kind share. Titles and descriptions come first, then what is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from grafana.build.looks import GREEN, PLAIN, steps
from grafana.build.words import Json, Panel

SOURCE: Mapping[str, Json] = {"type": "prometheus", "uid": "${datasource}"}
SCRAPE = "1m"
"""The least step: series are scraped no more often, and a rate needs several scrapes."""
NO_EXPORTER = "no exporter"


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and the name of what it gives; ``step`` is the least one."""

    expr: str
    legend: str = ""
    step: str = SCRAPE


def targets(queries: Sequence[Query], *, instant: bool, table: bool = False) -> Sequence[Json]:
    """Queries as panels hold them."""
    return [
        {
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": query.expr,
            "format": "table" if table else "time_series",
            "instant": instant,
            "interval": query.step,
            "legendFormat": query.legend or "__auto",
            "range": not instant,
            "refId": chr(ord("A") + place),
        }
        for place, query in enumerate(queries)
    ]


def panel(kind: str, title: str, description: str, asked: Sequence[Json]) -> Panel:
    """What every panel has."""
    return {"type": kind, "title": title, "description": description, "datasource": SOURCE, "targets": asked}


def stat(
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str = "short",
    *,
    thresholds: Mapping[str, Json] | None = None,
    mappings: Sequence[Json] = (),
    overrides: Sequence[Json] = (),
    decimals: int | None = 0,
    nothing: str = NO_EXPORTER,
    link: str = "",
    background: bool = False,
    text: str = "auto",
) -> Panel:
    """Numbers as of now; a link is followed by a click on them."""
    defaults: dict[str, Json] = {
        "unit": unit,
        "color": {"mode": "thresholds"},
        "thresholds": thresholds or steps(PLAIN),
        "mappings": mappings,
        "noValue": nothing,
        "links": [{"title": "Look closer", "url": link, "targetBlank": False}] if link else [],
    }
    if decimals is not None:
        defaults["decimals"] = decimals
    return panel("stat", title, description, targets(queries, instant=True)) | {
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "options": {
            "colorMode": "background_solid" if background else "value",
            "graphMode": "none",
            "justifyMode": "center",
            "orientation": "auto",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "textMode": text,
            "wideLayout": False,
        },
    }


def timeseries(
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str = "short",
    *,
    stacked: bool = False,
    bars: bool = False,
    legend: str = "list",
    calcs: Sequence[str] = (),
    overrides: Sequence[Json] = (),
    least: float | None = 0,
    most: float | None = None,
    decimals: int | None = None,
    thresholds: Mapping[str, Json] | None = None,
    nothing: str = "No data",
    stepped: bool = False,
    filled: bool = False,
    counts: bool = False,
) -> Panel:
    """Lines over time, or bars. ``legend`` is ``list`` below, or ``table`` at the right; ``counts`` are whole numbers."""
    custom: dict[str, Json] = {
        "drawStyle": "bars" if bars else "line",
        "lineInterpolation": "stepAfter" if stepped else "linear",
        "lineWidth": 1 if stacked or bars else 2,
        "fillOpacity": 80 if bars else 30 if stacked else 10 if filled else 0,
        "gradientMode": "none",
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked or bars else "none", "group": "A"},
        "axisSoftMin": 0,
        "thresholdsStyle": {"mode": "dashed" if thresholds else "off"},
    }
    if counts:
        custom["axisSoftMax"], decimals, unit = 5, 0, "locale"
    defaults: dict[str, Json] = {"unit": unit, "color": {"mode": "palette-classic"}, "custom": custom, "noValue": nothing}
    for name, value in (("min", least), ("max", most), ("decimals", decimals), ("thresholds", thresholds)):
        if value is not None:
            defaults[name] = value
    table = legend == "table"
    return panel("timeseries", title, description, targets(queries, instant=False)) | {
        "fieldConfig": {"defaults": defaults, "overrides": overrides},
        "options": {
            "legend": {
                "showLegend": True,
                "displayMode": "table" if table else "list",
                "placement": "right" if table else "bottom",
                "calcs": list(calcs) if calcs else ["lastNotNull"] if table else [],
                "sortBy": "Last *",
                "sortDesc": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc", "hideZeros": True},
        },
    }


def timeline(
    title: str,
    description: str,
    queries: Sequence[Query],
    mappings: Sequence[Json],
    *,
    nothing: str,
    unit: str = "none",
    height: float = 0.8,
    legend: bool = True,
) -> Panel:
    """States over time, a row for each series; values have texts and colours by mappings."""
    return panel("state-timeline", title, description, targets(queries, instant=False)) | {
        "fieldConfig": {
            "defaults": {
                "unit": unit,
                "color": {"mode": "thresholds"},
                "thresholds": steps(GREEN),
                "mappings": mappings,
                "noValue": nothing,
                "custom": {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False, "insertNulls": False},
            },
            "overrides": [],
        },
        "options": {
            "alignValue": "left",
            "mergeValues": True,
            "rowHeight": height,
            "showValue": "auto",
            "perPage": 30,
            "legend": {"showLegend": legend, "displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    }


def bars(
    title: str,
    description: str,
    queries: Sequence[Query],
    unit: str = "short",
    *,
    thresholds: Mapping[str, Json],
    nothing: str,
    most: float | None = None,
    decimals: int | None = 0,
) -> Panel:
    """One horizontal bar for each series, as of now."""
    defaults: dict[str, Json] = {
        "unit": unit,
        "min": 0,
        "color": {"mode": "thresholds"},
        "thresholds": thresholds,
        "noValue": nothing,
    }
    for name, value in (("max", most), ("decimals", decimals)):
        if value is not None:
            defaults[name] = value
    return panel("bargauge", title, description, targets(queries, instant=True)) | {
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": {
            "displayMode": "basic",
            "orientation": "horizontal",
            "namePlacement": "left",
            "showUnfilled": True,
            "valueMode": "color",
            "minVizHeight": 16,
            "maxVizHeight": 28,
            "minVizWidth": 8,
            "text": {"titleSize": 12, "valueSize": 14},
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    }


def heatmap(title: str, description: str, query: Query, unit: str, *, nothing: str = "No data") -> Panel:
    """The buckets of a histogram over time."""
    asked = [dict(target, format="heatmap") for target in targets([query], instant=False) if isinstance(target, Mapping)]
    return panel("heatmap", title, description, asked) | {
        "maxDataPoints": 120,
        "fieldConfig": {"defaults": {"unit": unit, "noValue": nothing}, "overrides": []},
        "options": {
            "calculate": False,
            "cellGap": 1,
            "color": {
                "mode": "scheme",
                "scheme": "Blues",
                "exponent": 0.5,
                "scale": "exponential",
                "steps": 64,
                "reverse": False,
            },
            "filterValues": {"le": 1e-9},
            "legend": {"show": True},
            "rowsFrame": {"layout": "auto"},
            "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False},
            "yAxis": {"unit": unit, "axisPlacement": "left"},
            "cellValues": {"unit": "short"},
        },
    }
