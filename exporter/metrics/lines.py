"""The lines of one target, in the families of checks and targets.

Rules:

1. All of a target's lines are made from one look at its columns, with nothing in between, so a listing's timestamps never show
   half a change.
2. All families here are gauges: their text is the same in the Prometheus format and in OpenMetrics.
3. A user's labels stand on the families that alerts read, and on ``dnsbl_target_info``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from exporter.history import Column, State
from exporter.listing import Listing
from exporter.roster import Share
from exporter.target import Target
from exporter.verdict import Cause

_CAUSES = tuple(Cause)

LISTED = "dnsbl_listed"
SINCE = "dnsbl_listed_since_timestamp_seconds"
DELISTED = "dnsbl_last_delisted_timestamp_seconds"
ONSET = "dnsbl_listing_onset_observed"
NUMBER = "dnsbl_listing_number"
INFO = "dnsbl_listing_info"
UNKNOWN = "dnsbl_unknown_since_timestamp_seconds"
LISTINGS = "dnsbl_target_listings"
TARGET = "dnsbl_target_info"

HELP = {
    LISTED: "1 if the target is on any sublist of the list, 0 if on none; last known value.",
    SINCE: "Start of the present listing; 0 if not listed now.",
    DELISTED: "End of the latest ended listing; 0 if none ended.",
    ONSET: "1 if the target was seen clean before its latest listing, 0 if it was listed when first checked.",
    NUMBER: "How many listings so far; 2 and up are repeats.",
    INFO: "Return codes of a present listing.",
    UNKNOWN: "Time of the first of the inconclusive answers since the last conclusive one.",
    LISTINGS: "Present listings of the target.",
    TARGET: "Every target and the config entries it came from.",
}

Exposed = Literal["all", "history"]
Lines = dict[str, list[str]]
"""By family."""


@dataclass(frozen=True, slots=True)
class ListColumn:
    """A list as lines need it: ``clean`` is a line up to the target's name; ``sublists`` are noted as they are seen."""

    name: str
    column: Column
    sublists: dict[str, None]
    clean: str


def list_column(name: str, column: Column, sublists: dict[str, None]) -> ListColumn:
    return ListColumn(name, column, sublists, f'{LISTED}{{list="{name}",target="')


def make(target: Target, share: Share, columns: Sequence[ListColumn], row: int, exposed: Exposed) -> tuple[Lines, bytes]:
    """All lines of a target, whose ``row`` is the same in all columns, and its states in their order."""
    text = target.text
    lines: Lines = {name: [] for name in HELP}
    clean = f'{text}"}} 0\n' if exposed == "all" else ""
    plain, listed_lines = State.NOT_LISTED, lines[LISTED]
    states = bytearray()
    for seen in columns:
        column = seen.column
        state = column.states[row]
        states.append(state)
        if state == plain and row not in column.listings:
            if clean:
                listed_lines.append(seen.clean + clean)
        elif state:
            _make_uncommon(seen, text, share, row, lines, exposed)
    present = len(lines[INFO])
    lines[LISTINGS].append(f'{LISTINGS}{{target="{text}"}} {present}\n')
    own = _own_labels(share)
    lines[TARGET] += [
        f'{TARGET}{{kind="{target.kind}",origin="{_escaped(origin or text)}",target="{text}"{own}}} 1\n'
        for origin in share.origins
    ]
    return lines, bytes(states)


def _make_uncommon(seen: ListColumn, text: str, share: Share, row: int, lines: Lines, exposed: Exposed) -> None:
    """A check that was ever listed, or whose last answer was inconclusive."""
    column = seen.column
    listings = column.listings.get(row, ())
    if column.causes[row]:
        cause, since = _CAUSES[column.causes[row] - 1], column.unknown_since[row]
        lines[UNKNOWN].append(f'{UNKNOWN}{{cause="{cause}",list="{seen.name}",target="{text}"}} {since!r}\n')
    if not listings:
        if column.known_at[row] and exposed == "all":
            lines[LISTED].append(f'{seen.clean}{text}"}} 0\n')
        return
    listed, own = 0, _own_labels(share)
    for listing in listings:
        present = listing.present
        seen.sublists[listing.sublist] = None
        labels = f'list="{seen.name}",sublist="{_escaped(listing.sublist)}",target="{text}"'
        lines[SINCE].append(f"{SINCE}{{{labels}{own}}} {listing.opened if present else 0.0!r}\n")
        lines[DELISTED].append(f"{DELISTED}{{{labels}{own}}} {_last_delisted(listing)!r}\n")
        lines[ONSET].append(f"{ONSET}{{{labels}{own}}} {int(listing.onset_observed)}\n")
        lines[NUMBER].append(f"{NUMBER}{{{labels}{own}}} {listing.number}\n")
        if present:
            listed = 1
            lines[INFO].append(f'{INFO}{{codes="{",".join(listing.codes)}",{labels}}} 1\n')
    lines[LISTED].append(f'{seen.clean}{text}"}} {listed}\n')


def _own_labels(share: Share) -> str:
    """A user's labels as they stand behind ours."""
    return "".join(f',{name}="{_escaped(value)}"' for name, value in share.labels)


def _last_delisted(listing: Listing) -> float:
    ended = listing.last_delisted if listing.present else listing.closed
    return ended or 0.0


def _escaped(value: str) -> str:
    """A label value as both formats write it."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
