"""A thread that keeps every change it ever saw on /metrics: what was shown once must never be lost."""

import http.client
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from tests.servers.daemon import wait_until
from tests.servers.exporter import Exporter
from tests.system.ledger import Ledger
from tests.system.scrape import Place, Scrape, assert_consistent

PAUSE_SECONDS = 0.01


class Seen(NamedTuple):
    """That a listing opened or closed, and when."""

    place: Place
    number: int
    at: float


class Watcher:
    """Scrapes again and again while it is entered; an exporter that is down is asked again until it is back.

    Every body must pass a test; one that did not raises at the end.
    """

    def __init__(self, exporter: Exporter, test: Callable[[Scrape], None] = assert_consistent) -> None:
        self._exporter = exporter
        self._test = test
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher")
        self._fault: Exception | None = None
        self.bodies = 0
        self.opened: set[Seen] = set()
        self.closed: set[Seen] = set()
        self.totals: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._ended.set()
        self._thread.join()
        if self._fault is not None and raised[0] is None:
            raise self._fault

    @property
    def changes(self) -> int:
        """How many different changes were seen so far."""
        return len(self.opened) + len(self.closed)

    def catch_up(self) -> None:
        """Return once a body that was asked for after now is read."""
        bodies = self.bodies
        wait_until(lambda: self.bodies > bodies + 1 or self._fault is not None, "the watcher reads on")

    def assert_kept(self, history: Path) -> None:
        """Every change that was seen by now is in the file, once, as it was seen. More may be seen while the file is read."""
        seen_opened, seen_closed, totals = self.opened.copy(), self.closed.copy(), self.totals.copy()
        ledger = Ledger.read(history)
        opened = [Seen(row.place, row.number, row.opened) for row in ledger.rows]
        closed = [Seen(row.place, row.number, row.closed) for row in ledger.rows if row.closed is not None]
        assert len(set(opened)) == len(opened)
        assert seen_opened <= set(opened)
        assert seen_closed <= set(closed)
        for zone, (listed, delisted) in totals.items():
            in_file = ledger.totals.get(zone, (0, 0))
            assert in_file[0] >= listed
            assert in_file[1] >= delisted

    def _run(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            try:
                body = self._exporter.get("/metrics").text
            except (OSError, http.client.HTTPException):
                continue
            try:
                self._read(Scrape.of(body))
            except Exception as fault:  # noqa: BLE001 - whatever it is, the test must hear of it
                self._fault = fault
                return

    def _read(self, scrape: Scrape) -> None:
        self._test(scrape)
        for place, held in scrape.standings().items():
            if held.since:
                self.opened.add(Seen(place, held.number, held.since))
            if held.last_delisted:
                number = held.number if held.since == 0 else held.number - 1
                self.closed.add(Seen(place, number, held.last_delisted))
        for (zone,) in scrape.by("dnsbl_list_info", "list"):
            self.totals[zone] = scrape.totals(zone)
        self.bodies += 1
