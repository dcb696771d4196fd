"""Files of targets: looked at again and again, read when they changed, and believed only if they are whole.

Rules:

1. A file is read when two looks one after another show the same new state of it: one that is being written is left alone. If
   that goes on for long, it is a failure.
2. What cannot be read, or holds a fault, changes nothing: what the file last gave stays, and the trouble is said. So does what a
   file gave that is gone, until the config is loaded anew; longer if the config names it itself, since the history has it.
3. What was last read whole is kept in the history as it was, so that a file that is broken at the next start takes nothing away.
4. A pattern that names too many files is an origin that failed. Those of them that were read before are followed on.
5. Everything here may take long, and is called in a thread.
"""

import glob
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from exporter.config import Config
from exporter.config.matching import content_at_once, matching, shown, written
from exporter.config.target_files import MAX_BYTES, FileFound, TargetFileError, read_target_file
from exporter.history import Find
from exporter.origins.origin import Origin
from exporter.portions import Portion
from exporter.sources import Files

_PREFIX = "file:"
"""Before a path, as the history knows its content: a host may have the name of a file."""
_MOST_RESTLESS = 60
"""Looks one after another that each show another state of a file."""
_ALWAYS_WRITTEN = "was never at rest: it is read when nobody writes it for two seconds"

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
    restless: int = 0
    """How many looks in a row showed another state than the one before."""
    overfull: bool = False
    """Whether this is no file but a pattern that names too many."""


FilesSeen = Mapping[tuple[Files, Path], Seen]
"""By source and path."""
_NOTHING_SEEN: FilesSeen = MappingProxyType({})


def first(
    config: Config, kept: Mapping[str, Find], now: float, known: FilesSeen = _NOTHING_SEEN
) -> dict[tuple[Files, Path], Seen]:
    """Every file of the config, read now; where that cannot be done, as it is ``known``, or else as the history has it."""
    places, seen = _look(config)
    for source, path in dict.fromkeys([*places, *_out_of_sight(config, kept, seen)]):
        before = known.get((source, path)) or _from_history(config, source, path, kept)
        seen[source, path] = _read(config, source, path, replace(before, looked=_stamp(path)), now)
    return seen


def _out_of_sight(config: Config, kept: Mapping[str, Find], overfull: FilesSeen) -> Iterator[tuple[Files, Path]]:
    """Files that the history has of patterns that cannot be followed now: of those whose folder is not there, and what is still
    there of those that name too many."""
    names = [name.removeprefix(_PREFIX) for name in kept if name.startswith(_PREFIX)]
    for source in config.sources:
        if isinstance(source, Files):
            gone = not _is_there(source.pattern)
            if gone or (source, Path(source.pattern)) in overfull:
                paths = [path for path in (config.folder / name for name in names) if _matches(path, source.pattern)]
                yield from ((source, path) for path in paths if gone or path.is_file())


def _is_there(pattern: str) -> bool:
    """Whether there is a folder in which files could be that the pattern names."""
    return bool(glob.glob(str(Path(pattern).parent)))


def names(seen: FilesSeen) -> set[str]:
    """How the history calls these files."""
    return {_PREFIX + one.origin.name for one in seen.values()}


def again(config: Config, before: FilesSeen, now: float) -> dict[tuple[Files, Path], Seen]:
    """What another look shows. Files that are there since are read after the next one."""
    places, seen = _look(config)
    known = [place for place, was in before.items() if not was.overfull]
    for source, path in dict.fromkeys([*known, *places]):
        was = before.get((source, path)) or Seen(Origin(shown(path, config.folder)))
        stamp = _stamp(path)
        if stamp == was.looked != was.read or (stamp is None and was.origin.up):
            was = _read(config, source, path, was, now)
        restless = 0 if stamp == was.looked else was.restless + 1
        if restless >= _MOST_RESTLESS:
            was = replace(was, origin=replace(was.origin, up=False, trouble=_ALWAYS_WRITTEN))
        seen[source, path] = replace(was, looked=stamp, restless=restless)
    return seen


def to_keep(seen: Iterable[Seen], now: float) -> dict[str, Find]:
    """What the history is to keep of them."""
    return {_PREFIX + one.origin.name: Find(one.content, now) for one in seen if one.content is not None}


def idle(config: Config, seen: FilesSeen) -> list[str]:
    """The patterns that name no file, as they stand in the config."""
    busy = {source for source, _ in seen}
    return [
        written(source.pattern, config.folder) for source in config.sources if isinstance(source, Files) and source not in busy
    ]


def _look(config: Config) -> tuple[list[tuple[Files, Path]], dict[tuple[Files, Path], Seen]]:
    """The files there are by the patterns of the config, and the patterns that name too many."""
    places: list[tuple[Files, Path]] = []
    overfull = {}
    for source in config.sources:
        if isinstance(source, Files):
            try:
                places += [(source, path) for path in matching(source.pattern)]
            except ValueError as error:
                origin = Origin(written(source.pattern, config.folder), trouble=f"{error}: new ones are not read")
                overfull[source, Path(source.pattern)] = Seen(origin, overfull=True)
    return places, overfull


def _matches(path: Path, pattern: str) -> bool:
    """Whether the pattern names the file. A relative one matches at any depth, by itself."""
    return path.match(pattern) and len(path.parts) == len(Path(pattern).parts)


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
        content = content_at_once(path, MAX_BYTES)
        found = read_target_file(name, content, source.labels, config.lists)
    except OSError as error:
        trouble = f"cannot be read: {error.strerror or type(error).__name__}"
        return replace(before, origin=replace(before.origin, up=False, trouble=trouble), read=None, content=None)
    except TargetFileError as error:
        return replace(before, origin=replace(before.origin, up=False, trouble=str(error)), read=stamp, content=None)
    origin = replace(_origin(name, found, now), up=True, trouble="")
    if found.portions == before.portions and before.origin.succeeded_at:
        return Seen(origin, before.portions, before.looked, stamp)  # nobody makes a new plan for it, and the history has it
    return Seen(origin, found.portions, before.looked, stamp, zlib.compress(content, 1))


def _from_history(config: Config, source: Files, path: Path, kept: Mapping[str, Find]) -> Seen:
    name = shown(path, config.folder)
    find = kept.get(_PREFIX + name)
    if find is None:
        return Seen(Origin(name))
    try:
        content = zlib.decompressobj().decompress(find.content, MAX_BYTES + 1)
        found = read_target_file(name, content, source.labels, config.lists)
    except (zlib.error, TargetFileError):
        return Seen(Origin(name))
    return Seen(replace(_origin(name, found, find.at), trouble="not read yet"), found.portions)


def _origin(name: str, found: FileFound, at: float) -> Origin:
    size = sum(len(portion.members) for portion in found.portions)
    return Origin(name, skipped=found.skipped, notices=found.notices, succeeded_at=at, written_out=size)
