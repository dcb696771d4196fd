"""``config check``: what a good config would watch, its files of targets read too, and what to mind of it.

Names are not looked up: what is behind them is not known before.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from exporter.config import Config
from exporter.config.matching import content_at_once, matching, shown, written
from exporter.config.target_files import MAX_BYTES, TargetFileError, read_target_file
from exporter.plan import Shard, build
from exporter.portions import MAX_TARGETS, Portion
from exporter.sources import Files, Named, Source

FAULTY = 2
_ABSENT = "there is no such file now"


@dataclass(slots=True)
class _Reading:
    """What the files gave, and what is wrong or to be minded."""

    found: dict[Source, tuple[Portion, ...]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def run(path: Path, config: Config) -> int:
    """Say how much would be watched, and give the exit code."""
    reading = _Reading()
    for source in config.sources:
        if isinstance(source, Files):
            reading.found[source] = tuple(_portions(source, config, reading))
    assembled = config.roster(reading.found)
    reading.errors += [f"{portion.origin}: makes more than {MAX_TARGETS:,} targets with others" for portion in assembled.left_out]
    if reading.errors:
        print(*reading.errors, sep="\n", file=sys.stderr)
        return FAULTY
    names = [source for source in config.sources if isinstance(source, Named)]
    lists = config.in_use(assembled.roster, names)
    checks = sum(map(len, build(assembled.roster, lists, Shard()).checks.values()))
    counts = (len(assembled.roster), "target"), (len(lists), "list"), (checks, "check")
    later = f"; {_count(len({source.name for source in names}), 'name')} to look up" if names else ""
    print(f"{path}: fine: {', '.join(_count(*count) for count in counts)}{later}")
    for warning in config.warnings:
        print(f"warning: {path}:{warning}")
    for notice in reading.notices:
        print(f"warning: {notice}")
    return 0


def _portions(source: Files, config: Config, reading: _Reading) -> Iterator[Portion]:
    pattern = written(source.pattern, config.folder)
    try:
        paths = matching(source.pattern)
    except ValueError as error:
        reading.errors.append(f"{pattern}: {error}")
        return
    if not paths:
        reading.notices.append(f"{pattern}: {_ABSENT}")
    for path in paths:
        name = shown(path, config.folder)
        try:
            found = read_target_file(name, content_at_once(path, MAX_BYTES), source.labels, config.lists)
        except FileNotFoundError:
            reading.notices.append(f"{name}: {_ABSENT}")
        except OSError as error:
            reading.errors.append(f"{name}: cannot be read: {error.strerror}")
        except TargetFileError as error:
            reading.errors.append(str(error))
        else:
            reading.notices += [f"{name}: {notice}" for notice in found.notices]
            reading.notices += [f"{name}: {skipped.what}: not watched: {skipped.why}" for skipped in found.skipped]
            yield from found.portions


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
