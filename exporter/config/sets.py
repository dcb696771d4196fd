"""Lists of the catalogue by what they ask of a user: the sets that ``lists:`` may name, and what to ask without a key.

Rules:

1. ``default`` and ``domains`` are what the catalogue's entries say. ``all`` is every list that anybody may ask.
2. No set holds a list that is part of another list of it.
"""

from collections.abc import Collection
from typing import get_args

from exporter import catalogue
from exporter.blocklist import ListingClass
from exporter.catalogue import Entry
from exporter.config.model import SetName
from exporter.config.unions import parts

SETS: tuple[str, ...] = get_args(SetName)
ALL = "all"
BY_DEFAULT = ("default", "domains")
"""What is asked if a config says nothing of lists: which of them take a target is up to the target."""

_ANYBODY = {"alive", "unproven"}


def members(name: str) -> list[str]:
    """The zones of a set, in the order of the catalogue."""
    if name != ALL:
        return outermost([zone for zone in catalogue.entries() if name in catalogue.texts(zone, "sets")])
    return outermost([zone for zone, entry in catalogue.entries().items() if _for_anybody(entry) and _lists_harm(entry)])


def outermost(zones: Collection[str]) -> list[str]:
    """Those of ``zones`` that are part of no other of them."""
    held = set[str]().union(*(parts(zone) for zone in zones))
    return [zone for zone in zones if zone not in held]


def without_key(zone: str) -> list[str]:
    """What anybody may ask in place of a list that needs a key: what it is part of, or else the largest of its own parts."""
    return outermost(
        [
            other
            for other, entry in catalogue.entries().items()
            if _for_anybody(entry) and (other in parts(zone) or zone in parts(other))
        ]
    )


def _for_anybody(entry: Entry) -> bool:
    """Whether it needs no key, no registration and no subscription."""
    return entry.get("status", "alive") in _ANYBODY


def _lists_harm(entry: Entry) -> bool:
    """Allowlists and lists of countries are for whoever names them."""
    return entry.get("class") != ListingClass.INFORMATIONAL
