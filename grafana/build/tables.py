"""Tables: several instant queries merged by their labels; only the columns that are named are shown, in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grafana.build.looks import override
from grafana.build.panels import Query, panel, targets
from grafana.build.words import Json, Panel

_LABEL_WIDTH = 135
MINUTES = "time:YYYY-MM-DD HH:mm"
"""The unit of times."""


@dataclass(frozen=True, slots=True)
class Column:
    """A label or, named by its query's letter, a value. ``more`` is the field's further properties."""

    source: str
    title: str
    width: int | None = None
    """Without one, it shares what is left."""
    unit: str = ""
    decimals: int | None = None
    mappings: Sequence[Json] = ()
    link: str = ""
    linked: str = ""
    """What the link does, in words."""
    coloured: bool = False
    """The text has the colour of its value."""
    more: tuple[tuple[str, Json], ...] = field(default=())

    def name(self, queries: int) -> str:
        """As Grafana names the field, if so many queries are asked."""
        if len(self.source) > 1:
            return self.source
        return f"Value #{self.source}" if queries > 1 else "Value"

    def properties(self) -> list[tuple[str, Json]]:
        """What differs from other columns."""
        found: list[tuple[str, Json]] = [("noValue", "–")]
        if len(self.source) > 1:
            found += [("custom.filterable", True), ("custom.minWidth", _LABEL_WIDTH)]
        if self.width is not None:
            found.append(("custom.width", self.width))
        if self.unit:
            found.append(("unit", self.unit))
        if self.decimals is not None:
            found.append(("decimals", self.decimals))
        if self.mappings:
            found.append(("mappings", self.mappings))
        if self.link:
            found.append(("links", [{"title": self.linked, "url": self.link, "targetBlank": self.link.startswith("${")}]))
        if self.coloured:
            found.append(("custom.cellOptions", {"type": "color-text"}))
        return [*found, *self.more]


def table(
    title: str,
    description: str,
    queries: Sequence[Query],
    columns: Sequence[Column],
    *,
    sort: Sequence[tuple[str, bool]],
    nothing: str,
    hidden: Sequence[str] = (),
    numbers: Sequence[str] = (),
) -> Panel:
    """Rows of what the queries give for equal labels; ``sort`` names titles, and whether they descend. Labels in ``numbers``
    hold numbers."""
    names = [column.name(len(queries)) for column in columns]
    excluded: dict[str, Json] = dict.fromkeys(("Time", *hidden), True)
    organize: Mapping[str, Json] = {
        "excludeByName": excluded,
        "indexByName": {name: place for place, name in enumerate(names)},
        "renameByName": {name: column.title for name, column in zip(names, columns, strict=True)},
    }
    steps: list[Json] = [{"id": "merge", "options": {}}] if len(queries) > 1 else []
    if numbers:
        conversions: list[Json] = [{"targetField": name, "destinationType": "number"} for name in numbers]
        steps.append({"id": "convertFieldType", "options": {"conversions": conversions, "fields": {}}})
    return panel("table", title, description, targets(queries, instant=True, table=True)) | {
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "noValue": nothing,
                "color": {"mode": "thresholds"},
                "thresholds": {"mode": "absolute", "steps": [{"color": "text", "value": None}]},
                "custom": {"align": "left", "cellOptions": {"type": "auto"}, "minWidth": 60},
            },
            "overrides": [override(column.title, *column.properties()) for column in columns],
        },
        "options": {
            "cellHeight": "sm",
            "showHeader": True,
            "sortBy": [{"displayName": name, "desc": descends} for name, descends in sort],
        },
        "transformations": [*steps, {"id": "organize", "options": organize}],
    }


def bar(colour: str, most: float | None = None) -> tuple[tuple[str, Json], ...]:
    """Properties of a column whose values are drawn as bars."""
    properties: list[tuple[str, Json]] = [
        ("custom.cellOptions", {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"}),
        ("color", {"mode": "fixed", "fixedColor": colour}),
        ("min", 0),
        ("fieldMinMax", True) if most is None else ("max", most),
    ]
    return tuple(properties)
