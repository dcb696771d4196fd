"""What was true and since when: shown only once it is in the file, and resumed from it."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from exporter.history import Totals
from exporter.listing import Event, Standing
from exporter.verdict import Cause, Hit, Listed, Unknown, Verdict
from tests.edges.histories import (
    CLEAN,
    HIT,
    KEY,
    LIST,
    OTHER,
    facts,
    killed,
    known,
    learn,
    locked,
    on,
    opened,
    query,
    rows,
    told,
    under_way,
)

NOTHING = Standing()
TIMEOUT = Unknown(Cause.TIMEOUT)


def test_a_change_is_shown_only_once_it_is_in_the_file(path: Path) -> None:
    """Held, a change is what the next verdict is compared with; shown it is when the file has it."""

    async def tell() -> None:
        async with opened(path) as history:
            held = learn(history, KEY, HIT, 1.0)
            assert (history.standing(KEY), history.shown(KEY), rows(path)) == (held.standing, NOTHING, [])
            assert history.totals(LIST) == Totals()
            assert await history.commit() == [held]
            assert (history.standing(KEY), history.shown(KEY)) == (held.standing, held.standing)
            assert rows(path) == [(*KEY, "", 1, 1.0, None)]
            assert history.totals(LIST) == Totals(1, 0)

    asyncio.run(tell())


def test_what_changes_nothing_is_shown_at_once_and_written_by_a_flush(path: Path) -> None:
    """What can be learned again needs no commit: a new state is written soon, how lately it was confirmed by a full flush."""

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, KEY, CLEAN, 3.0)
            assert history.shown(KEY) == Standing(3.0)
            assert await history.commit() == []
            assert facts(path) == []
            assert await history.flush() == []
            assert facts(path) == [(*KEY, 0, 3.0, 0.0)]
            learn(history, KEY, CLEAN, 4.0)
            assert history.shown(KEY) == Standing(4.0)
            assert await history.flush() == []
            assert facts(path) == [(*KEY, 0, 3.0, 0.0)]
            assert await history.flush_all() == []
            assert facts(path) == [(*KEY, 0, 4.0, 0.0)]
            learn(history, KEY, TIMEOUT, 5.0)
            assert history.shown(KEY) == Standing(4.0, (), Cause.TIMEOUT, 5.0)
            assert await history.flush() == []
            ((*_, cause, known_at, since),) = facts(path)
            assert (cause > 0, known_at, since) == (True, 4.0, 5.0)

    asyncio.run(tell())


def test_closing_writes_how_lately_checks_were_asked(path: Path) -> None:
    """An orderly end leaves nothing to be learned again."""

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, KEY, CLEAN, 3.0)
            await history.flush()
            learn(history, KEY, CLEAN, 4.0)
        async with opened(path) as history:
            assert history.shown(KEY) == Standing(4.0)

    asyncio.run(tell())


def test_a_flush_tells_the_changes_that_it_shows(path: Path) -> None:
    """A flush writes what waits for a commit too, and says so."""

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, KEY, HIT, 1.0)
            learn(history, OTHER, CLEAN, 1.0)
            assert told(await history.flush()) == [(KEY[0], Event.LISTED, "", 1)]
            assert told(await history.flush()) == told(await history.commit()) == []

    asyncio.run(tell())


def test_what_is_learned_while_a_change_waits_is_kept_with_it(path: Path) -> None:
    """A verdict between a change and its commit is held, not shown, and not lost."""

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, KEY, HIT, 1.0)
            last = learn(history, KEY, CLEAN, 2.0).standing
            assert (history.standing(KEY), history.shown(KEY)) == (last, NOTHING)
            await history.commit()
            assert history.shown(KEY) == last
            await history.flush()
        async with opened(path) as history:
            assert history.shown(KEY) == last

    asyncio.run(tell())


def test_closing_writes_what_was_learned_while_a_change_waited(path: Path) -> None:
    """An orderly end writes everything, also the pending removal of a listing that was not written yet."""

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, KEY, HIT, 1.0)
            last = learn(history, KEY, CLEAN, 2.0).standing
        async with opened(path) as history:
            assert history.shown(KEY) == last

    asyncio.run(tell())


def test_a_change_held_during_a_commit_waits_for_the_next(path: Path) -> None:
    """What a commit did not write it does not show."""

    async def tell() -> None:
        async with opened(path) as history:
            first = learn(history, KEY, HIT, 1.0)
            with locked(path):  # so the commit cannot end yet
                committing = asyncio.create_task(history.commit())
                await under_way()
                second = learn(history, KEY, CLEAN, 2.0, delist_after=1)
            assert await committing == [first]
            assert (history.shown(KEY), history.standing(KEY)) == (first.standing, second.standing)
            assert history.totals(LIST) == Totals(1, 0)
            assert await history.commit() == [second]
            assert history.shown(KEY) == second.standing
        assert rows(path) == [(*KEY, "", 1, 1.0, 2.0)]

    asyncio.run(tell())


def test_commits_at_once_write_each_change_once(path: Path) -> None:
    """However many commit together, every change is written, shown and told once."""

    async def tell() -> None:
        async with opened(path) as history:
            for number in range(20):
                learn(history, (f"192.0.2.{number}", LIST), HIT, 1.0)
            shown = await asyncio.gather(*(history.commit() for _ in range(5)), *(history.flush() for _ in range(5)))
            assert sorted(told(record for each in shown for record in each)) == sorted(
                (f"192.0.2.{number}", Event.LISTED, "", 1) for number in range(20)
            )
            assert (len(rows(path)), history.totals(LIST)) == (20, Totals(20, 0))

    asyncio.run(tell())


@pytest.mark.parametrize("again", ["commit", "flush"])
def test_a_commit_cancelled_in_the_middle_is_neither_lost_nor_doubled(path: Path, again: str) -> None:
    """Who waits for a write may go; the write itself ends as it would have."""

    async def tell() -> None:
        async with opened(path) as history:
            held = learn(history, KEY, HIT, 1.0)
            with locked(path):  # so the commit cannot end before it is cancelled
                committing = asyncio.create_task(history.commit())
                await under_way()
                committing.cancel()
                await asyncio.wait([committing])
                assert committing.cancelled()
                assert history.shown(KEY) == NOTHING
            await (history.commit() if again == "commit" else history.flush())
            assert (history.shown(KEY), history.write_failures) == (held.standing, 0)
            assert (rows(path), history.totals(LIST)) == ([(*KEY, "", 1, 1.0, None)], Totals(1, 0))
            await history.flush()
        assert query(path, "SELECT * FROM totals") == [(LIST, 1, 0)]

    asyncio.run(tell())


# ---- resumed


@pytest.mark.parametrize(
    "verdicts",
    [
        pytest.param([CLEAN], id="clean"),
        pytest.param([TIMEOUT], id="never known"),
        pytest.param([HIT], id="listed when first seen"),
        pytest.param([CLEAN, HIT], id="listed after it was clean"),
        pytest.param([HIT, CLEAN], id="removal pending"),
        pytest.param([HIT, CLEAN, TIMEOUT, Unknown(Cause.SERVFAIL)], id="removal pending, then unknown"),
        pytest.param([HIT, CLEAN, HIT], id="pending removal dropped"),
        pytest.param([HIT, CLEAN, CLEAN], id="removed"),
        pytest.param([HIT, CLEAN, CLEAN, HIT], id="listed again"),
        pytest.param([HIT, CLEAN, CLEAN, HIT, CLEAN, CLEAN, HIT, CLEAN], id="third listing, removal pending"),
        pytest.param([on("PBL"), on("PBL", "XBL"), on("XBL")], id="on two sublists, pending on one"),
        pytest.param([on("PBL", "XBL"), on("XBL"), on("XBL"), on("PBL", "XBL")], id="listed again on one of two sublists"),
        pytest.param([HIT, Listed((Hit("", ("127.0.0.2", "127.0.0.10")),))], id="another code was added"),
        pytest.param([HIT, *(Unknown(cause) for cause in Cause)], id="unknown for every cause in turn"),
    ],
)
def test_a_standing_is_resumed_from_the_file(path: Path, verdicts: Sequence[Verdict]) -> None:
    """After a restart everything is as it was: numbers, onsets, codes, reasons, pending removals, causes and totals."""

    async def tell() -> None:
        async with opened(path, 77.0) as history:
            for at, verdict in enumerate(verdicts):
                learn(history, KEY, verdict, float(at), reason=f"Spam sent at {at} – ‘quoted’")
                await history.commit()
            held, totals = history.shown(KEY), history.totals(LIST)
            await history.flush()
        async with opened(path, 99.0) as history:
            assert history.shown(KEY) == history.standing(KEY) == held
            assert (history.totals(LIST), history.created) == (totals, 77.0)

    asyncio.run(tell())


def test_several_listings_are_counted_over_restarts(path: Path) -> None:
    """Each listing has its number and the end of the one before it, also when every verdict comes after a restart."""

    thrice: list[Verdict] = [HIT, CLEAN, CLEAN, HIT, CLEAN, CLEAN, HIT]

    async def tell() -> list[tuple[str, Event, str, int]]:
        changes = []
        for at, verdict in enumerate(thrice):
            async with opened(path) as history:
                learn(history, KEY, verdict, float(at))
                changes += told(await history.commit())
        return changes

    events = [Event.LISTED, Event.DELISTED] * 2 + [Event.LISTED]
    assert asyncio.run(tell()) == [(KEY[0], event, "", 1 + turn // 2) for turn, event in enumerate(events)]
    assert query(path, "SELECT number, opened, closed, last_delisted, onset_observed FROM listings ORDER BY number") == [
        (1, 0.0, 1.0, None, 0),
        (2, 3.0, 4.0, 1.0, 1),
        (3, 6.0, None, 4.0, 1),
    ]
    assert query(path, "SELECT * FROM totals") == [(LIST, 3, 2)]


def test_what_was_held_and_never_committed_is_not_invented(path: Path) -> None:
    """Killed before the commit, a change was never shown, and the next start knows nothing of it."""
    left = path.with_name("left.db")

    async def tell() -> None:
        async with opened(path) as history:
            learn(history, OTHER, HIT, 1.0)
            await history.commit()
            learn(history, KEY, HIT, 2.0)
            killed(path, left)
        async with opened(left) as history:
            assert (known(history.shown(OTHER)), history.shown(KEY)) == ({"": (1, 1.0, None)}, NOTHING)
            assert history.totals(LIST) == Totals(1, 0)

    asyncio.run(tell())


def test_lists_and_targets_are_kept_apart(path: Path) -> None:
    """A check is a target on a list: neither another list nor another target changes it."""
    keys = [(target, name) for target in ("192.0.2.7", "2001:db8::7", "bad.example") for name in (LIST, "dbl.example")]

    async def tell() -> None:
        async with opened(path) as history:
            for at, key in enumerate(keys):
                learn(history, key, HIT, float(at))
            await history.commit()
        async with opened(path) as history:
            assert [known(history.shown(key)) for key in keys] == [{"": (1, float(at), None)} for at in range(len(keys))]
            assert history.totals(LIST) == history.totals("dbl.example") == Totals(3, 0)

    asyncio.run(tell())
