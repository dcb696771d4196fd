"""How what we hold true of a check changes: :func:`advance`, by one table, for each sublist on its own.

=================  ==========================  ====================================================  =====================
held \\\\ seen        on it                       not on it                                             Unknown
=================  ==========================  ====================================================  =====================
never known        listed, onset not observed  nothing                                               nothing
not listed         listed, onset observed      nothing                                               nothing (goes stale)
listed             nothing                     1st clean: pending; ``delist_after``-th clean in a    nothing (goes stale)
                                               row: delisted at the first of them
listed, pending    pending dropped             as above                                              nothing
=================  ==========================  ====================================================  =====================

Rules:

1. A listing is an interval. It has a number: 1 is the first on its sublist, 2 and up are repeats after a removal.
2. An Unknown opens nothing, closes nothing and does not touch a pending removal; it only notes since when nothing was learned.
3. A sublist that takes over the code of another that is gone was renamed in the code table; nobody saw its onset.
4. Times are Unix seconds and come in as arguments.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from exporter.verdict import Cause, Hit, Listed, NotListed, Unknown, Verdict


@dataclass(frozen=True, slots=True)
class Listing:
    """One interval during which a target is on a sublist of a list. Times in Unix seconds."""

    sublist: str
    number: int
    opened: float
    onset_observed: bool
    """The target was seen clean on this sublist before."""
    codes: tuple[str, ...]
    reason: str = ""
    """The TXT record when it opened; text of a stranger."""
    closed: float | None = None
    last_delisted: float | None = None
    """End of the listing before this one."""
    clean_answers: int = 0
    """Clean answers in a row since it was last seen listed; more than none is a pending removal."""
    clean_since: float | None = None

    @property
    def present(self) -> bool:
        return self.closed is None

    @property
    def pending(self) -> bool:
        return self.present and self.clean_answers > 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What we hold true of a check: the latest listing of every sublist that ever listed it, sorted by sublist.

    ``known_at`` is the time of the last conclusive answer; ``unknown_since`` that of the first inconclusive one after it.
    """

    known_at: float | None = None
    listings: tuple[Listing, ...] = ()
    unknown: Cause | None = None
    unknown_since: float | None = None

    @property
    def listed(self) -> bool:
        return any(listing.present for listing in self.listings)

    @property
    def pending(self) -> bool:
        return any(listing.pending for listing in self.listings)


class Event(StrEnum):
    LISTED = "listed"
    DELISTED = "delisted"


@dataclass(frozen=True, slots=True)
class Change:
    """A listing opened or closed; ``listing`` is its state afterwards."""

    event: Event
    listing: Listing


def advance(
    standing: Standing, verdict: Verdict, at: float, delist_after: int, reason: str = ""
) -> tuple[Standing, tuple[Change, ...]]:
    """What we hold after ``verdict``, and the changes that follow; ``reason`` is kept with listings that open."""
    match verdict:
        case Unknown(cause):
            since = at if standing.unknown is None else standing.unknown_since
            return replace(standing, unknown=cause, unknown_since=since), ()
        case NotListed():
            hits: tuple[Hit, ...] = ()
        case Listed(hits):
            pass
        case _:
            assert_never(verdict)

    held = {listing.sublist: listing for listing in standing.listings}
    seen = {hit.sublist: hit for hit in hits}
    changes = []
    for sublist in sorted(held.keys() | seen.keys()):
        before = held.get(sublist)
        if sublist in seen:
            onset_observed = standing.known_at is not None and not _renamed(seen, standing, sublist)
            after = _on_it(before, seen[sublist], at, onset_observed=onset_observed, reason=reason)
        else:
            after = _not_on_it(held[sublist], at, delist_after)
        held[sublist] = after
        if after.present != (before is not None and before.present):
            changes.append(Change(Event.LISTED if after.present else Event.DELISTED, after))
    return Standing(at, tuple(held[sublist] for sublist in sorted(held))), tuple(changes)


def _renamed(seen: Mapping[str, Hit], standing: Standing, sublist: str) -> bool:
    """Whether a present listing that is not seen any more had one of these codes: then the code table changed, not the list."""
    gone = (listing for listing in standing.listings if listing.present and listing.sublist not in seen)
    return any(set(listing.codes) & set(seen[sublist].codes) for listing in gone)


def _on_it(before: Listing | None, hit: Hit, at: float, *, onset_observed: bool, reason: str) -> Listing:
    if before is None:
        return Listing(hit.sublist, 1, at, onset_observed, hit.codes, reason)
    if before.present:
        return replace(before, codes=hit.codes, clean_answers=0, clean_since=None)
    return Listing(
        hit.sublist,
        before.number + 1,
        at,
        onset_observed=True,
        codes=hit.codes,
        reason=reason,
        last_delisted=before.closed,
    )


def _not_on_it(before: Listing, at: float, delist_after: int) -> Listing:
    if not before.present:
        return before
    answers = before.clean_answers + 1
    since = at if before.clean_since is None else before.clean_since
    if answers < delist_after:
        return replace(before, clean_answers=answers, clean_since=since)
    return replace(before, clean_answers=0, clean_since=None, closed=since)
