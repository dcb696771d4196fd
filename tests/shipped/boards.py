"""The dashboards as they are committed, taken apart: panels, queries, and what a query names.

Rule 1: what is in quotes is set aside first, so braces and names in it are none of the query's.
Rule 2: variables are filled in as Grafana does it for Prometheus.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | bool | None"
Object: TypeAlias = "dict[str, Json]"

FOLDER = Path(__file__).parents[2] / "grafana" / "dashboards"
BOARDS: Mapping[str, Object] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}

_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SELECTOR = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}")
_MATCHER = re.compile(r"([$\w]+)\s*(=~|!~|!=|=)\s*\"(\d+)\"")
_VARIABLE = re.compile(r"\$\{(\w+)(?::\w+)?\}|\$([A-Za-z_]\w*)")
_DOTTED = re.compile(r"\$\{(__\w+)\.[^}]*\}")


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric in a query, with its matchers: by label, how and with what."""

    metric: str
    matchers: Mapping[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query of a panel or an annotation."""

    board: str
    panel: str
    ref: str
    expr: str
    instant: bool
    step: float
    kind: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel}, {self.ref}"


def objects(value: Json, *path: str) -> list[Object]:
    """The objects of a list somewhere in an object; none if it is not there."""
    for name in path:
        value = value.get(name, {}) if isinstance(value, dict) else {}
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def text(value: Json, *path: str) -> str:
    """A text somewhere in an object, or nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def number(value: Json, *path: str) -> int:
    """A whole number that must be there."""
    for name in path:
        value = value[name] if isinstance(value, dict) else None
    assert isinstance(value, int), path
    return value


def panels(board: Object) -> list[Object]:
    """All panels and the headings of sections."""
    return [each for panel in objects(board, "panels") for each in (panel, *objects(panel, "panels"))]


def drawn(board: Object) -> list[Object]:
    """All panels that show data."""
    return [panel for panel in panels(board) if panel["type"] not in ("row", "text")]


def variables(board: Object) -> dict[str, Object]:
    """By name."""
    return {text(variable, "name"): variable for variable in objects(board, "templating", "list")}


def annotations(board: Object) -> list[Object]:
    """All but Grafana's own."""
    return [annotation for annotation in objects(board, "annotations", "list") if not annotation.get("builtIn")]


def asked() -> Iterator[Asked]:
    """Every query of every panel."""
    for name, board in BOARDS.items():
        for panel in drawn(board):
            for target in objects(panel, "targets"):
                step = seconds(text(target, "interval"))
                what = text(panel, "title"), text(target, "refId"), text(target, "expr")
                yield Asked(name, *what, target["instant"] is True, step, text(panel, "type"))


def events() -> Iterator[Asked]:
    """Every query of every annotation."""
    for name, board in BOARDS.items():
        for annotation in annotations(board):
            what = text(annotation, "name"), "annotation", text(annotation, "expr")
            yield Asked(name, *what, False, seconds(text(annotation, "step")), "annotation")


def seconds(duration: str) -> float:
    """``1m``, ``6h``."""
    return float(duration[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[duration[-1]]


def plain(expr: str) -> tuple[str, list[str]]:
    """A query with its texts set aside: a number stands for each."""
    texts: list[str] = []

    def aside(found: re.Match[str]) -> str:
        texts.append(found[1])
        return f'"{len(texts) - 1}"'

    return _TEXT.sub(aside, expr), texts


def selectors(expr: str) -> list[Selector]:
    """The metrics that a query names."""
    bare, texts = plain(expr)
    return [
        Selector(metric, {label: (how, texts[int(place)]) for label, how, place in _MATCHER.findall(inside)})
        for metric, inside in _SELECTOR.findall(bare)
    ]


def used(value: Json) -> set[str]:
    """The variables that are named anywhere in a value, Grafana's own with them."""
    written = _DOTTED.sub(r"$\1", json.dumps(value, ensure_ascii=False))
    return {braced or bare for braced, bare in _VARIABLE.findall(written)}


def filled(expr: str, choices: Mapping[str, str]) -> str:
    """A query with values for its variables."""
    return _VARIABLE.sub(lambda found: choices[found[1] or found[2]], expr)
