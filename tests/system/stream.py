"""A stream of listings and removals: a thread that puts targets on a rude server's lists and takes them off, at random."""

import random
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Self

from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.ledger import Ledger

FLIP_SECONDS = 0.03

Lists = Mapping[str, tuple[str, ...]]
"""The codes that a target has on a list, when it is on it, by list."""


class Stream:
    """While it is entered, one target after another gets on a list or off it."""

    def __init__(self, rude: Rude, lists: Lists, targets: Sequence[str], chance: random.Random) -> None:
        self._rude = rude
        self._lists = lists
        self._targets = targets
        self._chance = chance
        self._on: dict[str, set[str]] = {zone: set() for zone in lists}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stream")
        self.put_on: Counter[tuple[str, str]] = Counter()

    def __enter__(self) -> Self:
        for zone in self._lists:
            self._serve(zone)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()

    def assert_not_exceeded(self, ledger: Ledger) -> None:
        """No target was listed more often than it got onto the list."""
        for row in ledger.rows:
            assert row.number <= self.put_on[row.place.target, row.place.list]

    def _run(self) -> None:
        while not self._ended.wait(FLIP_SECONDS):
            zone, target = self._chance.choice(list(self._lists)), self._chance.choice(self._targets)
            if target not in self._on[zone]:
                self.put_on[target, zone] += 1
            self._on[zone] ^= {target}
            self._serve(zone)

    def _serve(self, zone: str) -> None:
        self._rude.behave(zone, holding(*self._on[zone], codes=self._lists[zone]))
