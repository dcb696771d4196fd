"""The lists the world runs, as data: one YAML file an operator beside this one, read once, and one of the lists that have ended.

An entry has the same shape as an entry of ``lists:`` in a user's config, plus facts that only a catalogue holds (``sets``,
``source``, ``checked``, ``notes`` …). This module gives the entries as they stand in the files; ``config`` gives them meaning.
``defunct.yml`` tells of lists that no longer exist, ``first_steps.yml`` of what to do about listings, which is ``advice``'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypedDict

import yaml

Entry = Mapping[str, object]

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True, kw_only=True)
class Defunct:
    """A list that has ended, or all lists below a domain. The fields are explained where the rows are, in ``defunct.yml``."""

    zone: str
    subtree: bool = False
    operator: str
    died: str
    way: str
    reason: str
    replaced_by: Sequence[str]
    source: Sequence[str]
    checked: str


class Words(TypedDict):
    """What ``first_steps.yml`` says of a cause."""

    title: str
    likely: str
    first_steps: list[str]
    who: str
    how_long: str
    warning: str


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """``causes`` are rules with ``class``, ``scope`` and ``cause``, of which the first that fits decides; ``words`` are by
    cause."""

    causes: list[Mapping[str, str]]
    words: Mapping[str, Words]


@cache
def entries() -> Mapping[str, Entry]:
    """Every entry by its zone, in the order of the files' names."""
    files = [file for file in (resources.files(__name__) / "lists").iterdir() if file.name.endswith(".yml")]
    pages = [file.read_text("utf-8") for file in sorted(files, key=lambda file: file.name)]
    return {str(entry["zone"]): _plain(entry) for page in pages for entry in _rows(page)}


def texts(zone: str, field: str) -> tuple[str, ...]:
    """The texts in a field of an entry that holds several, such as ``includes``; none for a zone that is not here."""
    values = entries().get(zone, {}).get(field)
    return tuple(map(str, values)) if isinstance(values, list) else ()


@cache
def defunct() -> Mapping[str, Defunct]:
    """Every row of the lists that have ended, by its zone."""
    text = (resources.files(__name__) / "defunct.yml").read_text("utf-8")
    return {row.zone: row for row in (Defunct(**row) for row in yaml.load(text, Loader=_LOADER))}  # noqa: S506 - as below


def ended(zone: str) -> Defunct | None:
    """How the list of ``zone`` ended, if it did: its own row, or that of the nearest domain whose lists all ended."""
    if zone in entries():  # whatever is said of the domain above it
        return None
    rows, labels = defunct(), zone.split(".")
    above = (rows.get(".".join(labels[place:])) for place in range(1, len(labels)))
    return rows.get(zone) or next((row for row in above if row is not None and row.subtree), None)


@cache
def first_steps() -> FirstSteps:
    """What to do about listings."""
    text = (resources.files(__name__) / "first_steps.yml").read_text("utf-8")
    words = yaml.load(text, Loader=_LOADER)  # noqa: S506 - as below
    return FirstSteps(words.pop("causes"), words)


def _rows(text: str) -> list[Entry]:
    rows: list[Entry] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders; ruff does not look behind a name
    return rows


def _plain(entry: Entry) -> Entry:
    """Code tables have text keys everywhere; YAML reads the bits of a bitmask as numbers."""
    codes = entry.get("codes")
    if not isinstance(codes, dict):
        return entry
    return {**entry, "codes": {str(code): row for code, row in codes.items()}}
