"""Figures as tables: each with its aim, and whether it is met. Colours and progress are for terminals only."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

ROUNDS = ("lowest", "highest", "median")
"""The columns of what was measured in rounds."""
_PIPE_WIDTH = 130


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound, from below or from above, that belongs to what is aimed at."""

    bound: float
    from_below: bool

    def __str__(self) -> str:
        return f"{'>=' if self.from_below else '<='} {self.bound:,g}"

    def met(self, value: float) -> bool:
        return value >= self.bound if self.from_below else value <= self.bound


def at_least(bound: float) -> Aim:
    return Aim(bound, from_below=True)


def at_most(bound: float) -> Aim:
    return Aim(bound, from_below=False)


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """What `ROUNDS` names."""
    return min(values), max(values), median(values)


class Figures:
    """A table; of each row the last value is held against the aim."""

    def __init__(self, title: str, columns: Sequence[str]) -> None:
        self._title = title
        self._table = Table("", box=SIMPLE_HEAD)
        for column in (*columns, "aim", ""):
            self._table.add_column(column, justify="right", no_wrap=True)
        self._columns = len(columns)

    def add(self, what: str, *values: float, digits: int = 1, aim: Aim | None = None) -> None:
        """A row; with fewer values than columns, they stand in the last ones."""
        cells = [f"{value:,.{digits}f}" for value in values]
        cells = [*[""] * (self._columns - len(cells)), *cells]
        self._table.add_row(what, *cells, "" if aim is None else str(aim), "" if aim is None else _mark(aim.met(values[-1])))

    def say(self, what: str) -> None:
        """A row without values."""
        self._table.add_row(what)

    def show(self) -> None:
        console = Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=_PIPE_WIDTH)
        console.print(self._title, style="bold")
        console.print(self._table)


def rounds(count: int, what: str) -> Iterator[int]:
    """The numbers of the rounds, shown as they go. Nothing moves meanwhile: that would take time from what is measured."""
    for number in range(count):
        _progress(f"{what}: round {number + 1} of {count}")
        yield number
    _progress("")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[2K{text}", end="", file=sys.stderr, flush=True)


def _mark(met: bool) -> Text:
    return Text("met", "green") if met else Text("missed", "bold red")
