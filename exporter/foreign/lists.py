"""What becomes of each list that the files ask for.

Rules:

1. A list of the catalogue is named; the catalogue knows it better than the files do. A zone outside it becomes a list of the
   user's own, to be checked by him.
2. A list that has ended, that is given again, or that is part of another one that is asked, is dropped.
3. A list that wants a key waits: it stands in a comment until there is a file with the key. A list that waits is not asked, so
   its parts are kept.
4. A key that stands in the name of a zone is not repeated, and neither is a text that is no zone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from exporter import catalogue
from exporter.blocklist import Blocklist, ListingClass
from exporter.config import cautions
from exporter.config.keys import LIKE_A_KEY, holds_key
from exporter.config.model import Checks, ListEntry
from exporter.config.unions import parts
from exporter.config.words import keyed_zones, read_zone, to_blocklist
from exporter.foreign.asked import AskedList, Place
from exporter.target import Kind

_NOT_REPEATED = "Not repeated here, since it may hold a key."
_WITH_KEY = "Write the key alone into the file that is named below, and take the # away."


@dataclass(frozen=True, slots=True)
class Named:
    """Asked, by its name in the catalogue."""

    zone: str
    blocklist: Blocklist
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """Asked, as a list of the user's own."""

    zone: str
    blocklist: Blocklist
    remark: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not asked until there is a key; ``kinds`` are for a zone outside the catalogue."""

    zone: str
    remark: str
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, slots=True)
class Dropped:
    """Not asked; the zone is empty if there is none that can be told."""

    zone: str
    remark: str


Fate = Named | Own | Waiting | Dropped


@dataclass(frozen=True, slots=True)
class Keyed:
    """A list for key holders; ``held_key`` if something stood before its zone, which must be a key."""

    zone: str
    held_key: bool


def fates(asked: Iterable[AskedList]) -> tuple[Fate, ...]:
    """What becomes of each, in their order."""
    first: dict[str, Place] = {}
    found: list[Fate] = []
    for each in asked:
        fate = _alone(each)
        if fate.zone in first:
            fate = Dropped(fate.zone, f"{each.place}: {fate.zone} is given again, first in {first[fate.zone]}.")
        elif fate.zone:
            first[fate.zone] = each.place
        found.append(fate)
    return _together(found)


def keyed(text: str) -> Keyed | None:
    """The list for key holders that a text names, if it names one."""
    name = text.strip().lower().removesuffix(".")
    zone = next((zone for zone in keyed_zones() if f".{name}".endswith(f".{zone}")), None)
    return None if zone is None else Keyed(zone, held_key=name != zone)


def _alone(asked: AskedList) -> Fate:
    """What becomes of a list as far as no other matters."""
    if found := keyed(asked.text):
        return _keyed(asked, found)
    if _has_key_in_front(asked.text):
        return _with_unknown_key(asked)
    try:
        zone = read_zone(asked.text)
    except ValueError as error:
        return Dropped("", f"{asked.place}: {error}. {_NOT_REPEATED}")
    if zone in catalogue.entries():
        return Named(zone, _blocklist(_entry(zone), []), _mind(zone))
    if ended := cautions.ended(zone):
        return Dropped(zone, f"{asked.place}: {ended}.")
    return _own(zone, asked)


def _keyed(asked: AskedList, found: Keyed) -> Waiting:
    zone = found.zone
    if found.held_key:
        return Waiting(
            zone, f"{asked.place}: {zone} waits for its key, which its name held there and is not repeated here. {_WITH_KEY}"
        )
    wanted = cautions.key_missing(_entry(zone), zone)
    return Waiting(zone, f"{asked.place}: {zone} {wanted}. {_WITH_KEY}")


def _has_key_in_front(text: str) -> bool:
    front, _, rest = text[:1000].partition(".")
    return "." in rest and holds_key(front) and not holds_key(rest)


def _with_unknown_key(asked: AskedList) -> Fate:
    start = f"{asked.place}: the name held what looks like a key, which is not repeated here."
    own = _alone(replace(asked, text=asked.text.partition(".")[2]))
    match own:
        case Own():
            kinds = tuple(kind for kind in Kind if kind in own.blocklist.kinds)
            return Waiting(own.zone, f"{start} {own.zone} is not in the catalogue. {_WITH_KEY}", kinds)
        case Named():
            return Dropped("", f"{start} The catalogue knows {own.zone}, and that it takes none: name it so.")
        case Waiting() | Dropped():
            return own


def _mind(zone: str) -> str:
    """What is to be known of a list of the catalogue that is asked."""
    entry = _entry(zone)
    if wanted := cautions.agreement_missing(entry, zone):
        return f"{wanted}."
    if entry.listing_class is ListingClass.INFORMATIONAL:
        return f"{zone} lists nothing bad: to be on it is shown as information."
    return ""


def _entry(zone: str) -> ListEntry:
    return ListEntry.model_validate(catalogue.entries()[zone])


def _own(zone: str, asked: AskedList) -> Fate:
    if "." not in zone or LIKE_A_KEY.search(zone):
        return Dropped("", f"{asked.place}: is not a domain such as zen.spamhaus.org. {_NOT_REPEATED}")
    kind = Kind.DOMAIN if asked.of_domains else Kind.IPV4
    troubles: list[str] = []
    blocklist = _blocklist(ListEntry(zone=zone, kinds=[kind]), troubles)
    if troubles:
        return Dropped("", f"{asked.place}: {'; '.join(troubles)}.")
    return Own(zone, blocklist, f"{zone} is not in the catalogue: check that it lives, and that it lists what `kinds` says.")


def _blocklist(entry: ListEntry, troubles: list[str]) -> Blocklist:
    return to_blocklist(entry, Checks(), Path(), {}, lambda path, message: troubles.append(message))


def _together(found: Sequence[Fate]) -> tuple[Fate, ...]:
    """Without those that are part of another one that is asked; what waits says which it would hold."""
    named = [fate.zone for fate in found if isinstance(fate, Named)]
    whole_of = {part: whole for whole in named for part in parts(whole)}
    asked = [zone for zone in named if zone not in whole_of]
    return tuple(_beside(fate, whole_of, asked) for fate in found)


def _beside(fate: Fate, whole_of: Mapping[str, str], asked: Iterable[str]) -> Fate:
    match fate:
        case Named(zone) if zone in whole_of:
            whole = whole_of[zone]
            return Dropped(zone, f"{zone} is part of {whole}, which is asked: one listing would count twice.")
        case Waiting(zone, remark) if held := [each for each in asked if each in parts(zone)]:
            return replace(fate, remark=f"{remark} Then remove {', '.join(held)}, part of it.")
        case Named() | Own() | Waiting() | Dropped():
            return fate
