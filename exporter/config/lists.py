"""Entries of ``lists:`` to lists: what the catalogue adds to an entry, and how entries stand to each other."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from exporter import catalogue
from exporter.blocklist import Blocklist
from exporter.config.document import Note, Path, Value
from exporter.config.faults import keys_of, validated
from exporter.config.model import Checks, ListEntry
from exporter.config.words import read_zone, to_blocklist

_KEY_FIELDS = {"key_file", "key_env", "needs_key"}
_TOGETHER = (
    {"match", "class", "impact", "scope", "cause", "codes", "refusal_codes", "neutral_codes"},
    {"kinds", "test_entries"},
    _KEY_FIELDS,
)
"""Fields that are judged by each other: where one is unreadable, nothing can be said of the others."""
_STAND_IN: Mapping[str, object] = {"zone": "?", "kinds": ["ipv4"]}
"""For what an entry must have and has not, so that the rest of it is judged as well."""


@dataclass(frozen=True, slots=True)
class _Found:
    blocklist: Blocklist
    includes: list[str]
    line: int
    note: Note


class Lists:
    """The lists read so far, by name."""

    def __init__(self, checks: Checks, folder: FilePath, environment: Mapping[str, str]) -> None:
        self._checks = checks
        self._folder = folder
        self._environment = environment
        self._found: dict[str, _Found] = {}

    def add(self, value: Value, line: int, note: Note) -> None:
        """Read one entry: a name of the catalogue, or a mapping laid over the catalogue's entry for its zone."""
        own: Value = {"zone": value} if isinstance(value, str) else value
        if not isinstance(own, dict) or not own:
            note((), "must be the name of a list of the catalogue, or a mapping with a zone")
        elif isinstance(value, str) and (reason := _not_a_name(value)):
            note((), reason)
        else:
            self._add(own, line, note)

    def checked(self) -> tuple[Blocklist, ...]:
        """All of them, in the order of the file. Notes lists that are part of another one."""
        for whole in self._found.values():
            for index, text in enumerate(whole.includes):
                self._check_part(whole, text, index)
        return tuple(found.blocklist for found in self._found.values())

    def _add(self, own: Mapping[str, Value], line: int, note: Note) -> None:
        entry, later = _entry(own, note)
        blocklist = to_blocklist(entry, self._checks, self._folder, self._environment, later)
        if not blocklist.zone:
            return
        if before := self._found.get(blocklist.name):
            note((), f"{blocklist.name} is given twice, first in line {before.line}")
            return
        self._found[blocklist.name] = _Found(blocklist, entry.includes, line, note)

    def _check_part(self, whole: _Found, text: str, index: int) -> None:
        try:
            part = read_zone(text)
        except ValueError as error:
            whole.note(("includes", index), str(error))
            return
        if part == whole.blocklist.name:
            whole.note(("includes", index), "is the list itself")
        elif part in self._found:
            both = f"{part} is part of {whole.blocklist.name}, which is asked too"
            self._found[part].note((), f"{both}: one listing would count twice; remove one of them")


def _entry(own: Mapping[str, Value], note: Note) -> tuple[ListEntry, Note]:
    """The entry as far as it can be read, and where to note what is found later: nothing more about fields that are noted."""
    wrong: set[str | int] = set()

    def first(path: Path, message: str) -> None:
        wrong.update(path[:1])
        note(path, message)

    def later(path: Path, message: str) -> None:
        if wrong.isdisjoint(path[:1]):
            note(path, message)

    merged = _merged(own, first)
    entry = validated(ListEntry, merged, first)
    if entry is None or wrong:
        entry = ListEntry.model_validate(_readable(merged, wrong))
    return entry, later


def _merged(own: Mapping[str, Value], note: Note) -> Mapping[str, object]:
    """The entry laid over the catalogue's."""
    try:
        zone = read_zone(str(own.get("zone", "")))
    except ValueError:  # noted later; whether the catalogue would have known its kinds is open
        return {"kinds": _STAND_IN["kinds"], **own}
    known = catalogue.entries().get(zone)
    if known is None:
        if "kinds" not in own:
            hint = _suggestion(zone) or "the zone is not in the catalogue: say what it lists, such as [ipv4]"
            note(("kinds",), f"is missing; {hint}")
        return {"kinds": _STAND_IN["kinds"], **own}
    merged = {**known, **own}
    if not merged.get("needs_key") and (field := next((field for field in ("key_file", "key_env") if field in own), None)):
        note((field,), f"{zone} takes no key and would only learn yours: remove it, or name the operator's zone for key holders")
    return merged


def _readable(merged: Mapping[str, object], wrong: set[str | int]) -> Mapping[str, object]:
    left_out = wrong.union(*(fields for fields in _TOGETHER if fields & wrong))
    if not wrong <= set(keys_of(ListEntry)):
        left_out |= _KEY_FIELDS  # an unknown key may have been meant for one of them
    return {**_STAND_IN, **{key: value for key, value in merged.items() if key not in left_out}}


def _not_a_name(text: str) -> str | None:
    """Why a text is not the name of a list of the catalogue."""
    try:
        zone = read_zone(text)
    except ValueError as error:
        return str(error)
    if zone in catalogue.entries():
        return None
    return f"is not in the catalogue; {_suggestion(zone) or 'a list of your own is a mapping with zone and kinds'}"


def _suggestion(zone: str) -> str | None:
    close = difflib.get_close_matches(zone, list(catalogue.entries()), n=1, cutoff=0.8)
    return f"did you mean {close[0]}?" if close else None
