"""Config files of other tools, check_rbl and dnsbl_exporter, to a config of our own, as text.

::

    bytes -> ini.read -> asked.understand -> lists.fates, targets.fates -> page

Rules:

1. Nothing is read, asked or resolved here, and the catalogue is all that is known of lists.
2. One file that is not theirs refuses all: half a config would look like a whole one.
3. What is written loads. Where something could not be kept, a comment says what and why.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from exporter.blocklist import Blocklist
from exporter.config import built_in
from exporter.foreign import lists, targets
from exporter.foreign.asked import Asked, understand
from exporter.foreign.ini import MAX_OCTETS, IniError, read
from exporter.foreign.page import Content, page, printable

__all__ = ["MAX_OCTETS", "Conversion", "ForeignError", "convert", "printable"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """A config, what became of what the files held, and whether it holds a target: without one it is not complete."""

    text: str
    summary: str
    complete: bool


class ForeignError(Exception):
    """The files cannot be imported: a line for each that is to blame."""


def convert(files: Iterable[tuple[str, bytes]]) -> Conversion:
    """The config that asks for what these files ask for, by their names and contents. Raises :class:`ForeignError`."""
    content = _content(_understood(files))
    summary = _summary(content)
    complete = any(not isinstance(fate, targets.Refused) for fate in content.targets)
    return Conversion(page(content, summary), summary, complete)


def _understood(files: Iterable[tuple[str, bytes]]) -> list[Asked]:
    asked: list[Asked] = []
    troubles: list[str] = []
    for name, raw in files:
        try:
            asked.append(understand(name, read(raw)))
        except IniError as error:
            troubles.append(f"{printable(name)}:{error.line}: {error}")
    if troubles:
        raise ForeignError("\n".join(troubles))
    return asked


def _content(asked: Sequence[Asked]) -> Content:
    asked_lists = [each for file in asked for each in file.lists]
    asked_targets = [each for file in asked for each in file.targets]
    becoming = lists.fates(asked_lists)
    taken = _taken(becoming)
    names = targets.meaning_of_names(asked_lists, asked_targets, taken)
    watched, again = targets.fates(asked_targets, taken, names)
    return Content(asked, becoming, watched, again, names)


def _taken(becoming: Iterable[lists.Fate]) -> Sequence[Blocklist]:
    """Of the lists that will be asked one for each thing that they take: what takes the longest names."""
    asked = [fate.blocklist for fate in becoming if isinstance(fate, lists.Named | lists.Own)] or built_in().lists
    longest_zone_first = sorted(asked, key=lambda blocklist: len(blocklist.suffix), reverse=True)
    return list({(each.kinds, each.non_global, each.registrable): each for each in longest_zone_first}.values())


def _summary(content: Content) -> str:
    kept = sum(isinstance(fate, lists.Named | lists.Own) for fate in content.lists)
    waiting = sum(isinstance(fate, lists.Waiting) for fate in content.lists)
    refused = sum(isinstance(fate, targets.Refused) for fate in content.targets)
    of_lists = [
        f"{kept} {'list' if kept == 1 else 'lists'} kept",
        *([f"{waiting} waiting for a key"] if waiting else []),
        f"{len(content.lists) - kept - waiting} dropped",
    ]
    watched = len(content.targets) - refused
    of_targets = [
        f"{watched} {'target' if watched == 1 else 'targets'}",
        *([f"{refused} refused"] if refused else []),
        *([f"{content.again} given again"] if content.again else []),
    ]
    return f"{', '.join(of_lists)}; {', '.join(of_targets)}."
