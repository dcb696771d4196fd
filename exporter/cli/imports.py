"""``import``: the config files of another tool in, a config of ours out, and what became of them on standard error."""

from collections.abc import Sequence
from pathlib import Path

import click

from exporter.cli import terminal
from exporter.config.matching import content
from exporter.foreign import MAX_OCTETS, ForeignError, convert, printable

UNUSABLE = 2


def run(paths: Sequence[Path]) -> int:
    """Print the config, or say why there is none, and give the exit code."""
    said = terminal.console(stderr=True)
    try:
        made = convert(_files(paths))
    except ForeignError as error:
        for line in str(error).splitlines():
            terminal.say(said, line, "red")
        return UNUSABLE
    click.echo(made.text.encode(), nl=False)  # as bytes: a config is UTF-8 in every locale
    terminal.say(said, made.summary, "green")
    if not made.complete:
        terminal.say(said, "There is no target yet: add yours under `targets` before you use the config.", "yellow")
    return 0


def _files(paths: Sequence[Path]) -> list[tuple[str, bytes]]:
    """The files by their names. Raises :class:`ForeignError` with all that cannot be read."""
    files: list[tuple[str, bytes]] = []
    troubles: list[str] = []
    for path in paths:
        try:
            files.append((str(path), content(path, MAX_OCTETS)))
        except (OSError, ValueError) as error:  # ValueError: a path that cannot be one
            reason = (error.strerror if isinstance(error, OSError) else None) or "no file can have this name"
            troubles.append(f"{printable(str(path))}:1: cannot be read: {reason}; give the path of a file")
    if troubles:
        raise ForeignError("\n".join(troubles))
    return files
