"""Entries of ``lists:`` to lists: what the catalogue adds to an entry, and how entries stand to each other.

Rules:

1. What the user writes himself wins: his entry over the same list out of a set, and a list that holds a member over the member.
2. A list and a part of it are not asked both. A part that the user names himself is his mistake, also where a set asks the whole.
3. A list that has ended is asked only if its kinds are given: whoever gives them says that he knows better, and is warned.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from exporter import catalogue
from exporter.blocklist import Blocklist
from exporter.config import cautions
from exporter.config.document import Note, Path, Value
from exporter.config.faults import keys_of, validated
from exporter.config.model import Checks, ListEntry
from exporter.config.outlook import Outlook
from exporter.config.sets import SETS, members
from exporter.config.unions import in_catalogue, parts
from exporter.config.words import read_zone, to_blocklist

_KEY_FIELDS = {"key_file", "key_env", "needs_key", "status"}
_TOGETHER = (
    {"match", "class", "impact", "scope", "cause", "codes", "refusal_codes", "neutral_codes"},
    {"kinds", "test_entries"},
    _KEY_FIELDS,
)
"""Fields that are judged by each other: where one is unreadable, nothing can be said of the others."""
_STAND_IN: Mapping[str, object] = {"zone": "?", "kinds": ["ipv4"]}
"""For what an entry must have and has not, so that the rest of it is judged as well."""
_ALL_THE_SAME = " (to ask it all the same, write a mapping with its kinds)"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands, and where to say what is wrong with it or what to mind of it."""

    line: int
    note: Note
    warn: Note


@dataclass(frozen=True, slots=True)
class _Found:
    blocklist: Blocklist
    includes: tuple[str, ...]
    place: Place
    set_name: str
    """The set that brought it in; empty if the file names it."""


class Lists:
    """The lists read so far, by name."""

    def __init__(self, checks: Checks, folder: FilePath, environment: Mapping[str, str]) -> None:
        self._checks = checks
        self._folder = folder
        self._environment = environment
        self._found: dict[str, _Found] = {}
        self._sets: dict[str, Place] = {}
        self._parts: dict[str, list[str]] = {}
        """What users say by ``part_of``. The catalogue says the same by ``includes`` of the other list."""

    def add(self, value: Value, place: Place) -> None:
        """Read one entry: a set, a name of the catalogue, or a mapping laid over the catalogue's entry for its zone."""
        own: Value = {"zone": value} if isinstance(value, str) else value
        if isinstance(value, str) and value in SETS:
            self._add_set(value, place)
        elif not isinstance(own, dict) or not own:
            place.note((), "must be the name of a set or of a list of the catalogue, or a mapping with a zone")
        elif isinstance(value, str) and (reason := _not_a_name(value)):
            place.note((), reason)
        else:
            self._add(own, place)

    def complete(self) -> None:
        """After the last entry: bring in the members of the sets, and note lists that are part of another one."""
        self._add_members()
        for whole in self._found.values():
            held = parts(whole.blocklist.name, self._holds)
            for name, part in self._found.items():
                if name in held:  # no member of a set is: those were left out
                    part.place.note((), _counted_twice(name, whole))

    def all(self) -> tuple[Blocklist, ...]:
        """Those that the file names, in its order, and then those out of sets."""
        return tuple(found.blocklist for found in self._found.values())

    def out_of_sets(self) -> frozenset[str]:
        """The names of those that the file does not name."""
        return frozenset(name for name, found in self._found.items() if found.set_name)

    def warn_of_idle(self, outlook: Outlook) -> None:
        """Say which of those that the file names take none of the targets."""
        for name in outlook.idle(self.all()):
            if not self._found[name].set_name:
                self._found[name].place.warn((), f"{name} takes none of these targets")

    def _add_set(self, name: str, place: Place) -> None:
        if before := self._sets.get(name):
            place.note((), f"{name} is given twice, first in line {before.line}")
        self._sets.setdefault(name, place)

    def _add(self, own: Mapping[str, Value], place: Place, set_name: str = "") -> None:
        entry, later = _entry(own, place.note)
        blocklist = to_blocklist(entry, self._checks, self._folder, self._environment, later)
        name = blocklist.name
        if not name:
            return
        if before := self._found.get(name):
            place.note((), f"{name} is given twice, first in line {before.place.line}")
            return
        includes = _zones("includes", entry.includes, name, place.note)
        for whole in _zones("part_of", entry.part_of, name, place.note) if "part_of" in own else ():
            self._parts.setdefault(whole, []).append(name)
        self._found[name] = _Found(blocklist, includes, place, set_name)
        if reason := cautions.ended(name):
            place.warn(("zone",), f"{reason}; it is asked all the same, since its kinds are given")
        if wanted := cautions.agreement_missing(entry, name):
            place.warn(("zone",), wanted)

    def _add_members(self) -> None:
        wanted: dict[str, str] = {}
        for name in self._sets:
            for zone in members(name):
                wanted.setdefault(zone, name)
        held = set[str]().union(*(parts(zone, self._holds) for zone in (*self._found, *wanted)))
        for zone, name in wanted.items():
            if zone not in held and zone not in self._found:
                self._add({"zone": zone}, self._sets[name], name)

    def _holds(self, zone: str) -> Iterable[str]:
        found = self._found.get(zone)
        yield from in_catalogue(zone) if found is None else found.includes
        yield from self._parts.get(zone, ())


def _counted_twice(part: str, whole: _Found) -> str:
    name, set_name = whole.blocklist.name, whole.set_name
    if set_name:
        return f"{part} is part of {name}, which the set {set_name} asks too: one listing would count twice; remove it"
    return f"{part} is part of {name}, which is asked too: one listing would count twice; remove one of them"


def _zones(field: str, texts: Iterable[str], name: str, note: Note) -> tuple[str, ...]:
    """The zones that an entry names as its parts, or as what it is part of."""
    found = []
    for index, text in enumerate(texts):
        try:
            zone = read_zone(text)
        except ValueError as error:
            note((field, index), str(error))
            continue
        if zone == name:
            note((field, index), "is the list itself")
        found.append(zone)
    return tuple(found)


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
        _check_unknown(zone, own, note)
        return {"kinds": _STAND_IN["kinds"], **own}
    merged = {**known, **own}
    if not merged.get("needs_key") and (field := next((field for field in ("key_file", "key_env") if field in own), None)):
        note((field,), f"{zone} takes no key and would only learn yours: remove it, or name the operator's zone for key holders")
    return merged


def _check_unknown(zone: str, own: Mapping[str, Value], note: Note) -> None:
    """Note what keeps an entry for a zone outside the catalogue from being a list of the user's own."""
    if zone in SETS:
        note(("zone",), f"is the name of a set: write it without a mapping, `- {zone}`")
    elif "kinds" not in own and (reason := cautions.ended(zone)):
        note(("zone",), reason + _ALL_THE_SAME)
    elif "kinds" not in own:
        hint = _suggestion(zone) or "the zone is not in the catalogue: say what it lists, such as [ipv4]"
        note(("kinds",), f"is missing; {hint}")


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
    if reason := cautions.ended(zone):
        return reason + _ALL_THE_SAME
    return f"is not in the catalogue; {_suggestion(zone) or 'a list of your own is a mapping with zone and kinds'}"


def _suggestion(zone: str) -> str | None:
    close = difflib.get_close_matches(zone, [*SETS, *catalogue.entries()], n=1, cutoff=0.8)
    return f"did you mean {close[0]}?" if close else None
