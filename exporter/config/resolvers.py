"""Entries of ``resolvers:`` to resolvers. A text is an address alone, a mapping says more of it."""

from collections.abc import Sequence

from exporter.blocklist import Resolver
from exporter.config.document import Note, Path
from exporter.config.faults import validated
from exporter.config.model import ResolverEntry


def read_resolvers(values: Sequence[object], path: Path, note: Note) -> tuple[Resolver, ...]:
    """Each once; notes what is none. Where two entries name the same, they contradict or repeat each other."""
    found: dict[str, Resolver] = {}
    for index, value in enumerate(values):
        resolver = _read(value, (*path, index), note)
        if resolver is None:
            continue
        if resolver.address in found:
            note((*path, index), "is given twice")
        found.setdefault(resolver.address, resolver)
    return tuple(found.values())


def _read(value: object, path: Path, note: Note) -> Resolver | None:
    if isinstance(value, dict):
        entry = validated(ResolverEntry, value, lambda inside, message: note((*path, *inside), message))
    else:
        entry = validated(ResolverEntry, {"address": value}, lambda _, message: note(path, message))
    return None if entry is None else Resolver(entry.address, entry.mixed_case)
