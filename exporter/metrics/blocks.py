"""The families of checks and targets, as text that is made once and joined at the scrape.

Rules:

1. Each family has one block of lines a target. A block is made again only when the history has news of its target, or a plan that
   changed says something else of it; other lists make them all again.
2. Making blocks is cut into slices, so a million lines do not hold up the checks. Whoever wants the text has it refreshed first,
   one after the other, so nobody sees it half made.
"""

import asyncio
import itertools
from array import array
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from exporter.history import History
from exporter.metrics.exposition import Packed, Part, Plain, chained, pack
from exporter.metrics.lines import HELP, INFO, Exposed, ListColumn, list_column, make
from exporter.moves import Difference, difference
from exporter.plan import Plan
from exporter.roster import Share
from exporter.target import Kind, Target

_SLICE = 25
_ROUNDS = 3
_GROUP = 256
_HEAD = -1
"""In place of a group: the lines before all of them."""
_THREADS = 2
_T = TypeVar("_T")


@dataclass(slots=True)
class _Group:
    """Targets that are compressed together, each at a place of its own: ``rows`` are those of the history, and one that is gone
    leaves a gap. Columns of numbers and lists of what is shared: there may be a million targets."""

    rows: "array[int]" = field(default_factory=lambda: array("I"))
    kinds: list[Kind] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)
    columns: list[tuple[ListColumn, ...]] = field(default_factory=list)
    """The lists that take each target."""
    states: list[bytes] = field(default_factory=list)
    """The states when its blocks were made, in the order of its lists; nothing if they were not made yet."""
    blocks: dict[str, list[bytes]] = field(default_factory=dict)
    """By family; families of which there is nothing are left out."""


@dataclass(slots=True)
class Blocks:
    """The text of every check and target of the plan, brought up to date by :meth:`fresh`."""

    history: History
    states: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many checks of a list are in a state."""
    sublists: dict[str, dict[str, None]] = field(default_factory=dict)
    """The sublists that history has of each list."""
    kinds: Counter[Kind] = field(default_factory=Counter)
    """Targets of the plan by kind."""
    _plan: Plan | None = None
    _exposed: Exposed = "all"
    _groups: list[_Group] = field(default_factory=list)
    _seats: "array[int]" = field(default_factory=lambda: array("I"))
    """By row: the group times its size, the place in it, and one; 0 for a target that is not in the plan."""
    _gone: int = 0
    """How many gaps there are."""
    _stale: dict[int, None] = field(default_factory=dict)
    """Rows whose blocks are out of date."""
    _changed: set[tuple[str, int]] = field(default_factory=set)
    """Families and groups whose text is not yet compressed."""
    _packed: dict[tuple[str, int], Part] = field(default_factory=dict)
    _whole: Packed = field(default_factory=Packed)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def fresh(self, plan: Plan, exposed: Exposed) -> AsyncIterator[None]:
        """Make what is out of date, a slice at a time. It begins in the moment as of which all is; until it ends, all stays."""
        async with self._lock:
            await self._refresh(plan, exposed)
            yield

    async def packed(self) -> Packed:
        """The text compressed: in threads, and of it only what changed. To be called while it is fresh."""
        if self._changed:
            changed = sorted(self._changed)
            halves = (asyncio.to_thread(self._pack, changed[start::_THREADS]) for start in range(_THREADS))
            for found in await asyncio.gather(*halves):
                self._packed.update(found)
            parts = [self._packed[name, group] for name in HELP for group in range(_HEAD, len(self._groups))]
            self._whole = await asyncio.to_thread(chained, parts)
            self._changed.clear()
        return self._whole

    def plain(self) -> Plain:
        """The text as it is, to be put together as it is sent. To be called while it is fresh."""
        return Plain(tuple((_head(name), self.blocks(name)) for name in HELP))

    def blocks(self, name: str) -> list[bytes]:
        """The lines of a family, target by target; nothing for one that has none."""
        return list(itertools.chain.from_iterable(group.blocks.get(name, ()) for group in self._groups))

    async def _refresh(self, plan: Plan, exposed: Exposed) -> None:
        if plan is not self._plan or exposed != self._exposed:
            await self._begin(plan, exposed)
        for _ in range(_ROUNDS):  # while some are made there is news of others
            self._take_news()
            while len(self._stale) > _SLICE:
                self._make_some(_SLICE)
                await asyncio.sleep(0)
        self._take_news()
        self._make_some(len(self._stale))

    def _take_news(self) -> None:
        self._stale.update(dict.fromkeys(map(self.history.row, self.history.take_news())))

    def _make_some(self, count: int) -> None:
        for _ in range(count):
            row = self._stale.popitem()[0]
            if row < len(self._seats) and (seat := self._seats[row]):
                self._make(row, *divmod(seat - 1, _GROUP))

    def listed_targets(self) -> int:
        """Targets that are on any list now."""
        return sum(map(bool, self.blocks(INFO)))

    def _pack(self, changed: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Part]:
        return {(name, group): pack(self._text_of(name, group)) for name, group in changed}

    def _text_of(self, name: str, group: int) -> bytes:
        if group == _HEAD:
            return _head(name)
        return b"".join(self._groups[group].blocks.get(name, ()))

    async def _begin(self, plan: Plan, exposed: Exposed) -> None:
        before, self._plan = self._plan, None  # until it is whole: whoever breaks off leaves it to be begun again
        much_gone = self._gone > len(self._groups) * _GROUP // 2
        if before is not None and exposed == self._exposed and before.takes_alike(plan) and not much_gone:
            await self._follow(await asyncio.to_thread(difference, before.roster, plan.roster), plan)
        else:
            await self._begin_anew(plan)
        self.kinds = Counter(plan.roster.counts())
        self._plan, self._exposed = plan, exposed

    async def _begin_anew(self, plan: Plan) -> None:
        self.history.take_news()
        self.states.clear()
        self.sublists = {name: {} for name in plan.lists}
        self._stale, self._groups, self._seats, self._gone = {}, [], array("I"), 0
        self._packed.clear()
        self._changed = {(name, _HEAD) for name in HELP}
        await self._widen(target.text for target in plan.roster)
        columns = self._columns(plan)
        async for some in _in_slices(plan.roster.shared()):
            for target, share in some:
                row = self.history.row(target.text)
                self._seat(row, target.kind, share, columns(target))

    async def _follow(self, difference: Difference, plan: Plan) -> None:
        """Drop whom the plan has no more, and make whom it has anew."""
        async for texts in _in_slices(difference.gone):
            for text in texts:
                self._unseat(self.history.row(text))
        await self._widen(target.text for target, _ in difference.added)
        columns = self._columns(plan)
        async for some in _in_slices(difference.added):
            for target, share in some:
                self._seat(self.history.row(target.text), target.kind, share, columns(target))
        async for changes in _in_slices(difference.changed):
            for text, share in changes:
                row = self.history.row(text)
                group, place = divmod(self._seats[row] - 1, _GROUP)
                self._groups[group].shares[place] = share
                self._stale[row] = None

    async def _widen(self, texts: Iterable[str]) -> None:
        """Have a row for each, so that columns that are taken next hold all of them."""
        async for some in _in_slices(texts):
            for text in some:
                self.history.row(text)

    def _columns(self, plan: Plan) -> Callable[[Target], tuple[ListColumn, ...]]:
        """What tells the lists that take a target; targets that the same lists take share a tuple. To be called when all targets
        have rows."""
        columns = {name: list_column(name, self.history.column(name), self.sublists[name]) for name in plan.checks}
        known: dict[tuple[str, ...], tuple[ListColumn, ...]] = {}

        def of(target: Target) -> tuple[ListColumn, ...]:
            names = plan.taking(target)
            return known.get(names) or known.setdefault(names, tuple(columns[name] for name in names))

        return of

    def _seat(self, row: int, kind: Kind, share: Share, columns: tuple[ListColumn, ...]) -> None:
        """Take in a target, with the lists that take it; its blocks are made later."""
        if not self._groups or len(self._groups[-1].rows) >= _GROUP:
            self._changed.update((name, len(self._groups)) for name in HELP)
            self._groups.append(_Group())
        group = self._groups[-1]
        if row >= len(self._seats):
            self._seats.frombytes(bytes(self._seats.itemsize * (row + 1 - len(self._seats))))
        self._seats[row] = (len(self._groups) - 1) * _GROUP + len(group.rows) + 1
        group.rows.append(row)
        group.kinds.append(kind)
        group.shares.append(share)
        group.columns.append(columns)
        group.states.append(b"")
        for blocks in group.blocks.values():
            blocks.append(b"")
        self._stale[row] = None

    def _unseat(self, row: int) -> None:
        number, place = divmod(self._seats[row] - 1, _GROUP)
        group = self._groups[number]
        self._seats[row] = 0
        self._gone += 1
        self._stale.pop(row, None)
        for name, blocks in group.blocks.items():
            if blocks[place]:
                blocks[place] = b""
                self._changed.add((name, number))
        self._count(group, place, b"")
        group.columns[place] = ()

    def _make(self, row: int, number: int, place: int) -> None:
        group = self._groups[number]
        target = Target(self.history.text(row), group.kinds[place])
        lines, states = make(target, group.shares[place], group.columns[place], row, self._exposed)
        for name, new in lines.items():
            blocks = group.blocks.get(name)
            if blocks is None:
                if not new:
                    continue
                blocks = group.blocks[name] = [b""] * len(group.rows)
            block = "".join(new).encode()
            if blocks[place] != block:
                blocks[place] = block
                self._changed.add((name, number))
        self._count(group, place, states)

    def _count(self, group: _Group, place: int, states: bytes) -> None:
        before = group.states[place]
        if states == before:
            return
        for column, state in zip(group.columns[place], before, strict=False):  # nothing if it was never made
            self.states[column.name, state] -= 1
        for column, state in zip(group.columns[place], states, strict=False):  # nothing if it is gone
            self.states[column.name, state] += 1
        group.states[place] = states


def _head(name: str) -> bytes:
    return f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n".encode()


async def _in_slices(things: Iterable[_T]) -> AsyncIterator[list[_T]]:
    """Slices of :data:`_GROUP`, with time for others between them."""
    rest = iter(things)
    while some := list(itertools.islice(rest, _GROUP)):
        yield some
        await asyncio.sleep(0)
