"""Every check's standing in a few bytes: columns of numbers by list, objects only where there ever was a listing.

Rules:

1. A target has a row, the same in every column; a list has a column. A standing is put together when it is asked for.
2. A time of 0 stands for none: nothing was known in 1970.
3. ``states`` counts for itself: how many checks are in a state is a count of bytes, not a walk over checks.
"""

import asyncio
from array import array
from collections.abc import AsyncIterator
from enum import IntEnum

from exporter.listing import Listing, Standing
from exporter.verdict import Cause

Key = tuple[str, str]

_CAUSES = tuple(Cause)
_CODE_OF_CAUSE = {cause: code for code, cause in enumerate(_CAUSES, start=1)}


NOTHING = Standing()

_SLICE = 1000


class State(IntEnum):
    """What a check counts as. ``NEVER`` was neither known nor asked in vain."""

    NEVER = 0
    UNKNOWN = 1
    NOT_LISTED = 2
    LISTED = 3
    PENDING = 4


def state_of(held: Standing) -> State:
    """A check whose last answer was inconclusive counts as unknown, whatever is held of it."""
    if held.unknown is not None:
        return State.UNKNOWN
    if held.known_at is None and not held.listings:
        return State.NEVER
    if held.pending:
        return State.PENDING
    return State.LISTED if held.listed else State.NOT_LISTED


class Column:
    """One list's standings by row."""

    __slots__ = ("causes", "known_at", "listings", "states", "unknown_since")

    def __init__(self) -> None:
        self.known_at = array("d")
        self.unknown_since = array("d")
        self.causes = bytearray()
        self.states = bytearray()
        self.listings: dict[int, tuple[Listing, ...]] = {}

    def widen(self, rows: int) -> None:
        """Make room for that many rows."""
        more = rows - len(self.states)
        if more > 0:
            self.known_at.frombytes(bytes(8 * more))
            self.unknown_since.frombytes(bytes(8 * more))
            self.causes.extend(bytes(more))
            self.states.extend(bytes(more))

    def get(self, row: int) -> Standing:
        code = self.causes[row]
        return Standing(
            self.known_at[row] or None,
            self.listings.get(row, ()),
            _CAUSES[code - 1] if code else None,
            self.unknown_since[row] or None,
        )

    def know(self, row: int, known_at: float, cause: int, unknown_since: float) -> None:
        """Set what is known besides listings, for a row that has none yet; ``cause`` is counted from 1."""
        self.known_at[row] = known_at
        self.unknown_since[row] = unknown_since
        self.causes[row] = cause
        self.states[row] = State.UNKNOWN if cause else State.NOT_LISTED if known_at else State.NEVER

    def put(self, row: int, held: Standing) -> None:
        self.known_at[row] = held.known_at or 0.0
        self.unknown_since[row] = held.unknown_since or 0.0
        self.causes[row] = 0 if held.unknown is None else _CODE_OF_CAUSE[held.unknown]
        self.states[row] = state_of(held)
        if held.listings:
            self.listings[row] = held.listings
        else:
            self.listings.pop(row, None)


class Standings:
    """All columns."""

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._targets: list[str] = []
        self._columns: dict[str, Column] = {}

    def row(self, target: str) -> int:
        """The row of a target, made if it has none."""
        row = self._rows.get(target)
        if row is None:
            row = self._rows[target] = len(self._targets)
            self._targets.append(target)
        return row

    def text(self, row: int) -> str:
        """The target whose row it is."""
        return self._targets[row]

    def column(self, name: str) -> Column:
        """The column of a list, made if there is none, wide enough for every row."""
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = Column()
        if len(column.states) < len(self._targets):
            column.widen(len(self._targets))
        return column

    def get(self, key: Key) -> Standing:
        """Changes nothing, so any thread may ask."""
        row, column = self._rows.get(key[0]), self._columns.get(key[1])
        # The states of a column are the last of it that is widened.
        return NOTHING if row is None or column is None or row >= len(column.states) else column.get(row)

    def put(self, key: Key, held: Standing) -> None:
        row = self.row(key[0])
        self.column(key[1]).put(row, held)

    def targets(self) -> tuple[str, ...]:
        """Every target that has a row."""
        return tuple(self._targets)

    async def older(self, before: float) -> AsyncIterator[str]:
        """Targets that are on no list and of which nothing was learned since. There may be many, so others get their turn."""
        for number, target in enumerate(self.targets()):
            if self._is_older(self._rows[target], before):
                yield target
            if number % _SLICE == 0:
                await asyncio.sleep(0)

    def ever_listed(self) -> list[Key]:
        """Every check that has listings."""
        return [(self._targets[row], name) for name, column in self._columns.items() for row in column.listings]

    def _is_older(self, row: int, before: float) -> bool:
        """Mostly the first column says no."""
        for column in self._columns.values():
            if row < len(column.states) and (
                (column.known_at[row] or column.unknown_since[row]) >= before
                or any(listing.present for listing in column.listings.get(row, ()))
            ):
                return False
        return True

    def of_target(self, target: str) -> dict[str, Standing]:
        """What is held of a target, by list; lists that nothing is held from are left out."""
        row = self._rows.get(target)
        if row is None:
            return {}
        return {
            name: column.get(row)
            for name, column in list(self._columns.items())
            if row < len(column.states) and (column.states[row] or row in column.listings)
        }
