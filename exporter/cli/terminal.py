"""What the commands for people share: where they print, and how they show that they are still at it.

A pipe has no width to wrap at, no colours and no progress bar: a row of a table is a line there, and so is a sentence.
"""

import sys
import textwrap
from collections.abc import Iterable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

FEW = 3
"""Of many things that are alike so many are named."""
_PIPE_WIDTH = 1000
_PROSE_WIDTH = 110
"""Longer lines are hard to read, however wide a terminal is."""


def console(*, stderr: bool = False) -> Console:
    """Standard output, or standard error."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr) if stream.isatty() else Console(stderr=stderr, width=_PIPE_WIDTH)


def progress(*, wanted: bool) -> Progress:
    """A bar on standard error, wiped off at its end; invisible if it is not wanted or nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=not (wanted and sys.stderr.isatty()))


def say(console: Console, text: str, style: str = "", *, indent: str = "", hanging: str = "") -> None:
    """Print a paragraph; its other lines are indented by ``hanging`` against its first one. A link or a name stays whole."""
    width = min(console.width, _PROSE_WIDTH) if console.is_terminal else console.width
    lines = textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(Text(line, style), soft_wrap=True)


def few(texts: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    found = list(texts)
    shown = ", ".join(found[:FEW])
    return shown if len(found) <= FEW else f"{shown} and {len(found) - FEW:,} more"
