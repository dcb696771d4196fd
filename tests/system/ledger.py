"""The history's file, as SQLite reads it: opened read-only, beside the exporter or after it."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from tests.system.scrape import Place, Scrape, Standing


@dataclass(frozen=True, slots=True)
class Row:
    """One listing."""

    place: Place
    number: int
    opened: float
    closed: float | None
    last_delisted: float | None
    onset_observed: bool


@dataclass(frozen=True, slots=True)
class Ledger:
    """All listings, in order, and the totals by list."""

    rows: tuple[Row, ...]
    totals: dict[str, tuple[int, int]]

    @classmethod
    def read(cls, path: Path) -> "Ledger":
        """Read the whole file in one transaction."""
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)) as file:
            file.execute("BEGIN")
            assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows = file.execute(
                "SELECT target, list, sublist, number, opened, closed, last_delisted, onset_observed FROM listings "
                "ORDER BY target, list, sublist, number"
            ).fetchall()
            totals = file.execute("SELECT list, listed, delisted FROM totals").fetchall()
        return cls(
            tuple(
                Row(Place(target, name, sublist), number, opened, closed, last_delisted, bool(onset_observed))
                for target, name, sublist, number, opened, closed, last_delisted, onset_observed in rows
            ),
            {name: (listed, delisted) for name, listed, delisted in totals},
        )

    def standings(self) -> dict[Place, Standing]:
        """What /metrics has to say of every place."""
        return {
            row.place: Standing(
                0.0 if row.closed else row.opened,
                (row.closed or row.last_delisted) or 0.0,
                row.onset_observed,
                row.number,
            )
            for row in self.rows
        }


def assert_sound(ledger: Ledger) -> None:
    """Listings of a place are numbered without a gap and follow each other in time, and the totals count them."""
    for row in ledger.rows:
        assert row.closed is None or row.opened <= row.closed
    for before, row in pairwise(ledger.rows):
        if row.place == before.place:
            assert row.number == before.number + 1
            assert before.closed is not None
            assert before.closed == row.last_delisted
            assert before.closed < row.opened
    firsts = {row.place: row for row in reversed(ledger.rows)}
    assert all(row.number == 1 and row.last_delisted is None for row in firsts.values())
    for zone in {row.place.list for row in ledger.rows} | ledger.totals.keys():
        rows = [row for row in ledger.rows if row.place.list == zone]
        assert ledger.totals[zone] == (len(rows), sum(row.closed is not None for row in rows))


def assert_shown(scrape: Scrape, ledger: Ledger, targets: Iterable[str], lists: Iterable[str]) -> None:
    """/metrics says what the file says about these targets on these lists, and nothing else."""
    expected, totals = _expected(ledger, targets, lists)
    assert scrape.standings() == expected
    assert {zone: scrape.totals(zone) for zone in totals} == totals


def is_shown(scrape: Scrape, ledger: Ledger, targets: Iterable[str], lists: Iterable[str]) -> bool:
    """Whether it does, as of one moment: what is in the file is shown a moment later."""
    expected, totals = _expected(ledger, targets, lists)
    return scrape.standings() == expected and {zone: scrape.totals(zone) for zone in totals} == totals


def _expected(
    ledger: Ledger, targets: Iterable[str], lists: Iterable[str]
) -> tuple[dict[Place, Standing], dict[str, tuple[int, int]]]:
    wanted, zones = set(targets), set(lists)
    standings = {place: held for place, held in ledger.standings().items() if place.target in wanted and place.list in zones}
    return standings, {zone: ledger.totals.get(zone, (0, 0)) for zone in zones}
