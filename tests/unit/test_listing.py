"""How what we hold true of a check changes: the table of ``advance``, its laws, and the stories it is for."""

from collections import defaultdict
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.listing import Change, Event, Listing, Standing, advance
from exporter.verdict import Cause, Listed, NotListed, Unknown, Verdict
from tests.unit.builders import on, quick

CLEAN = NotListed()
TIMEOUT = Unknown(Cause.TIMEOUT)
PBL = on(PBL="127.0.0.10")
BOTH = on(PBL="127.0.0.10", XBL="127.0.0.4")

OPEN = Listing("PBL", 1, 100.0, True, ("127.0.0.10",), "because")
PENDING = replace(OPEN, clean_answers=1, clean_since=200.0)
CLOSED = replace(OPEN, closed=200.0)

NEVER_KNOWN = Standing()
NOT_LISTED = Standing(300.0)
LISTED = Standing(300.0, (OPEN,))
LISTED_PENDING = Standing(300.0, (PENDING,))
DELISTED = Standing(300.0, (CLOSED,))
STALE = Standing(300.0, (PENDING,), Cause.SERVFAIL, 350.0)


# ---- the table: held, seen, and what follows at 400 with delist_after 2


@pytest.mark.parametrize(
    ("held", "seen", "after", "events"),
    [
        pytest.param(
            NEVER_KNOWN,
            PBL,
            Standing(400.0, (Listing("PBL", 1, 400.0, False, ("127.0.0.10",), "new"),)),
            [Event.LISTED],
            id="never known, on it: listed, onset not observed",
        ),
        pytest.param(NEVER_KNOWN, CLEAN, Standing(400.0), [], id="never known, not on it"),
        pytest.param(NEVER_KNOWN, TIMEOUT, Standing(None, (), Cause.TIMEOUT, 400.0), [], id="never known, unknown"),
        pytest.param(
            NOT_LISTED,
            PBL,
            Standing(400.0, (Listing("PBL", 1, 400.0, True, ("127.0.0.10",), "new"),)),
            [Event.LISTED],
            id="not listed, on it: listed, onset observed",
        ),
        pytest.param(
            DELISTED,
            PBL,
            Standing(400.0, (Listing("PBL", 2, 400.0, True, ("127.0.0.10",), "new", last_delisted=200.0),)),
            [Event.LISTED],
            id="delisted, on it: listed again",
        ),
        pytest.param(NOT_LISTED, CLEAN, Standing(400.0), [], id="not listed, not on it"),
        pytest.param(DELISTED, CLEAN, Standing(400.0, (CLOSED,)), [], id="delisted, not on it"),
        pytest.param(NOT_LISTED, TIMEOUT, Standing(300.0, (), Cause.TIMEOUT, 400.0), [], id="not listed, unknown: goes stale"),
        pytest.param(LISTED, PBL, Standing(400.0, (OPEN,)), [], id="listed, on it"),
        pytest.param(
            LISTED,
            CLEAN,
            Standing(400.0, (replace(OPEN, clean_answers=1, clean_since=400.0),)),
            [],
            id="listed, not on it: pending",
        ),
        pytest.param(LISTED, TIMEOUT, Standing(300.0, (OPEN,), Cause.TIMEOUT, 400.0), [], id="listed, unknown: goes stale"),
        pytest.param(LISTED_PENDING, PBL, Standing(400.0, (OPEN,)), [], id="pending, on it: pending dropped"),
        pytest.param(
            LISTED_PENDING,
            CLEAN,
            Standing(400.0, (replace(OPEN, closed=200.0),)),
            [Event.DELISTED],
            id="pending, not on it again: delisted at the first",
        ),
        pytest.param(
            LISTED_PENDING, TIMEOUT, Standing(300.0, (PENDING,), Cause.TIMEOUT, 400.0), [], id="pending, unknown: pending kept"
        ),
        pytest.param(
            STALE,
            TIMEOUT,
            Standing(300.0, (PENDING,), Cause.TIMEOUT, 350.0),
            [],
            id="unknown, unknown: newest cause, oldest time",
        ),
        pytest.param(STALE, PBL, Standing(400.0, (OPEN,)), [], id="unknown, on it: known again"),
        pytest.param(
            STALE,
            CLEAN,
            Standing(400.0, (replace(OPEN, closed=200.0),)),
            [Event.DELISTED],
            id="unknown, not on it: the run goes on",
        ),
    ],
)
def test_every_row_of_the_table(held: Standing, seen: Verdict, after: Standing, events: list[Event]) -> None:
    """Each row of the table of design §4 holds."""
    standing, changes = advance(held, seen, 400.0, 2, "new")
    assert standing == after
    assert changes == tuple(Change(event, after.listings[0]) for event in events)


@pytest.mark.parametrize("delist_after", [1, 2, 3, 4])
def test_the_nth_clean_answer_ends_a_listing(delist_after: int) -> None:
    """Of ``delist_after`` clean answers in a row only the last is a removal, dated by the first."""
    standing, removals = LISTED, []
    for number in range(1, delist_after + 1):
        standing, changes = advance(standing, CLEAN, 400.0 + number, delist_after)
        removals.append([change.event for change in changes])
        assert standing.pending is (number < delist_after)
    assert removals == [[]] * (delist_after - 1) + [[Event.DELISTED]]
    assert standing.listings[0].closed == 401.0


@pytest.mark.parametrize(
    ("standing", "listed", "pending"),
    [
        pytest.param(NEVER_KNOWN, False, False, id="never known"),
        pytest.param(NOT_LISTED, False, False, id="not listed"),
        pytest.param(LISTED, True, False, id="listed"),
        pytest.param(LISTED_PENDING, True, True, id="pending"),
        pytest.param(DELISTED, False, False, id="delisted"),
        pytest.param(Standing(300.0, (CLOSED, replace(OPEN, sublist="XBL"))), True, False, id="one of two"),
    ],
)
def test_a_standing_is_listed_as_its_listings_are(standing: Standing, listed: bool, pending: bool) -> None:
    """A check is listed while any listing is present, and pending while any of those is."""
    assert (standing.listed, standing.pending) == (listed, pending)


# ---- stories


def tell(*verdicts: Verdict, delist_after: int = 2) -> tuple[Standing, list[tuple[float, Change]]]:
    """What is held after these verdicts, one at each of the times 1, 2, 3 …, and when which change came."""
    standing, told = Standing(), []
    for at, verdict in enumerate(verdicts, start=1):
        standing, changes = advance(standing, verdict, float(at), delist_after)
        told += [(float(at), change) for change in changes]
    return standing, told


def test_a_clean_answer_between_two_listings_is_no_removal() -> None:
    """Listed, clean, listed: a flapping mirror fakes neither a removal nor a repeat."""
    standing, told = tell(PBL, CLEAN, PBL)
    assert [change.event for _, change in told] == [Event.LISTED]
    assert standing == Standing(3.0, (Listing("PBL", 1, 1.0, False, ("127.0.0.10",)),))


def test_a_flapping_mirror_never_removes() -> None:
    """However often clean and listed alternate, the first listing goes on."""
    verdicts: list[Verdict] = [PBL, CLEAN] * 10
    standing, told = tell(*verdicts, PBL)
    assert len(told) == 1
    assert standing.listings[0].number == 1


def test_a_listing_after_a_removal_is_a_repeat() -> None:
    """Listed, twice clean, listed: number 2, which knows of the removal and was seen to begin."""
    standing, told = tell(PBL, CLEAN, CLEAN, PBL)
    assert [(at, change.event, change.listing.number) for at, change in told] == [
        (1.0, Event.LISTED, 1),
        (3.0, Event.DELISTED, 1),
        (4.0, Event.LISTED, 2),
    ]
    assert standing.listings == (Listing("PBL", 2, 4.0, True, ("127.0.0.10",), last_delisted=2.0),)


def test_another_sublist_is_a_listing_of_its_own() -> None:
    """On PBL, then on XBL too: a second listing, its onset observed, while the first stays as it is."""
    standing, told = tell(PBL, PBL, BOTH)
    assert [(at, change.event, change.listing.sublist) for at, change in told] == [
        (1.0, Event.LISTED, "PBL"),
        (3.0, Event.LISTED, "XBL"),
    ]
    assert standing.listings == (
        Listing("PBL", 1, 1.0, False, ("127.0.0.10",)),
        Listing("XBL", 1, 3.0, True, ("127.0.0.4",)),
    )


def test_leaving_one_sublist_ends_that_listing_only() -> None:
    """An answer that names another sublist is a clean one for the sublist it does not name."""
    standing, told = tell(BOTH, PBL, PBL)
    assert [(at, change.event, change.listing.sublist) for at, change in told[2:]] == [(3.0, Event.DELISTED, "XBL")]
    assert [(listing.sublist, listing.present) for listing in standing.listings] == [("PBL", True), ("XBL", False)]


def test_an_outage_neither_counts_nor_resets_a_pending_removal() -> None:
    """Unknowns between two clean answers leave them two in a row."""
    standing, told = tell(PBL, CLEAN, TIMEOUT, TIMEOUT, CLEAN)
    assert [(at, change.event) for at, change in told[1:]] == [(5.0, Event.DELISTED)]
    assert standing.listings[0].closed == 2.0


def test_codes_follow_the_latest_answer() -> None:
    """A present listing carries the codes last seen, and the reason of its opening."""
    opened, _ = advance(Standing(), on(PBL="127.0.0.10"), 1.0, 2, "first")
    seen_again, changes = advance(opened, on(PBL="127.0.0.11"), 2.0, 2, "second")
    assert changes == ()
    assert (seen_again.listings[0].codes, seen_again.listings[0].reason) == (("127.0.0.11",), "first")


def test_a_repeat_carries_its_own_reason() -> None:
    """The reason kept with a listing is the one of when it opened, also for a repeat."""
    standing, _ = advance(DELISTED, PBL, 400.0, 2, "once more")
    assert standing.listings[0].reason == "once more"


# ---- laws


@dataclass(frozen=True)
class Step:
    at: float
    verdict: Verdict
    before: Standing
    after: Standing
    changes: tuple[Change, ...]

    @property
    def seen(self) -> set[str]:
        """The sublists that the verdict names."""
        return {hit.sublist for hit in self.verdict.hits} if isinstance(self.verdict, Listed) else set()

    @property
    def conclusive(self) -> bool:
        return not isinstance(self.verdict, Unknown)


SUBLISTS = ("A", "B", "C")
SEEN = st.one_of(
    st.just(CLEAN),
    st.sampled_from(Cause).map(Unknown),
    st.sets(st.sampled_from(SUBLISTS), min_size=1).map(lambda names: on(**dict.fromkeys(names, "127.0.0.2"))),
)
DELIST_AFTER = st.integers(1, 4)
SEQUENCES = st.lists(SEEN, min_size=5, max_size=30)
laws = given(SEQUENCES, DELIST_AFTER)


def steps(verdicts: list[Verdict], delist_after: int) -> list[Step]:
    """A life, one verdict a second from 1 on."""
    found, standing = [], Standing()
    for at, verdict in enumerate(verdicts, start=1):
        after, changes = advance(standing, verdict, float(at), delist_after)
        found.append(Step(float(at), verdict, standing, after, changes))
        standing = after
    return found


@quick
@laws
def test_an_unknown_changes_nothing_but_itself(verdicts: list[Verdict], delist_after: int) -> None:
    """After an Unknown all is held as before, except its cause and since when nothing was learned."""
    since = None
    for step in steps(verdicts, delist_after):
        if isinstance(step.verdict, Unknown):
            since = step.at if since is None else since
            assert step.after == replace(step.before, unknown=step.verdict.cause, unknown_since=since)
            assert step.changes == ()
        else:
            since = None
            assert (step.after.unknown, step.after.unknown_since) == (None, None)


@quick
@laws
def test_known_at_is_the_last_conclusive_answer(verdicts: list[Verdict], delist_after: int) -> None:
    """``known_at`` is the time of the latest verdict that was not Unknown."""
    last = None
    for step in steps(verdicts, delist_after):
        last = step.at if step.conclusive else last
        assert step.after.known_at == last


@quick
@laws
def test_a_listing_ends_at_exactly_so_many_clean_answers_in_a_row(verdicts: list[Verdict], delist_after: int) -> None:
    """A removal comes with the ``delist_after``-th clean answer since the sublist was last seen, and is dated by the first."""
    clean: dict[str, list[float]] = defaultdict(list)
    present: set[str] = set()
    for step in steps(verdicts, delist_after):
        if step.conclusive:
            for sublist in present - step.seen:
                clean[sublist].append(step.at)
            for sublist in step.seen:
                clean[sublist].clear()
        due = {sublist for sublist in present if len(clean[sublist]) == delist_after}
        removals = {change.listing.sublist: change.listing.closed for change in step.changes if change.event is Event.DELISTED}
        assert removals == {sublist: clean[sublist][0] for sublist in due}
        present = (present | step.seen) - due
        assert {listing.sublist for listing in step.after.listings if listing.present} == present


@quick
@laws
def test_changes_alternate_and_numbers_go_up_by_one(verdicts: list[Verdict], delist_after: int) -> None:
    """On each sublist listed and delisted take turns, and each listing's number is one above the last."""
    told: dict[str, list[tuple[Event, int]]] = defaultdict(list)
    for step in steps(verdicts, delist_after):
        for change in step.changes:
            told[change.listing.sublist].append((change.event, change.listing.number))
    for changes in told.values():
        assert changes == [((Event.LISTED, Event.DELISTED)[place % 2], place // 2 + 1) for place in range(len(changes))]


@quick
@laws
def test_a_listing_opens_when_a_sublist_is_first_seen(verdicts: list[Verdict], delist_after: int) -> None:
    """A sublist that is seen and not held opens now; its onset was observed unless nothing was known before, or its code was that
    of a listing that is gone now: then the code table changed."""
    for step in steps(verdicts, delist_after):
        held = {listing.sublist: listing for listing in step.before.listings}
        opened = {change.listing.sublist: change.listing for change in step.changes if change.event is Event.LISTED}
        assert opened.keys() == {name for name in step.seen if name not in held or not held[name].present}
        for name, listing in opened.items():
            assert listing.opened == step.at
            ended = [other for other in held.values() if other.present and other.sublist not in step.seen]
            gone = {code for other in ended for code in other.codes}
            renamed = name not in held and bool(gone & set(listing.codes))
            assert listing.onset_observed is (step.before.known_at is not None and not renamed)
            assert listing.last_delisted == (held[name].closed if name in held else None)


@quick
@laws
def test_what_is_held_is_sorted_and_what_changed_is_held(verdicts: list[Verdict], delist_after: int) -> None:
    """Each sublist is held once, in order, and a change shows the listing as it is held afterwards."""
    for step in steps(verdicts, delist_after):
        names = [listing.sublist for listing in step.after.listings]
        assert names == sorted(set(names))
        assert {change.listing for change in step.changes} <= set(step.after.listings)


def test_a_renamed_sublist_is_no_new_listing() -> None:
    """When a code table calls the same code by another name, the listing under that name says that nobody saw its onset."""
    held, _ = advance(Standing(1.0), on(SPAM="127.0.0.2"), 2.0, 2)
    _, changes = advance(held, on(ABUSE="127.0.0.2"), 3.0, 2)
    assert [(change.event, change.listing.sublist, change.listing.onset_observed) for change in changes] == [
        (Event.LISTED, "ABUSE", False)
    ]
