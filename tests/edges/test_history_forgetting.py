"""What ended long ago is forgotten, and nothing else."""

import asyncio
from pathlib import Path

from exporter.history import History, Totals
from exporter.listing import Event
from tests.edges.histories import (
    CLEAN,
    HIT,
    KEEP,
    KEY,
    LIST,
    known,
    learn,
    opened,
    rows,
    told,
)


def test_only_what_ended_long_ago_is_forgotten(path: Path) -> None:
    """Ended listings go when they are older than `keep`, from the file and from what is shown; present ones stay however old."""
    present, ended, lately, clean, clean_lately = ((f"192.0.2.{number}", LIST) for number in range(1, 6))

    async def tell() -> None:
        now = [0.0]
        history = History(path, KEEP, lambda: now[0])
        try:
            for key in (present, ended, lately):
                learn(history, key, HIT, 5.0)
            learn(history, ended, CLEAN, 10.0, delist_after=1)
            learn(history, lately, CLEAN, 20.0, delist_after=1)
            learn(history, clean, CLEAN, 10.0)
            learn(history, clean_lately, CLEAN, 20.0)
            await history.flush()
            now[0] = KEEP + 15.0
            await history.forget_old()
            assert rows(path) == [(*present, "", 1, 5.0, None), (*lately, "", 1, 5.0, 20.0)]
            shown = [history.shown(key) for key in (present, ended, lately, clean, clean_lately)]
            assert [known(each) for each in shown] == [{"": (1, 5.0, None)}, {}, {"": (1, 5.0, 20.0)}, {}, {}]
            assert [each.known_at for each in shown] == [5.0, None, 20.0, None, 20.0]
            assert history.totals(LIST) == Totals(3, 2)
        finally:
            await history.close()
        async with opened(path) as resumed:
            assert [resumed.shown(key) for key in (present, ended, lately, clean, clean_lately)] == shown
            assert (resumed.totals(LIST), resumed.created) == (Totals(3, 2), 0.0)

    asyncio.run(tell())


def test_an_earlier_listing_is_forgotten_and_the_number_goes_on(path: Path) -> None:
    """While a later listing is remembered, forgetting an earlier one does not begin the count anew."""

    async def tell() -> None:
        async with opened(path, KEEP + 5.0) as history:
            for at, verdict in ((0.0, HIT), (1.0, CLEAN), (7.0, HIT), (8.0, CLEAN)):
                learn(history, KEY, verdict, at, delist_after=1)
            await history.flush()
            await history.forget_old()
            assert rows(path) == [(*KEY, "", 2, 7.0, 8.0)]
            learn(history, KEY, HIT, 9.0)
            assert told(await history.commit()) == [(KEY[0], Event.LISTED, "", 3)]
        async with opened(path) as history:
            (listing,) = history.shown(KEY).listings
            assert (listing.number, listing.last_delisted) == (3, 8.0)

    asyncio.run(tell())


def test_what_was_forgotten_begins_anew(path: Path) -> None:
    """After all its listings were forgotten, a target's next listing is its first, without a doubled row."""

    async def tell() -> None:
        async with opened(path, KEEP + 5.0) as history:
            for at, verdict in ((0.0, HIT), (1.0, CLEAN)):
                learn(history, KEY, verdict, at, delist_after=1)
            await history.flush()
            await history.forget_old()
            learn(history, KEY, HIT, KEEP + 6.0)
            assert told(await history.commit()) == [(KEY[0], Event.LISTED, "", 1)]
        assert rows(path) == [(*KEY, "", 1, KEEP + 6.0, None)]

    asyncio.run(tell())


def test_forgetting_leaves_what_waits_alone(path: Path) -> None:
    """A removal that is not in the file yet is neither forgotten nor lost, however long ago it was."""

    async def tell() -> None:
        async with opened(path, KEEP + 5.0) as history:
            learn(history, KEY, HIT, 0.0)
            await history.commit()
            held = learn(history, KEY, CLEAN, 1.0, delist_after=1)
            await history.forget_old()
            assert known(history.shown(KEY)) == {"": (1, 0.0, None)}
            assert await history.commit() == [held]
            assert rows(path) == [(*KEY, "", 1, 0.0, 1.0)]

    asyncio.run(tell())
