"""Files of targets: looked at again and again, read when they changed, and believed only if they are whole.

Rules:

1. A file is read when two looks one after another show the same new state of it: one that is being written is left alone.
2. What cannot be read, or holds a fault, changes nothing: what the file last gave stays, and the trouble is said. So does what a
   file gave that is gone, until the config is loaded anew.
3. What was last read whole is kept in the history as it was, so that a file that is broken at the next start takes nothing away.
4. Everything here may take long, and is called in a thread.
"""

import glob
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from exporter.config import Config
from exporter.config.matching import matching, shown
from exporter.config.target_files import FileFound, TargetFileError, read_target_file
from exporter.expansion import Reason, Skipped
from exporter.history import Find
from exporter.origins.origin import Origin
from exporter.portions import Portion
from exporter.sources import Files

_PREFIX = "file:"
"""Before a path, as the history knows its content: a host may have the name of a file."""
_MOST_OCTETS = 1 << 28
_KEEP_AGAIN_SECONDS = 3600.0

Stamp = tuple[int, int, int]
"""By which a look tells that a file changed: inode, size, time of the last change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was last looked at, and what it last gave."""

    origin: Origin
    portions: tuple[Portion, ...] = ()
    """The very same as before if it gives the same."""
    looked: Stamp | None = None
    read: Stamp | None = None
    """The state in which it was last read, whole or not."""
    content: bytes | None = None
    """What to keep in the history; nothing if that has it already."""


FilesSeen = Mapping[tuple[Files, Path], Seen]
"""By source and path."""


def first(config: Config, kept: Mapping[str, Find], now: float) -> dict[tuple[Files, Path], Seen]:
    """Every file of the config, read now; from the history where that cannot be done."""
    seen = {}
    for source, path in _all(config):
        name = shown(path, config.folder)
        find = kept.get(_PREFIX + name)
        before = Seen(Origin(name)) if find is None else _from_history(config, source, name, find)
        seen[source, path] = _read(config, source, path, replace(before, looked=_stamp(path)), now)
    return seen


def again(config: Config, before: FilesSeen, now: float) -> dict[tuple[Files, Path], Seen]:
    """What another look shows. Files that are there since are read after the next one."""
    seen = {}
    for source, path in dict.fromkeys([*before, *_all(config)]):
        was = before.get((source, path)) or Seen(Origin(shown(path, config.folder)))
        stamp = _stamp(path)
        if stamp == was.looked != was.read or (stamp is None and was.origin.up):
            was = _read(config, source, path, was, now)
        seen[source, path] = replace(was, looked=stamp)
    return seen


def to_keep(seen: Iterable[Seen], now: float) -> dict[str, Find]:
    """What the history is to keep of them."""
    return {_PREFIX + one.origin.name: Find(one.content, now) for one in seen if one.content is not None}


def to_keep_longer(seen: Iterable[Seen], held: Mapping[str, Find], now: float) -> dict[str, Find]:
    """What the history has of files that still are as they were read: it forgets what nobody noted for long."""
    names = [_PREFIX + one.origin.name for one in seen if one.origin.up and one.content is None]
    return {name: Find(held[name].content, now) for name in names if name in held and held[name].at < now - _KEEP_AGAIN_SECONDS}


def _all(config: Config) -> list[tuple[Files, Path]]:
    return [(source, path) for source in config.sources if isinstance(source, Files) for path in _matching(source.pattern)]


def _matching(pattern: str) -> list[Path]:
    """A file that is named itself is looked for, there or not."""
    if not glob.has_magic(pattern):
        return [Path(pattern)]
    try:
        return matching(pattern)
    except ValueError:  # too many, and loading the config said so: what they last gave stays
        return []


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(config: Config, source: Files, path: Path, before: Seen, now: float) -> Seen:
    name = before.origin.name
    try:
        stamp = _stamp(path)
        with path.open("rb") as file:
            content = file.read(_MOST_OCTETS + 1)
        found = read_target_file(name, content, source.labels, config.lists)
    except OSError as error:
        trouble = f"cannot be read: {error.strerror or type(error).__name__}"
        return replace(before, origin=replace(before.origin, up=False, trouble=trouble), read=None, content=None)
    except TargetFileError as error:
        return replace(before, origin=replace(before.origin, up=False, trouble=str(error)), read=stamp, content=None)
    origin = Origin(name, up=True, trouble="", skipped=_skipped(name, found), succeeded_at=now)
    portions = before.portions if found.portions == before.portions else found.portions
    return Seen(origin, portions, before.looked, stamp, zlib.compress(content, 1))


def _from_history(config: Config, source: Files, name: str, find: Find) -> Seen:
    try:
        content = zlib.decompressobj().decompress(find.content, _MOST_OCTETS + 1)
        found = read_target_file(name, content, source.labels, config.lists)
    except (zlib.error, TargetFileError):
        return Seen(Origin(name))
    return Seen(Origin(name, trouble="not read yet", skipped=_skipped(name, found), succeeded_at=find.at), found.portions)


def _skipped(name: str, found: FileFound) -> tuple[Skipped, ...]:
    return (*found.skipped, *(Skipped(Reason.NO_LIST, name, notice) for notice in found.notices))
