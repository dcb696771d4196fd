"""What origins led to is in the file soon, and there at the next start."""

import asyncio
from pathlib import Path

from exporter.history import Find
from tests.edges.histories import HIT, KEEP, KEY, damage_in_use, garbage_in_the_middle, killed, learn, opened, query

FOUND = Find(b'["192.0.2.1"]', 40.0)
LATER = Find(b"\x00\xff", 50.0)


def finds(path: Path) -> list[tuple[object, ...]]:
    """What the file has: origin, content, at."""
    return query(path, "SELECT origin, content, at FROM finds ORDER BY 1")


def test_a_flush_writes_what_origins_led_to(path: Path) -> None:
    """What was noted last for each is in the file after a flush, and after a new start."""

    async def tell() -> None:
        async with opened(path) as history:
            history.finds.note({"example.com mx": FOUND, "mail.example.com": FOUND})
            history.finds.note({"mail.example.com": LATER})
            await history.flush()
            assert finds(path) == [("example.com mx", *FOUND), ("mail.example.com", *LATER)]
        async with opened(path) as history:
            assert history.finds.held == {"example.com mx": FOUND, "mail.example.com": LATER}

    asyncio.run(tell())


def test_what_was_flushed_survives_a_kill(path: Path) -> None:
    """Nothing needs to end orderly."""

    async def tell() -> None:
        async with opened(path) as history:
            history.finds.note({"example.com mx": FOUND})
            await history.flush()
            copy = path.with_name("copy.db")
            killed(path, copy)
            async with opened(copy) as again:
                assert again.finds.held == {"example.com mx": FOUND}

    asyncio.run(tell())


def test_what_was_not_looked_up_for_long_is_forgotten(path: Path) -> None:
    """An origin that left the config does not stay for ever."""

    async def tell() -> None:
        async with opened(path, now=KEEP + 45.0) as history:
            history.finds.note({"gone.example.com": FOUND, "mail.example.com": LATER})
            await history.flush()
            await history.forget_old()
            assert history.finds.held == {"mail.example.com": LATER}
        assert finds(path) == [("mail.example.com", *LATER)]

    asyncio.run(tell())


def test_a_file_that_broke_while_in_use_is_rebuilt_with_what_origins_led_to(path: Path) -> None:
    """The new file has it all."""

    async def tell() -> None:
        async with opened(path) as history:
            for number in range(200):
                learn(history, (f"192.0.2.{number}", KEY[1]), HIT, 1.0, reason="Spam sent from here, seen by a trap of ours")
            history.finds.note({"example.com mx": FOUND})
            await history.flush()
            damage_in_use(path, garbage_in_the_middle)
            history.finds.note({"mail.example.com": LATER})
            await history.flush()
            await history.flush()
        assert finds(path) == [("example.com mx", *FOUND), ("mail.example.com", *LATER)]

    asyncio.run(tell())
