"""The lists the world runs, as data: one YAML file an operator beside this one, read once.

An entry has the same shape as an entry of ``lists:`` in a user's config, plus facts that only a catalogue holds (``source``,
``checked``, ``includes``, ``notes``). This module gives the entries as they stand in the files; ``config`` gives them meaning.
``defunct.yml`` tells of lists that no longer exist, ``first_steps.yml`` of what to do about listings, which is ``advice``'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TypedDict

import yaml

Entry = Mapping[str, object]

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


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
    texts = [file.read_text("utf-8") for file in sorted(files, key=lambda file: file.name)]
    return {str(entry["zone"]): _plain(entry) for text in texts for entry in _rows(text)}


@cache
def defunct() -> Mapping[str, Entry]:
    """Every list that no longer exists, by its zone, in the order of the file."""
    return {str(entry["zone"]): entry for entry in _rows(_text("defunct.yml"))}


@cache
def first_steps() -> FirstSteps:
    """What to do about listings."""
    words = yaml.load(_text("first_steps.yml"), Loader=_LOADER)  # noqa: S506 - as below
    return FirstSteps(words.pop("causes"), words)


def _text(name: str) -> str:
    return (resources.files(__name__) / name).read_text("utf-8")


def _rows(text: str) -> list[Entry]:
    rows: list[Entry] = yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders; ruff does not look behind a name
    return rows


def _plain(entry: Entry) -> Entry:
    """Code tables have text keys everywhere; YAML reads the bits of a bitmask as numbers."""
    codes = entry.get("codes")
    if not isinstance(codes, dict):
        return entry
    return {**entry, "codes": {str(code): row for code, row in codes.items()}}
