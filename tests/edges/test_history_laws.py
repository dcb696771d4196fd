"""Whatever comes, in whatever order, with restarts and kills between: every change is in the file once, and none is invented."""

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.history import History, Key, Totals
from exporter.listing import Event
from exporter.verdict import Cause, Unknown, Verdict
from tests.edges.histories import CLEAN, HIT, KEEP, KEY, LIST, killed, known, learn, on, query, rows, told

KEYS: tuple[Key, ...] = (KEY, ("192.0.2.8", LIST), ("192.0.2.7", "other.example"))
VERDICTS: tuple[Verdict, ...] = (CLEAN, CLEAN, HIT, on("PBL"), on("PBL", "XBL"), Unknown(Cause.TIMEOUT), Unknown(Cause.BOGUS))
Step = tuple[Key, Verdict] | str
Event_ = tuple[Key, Event, str, int]

verdicts = st.tuples(st.sampled_from(KEYS), st.sampled_from(VERDICTS))
deeds = st.sampled_from(["commit", "flush", "restart", "kill"])
lives = st.lists(st.one_of(verdicts, verdicts, verdicts, deeds), max_size=60)


class Life:
    """A history through restarts and kills, and what it promised so far."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._starts = 0
        self.path = folder / "0.db"
        self.history = self._open()
        self.promised: list[Event_] = []
        self.held: list[Event_] = []

    def _open(self) -> History:
        self._starts += 1
        return History(self.path, KEEP, lambda: float(self._starts))

    async def live(self, steps: list[Step]) -> None:
        for at, step in enumerate(steps, start=1):
            match step:
                case (key, verdict):
                    record = learn(self.history, key, verdict, float(at), reason=f"at {at}")
                    self.held += [(key, change.event, change.listing.sublist, change.listing.number) for change in record.changes]
                case "commit":
                    self._promise(told(await self.history.commit()))
                case "flush":
                    self._promise(told(await self.history.flush()))
                case "restart":
                    await self._restart()
                case _:
                    await self._kill()
            assert self._totals() == self._promised_totals()
        await self._restart()

    def _promise(self, shown: list[tuple[str, Event, str, int]]) -> None:
        """All that was held is shown, in order."""
        assert shown == [(key[0], event, sublist, number) for key, event, sublist, number in self.held]
        self.promised += self.held
        self.held = []

    async def _restart(self) -> None:
        """An orderly end writes everything; the next start holds the same."""
        before = [self.history.standing(key) for key in KEYS]
        await self.history.close()
        self.promised += self.held
        self.held = []
        self.history = self._open()
        assert [self.history.standing(key) for key in KEYS] == before
        assert [self.history.shown(key) for key in KEYS] == before

    async def _kill(self) -> None:
        """After kill -9 every change that was shown is there, and no other."""
        before = [known(self.history.shown(key)) for key in KEYS]
        left = self._folder / f"{self._starts}.db"
        killed(self.path, left)
        await self.history.close()
        self.path, self.held = left, []
        self.history = self._open()
        assert [known(self.history.shown(key)) for key in KEYS] == before

    def _totals(self) -> dict[str, Totals]:
        return {name: self.history.totals(name) for _, name in KEYS}

    def _promised_totals(self) -> dict[str, Totals]:
        counts = Counter((key[1], event) for key, event, _, _ in self.promised)
        return {name: Totals(counts[name, Event.LISTED], counts[name, Event.DELISTED]) for _, name in KEYS}


@settings(max_examples=60, deadline=None, database=None)
@given(lives)
def test_every_change_is_in_the_file_exactly_once(steps: list[Step]) -> None:
    """Through any sequence of verdicts, commits, flushes, restarts and kills, the file holds what was shown: no more, no less."""
    with tempfile.TemporaryDirectory() as folder:

        async def live() -> Life:
            life = Life(Path(folder))
            try:
                await life.live(steps)
            finally:
                await life.history.close()
            return life

        life = asyncio.run(live())
        begun = Counter((*key, sublist, number) for key, event, sublist, number in life.promised if event is Event.LISTED)
        ended = Counter((*key, sublist, number) for key, event, sublist, number in life.promised if event is Event.DELISTED)
        in_file = rows(life.path)
        assert Counter(row[:4] for row in in_file) == begun
        assert Counter(row[:4] for row in in_file if row[5] is not None) == ended
        assert set((begun | ended).values()) <= {1}
        assert query(life.path, "PRAGMA integrity_check") == [("ok",)]
