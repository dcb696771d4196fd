"""The families of checks and targets, as text that is made once and joined at the scrape.

Rules:

1. Each family has one block of lines a target. A block is made again only when the history has news of its target, or a plan that
   changed says something else of it; other lists make them all again.
2. Making blocks is cut into slices, so a million lines do not hold up the checks. Whoever wants the text has it refreshed first,
   one after the other, so nobody sees it half made.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
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
class _Made:
    """What was made of a target: the lists that take it, and their states then, in the same order."""

    target: Target
    share: Share
    columns: tuple[ListColumn, ...]
    group: int
    states: bytes = b""


@dataclass(slots=True)
class Blocks:
    """The text of every check and target of the plan, brought up to date by :meth:`fresh`."""

    history: History
    blocks: dict[str, dict[str, bytes]] = field(default_factory=lambda: {name: {} for name in HELP})
    states: Counter[tuple[str, int]] = field(default_factory=Counter)
    """How many checks of a list are in a state."""
    sublists: dict[str, dict[str, None]] = field(default_factory=dict)
    """The sublists that history has of each list."""
    kinds: Counter[Kind] = field(default_factory=Counter)
    """Targets of the plan by kind."""
    _plan: Plan | None = None
    _exposed: Exposed = "all"
    _made: dict[str, _Made] = field(default_factory=dict)
    _stale: dict[str, None] = field(default_factory=dict)
    _groups: list[list[str]] = field(default_factory=list)
    """Targets that are compressed together."""
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
        return Plain(tuple((_head(name), list(blocks.values())) for name, blocks in self.blocks.items()))

    async def _refresh(self, plan: Plan, exposed: Exposed) -> None:
        if plan is not self._plan or exposed != self._exposed:
            await self._begin(plan, exposed)
        for _ in range(_ROUNDS):  # while some are made there is news of others
            self._stale.update(dict.fromkeys(self.history.take_news()))
            while len(self._stale) > _SLICE:
                self._make_some(_SLICE)
                await asyncio.sleep(0)
        self._stale.update(dict.fromkeys(self.history.take_news()))
        self._make_some(len(self._stale))

    def _make_some(self, count: int) -> None:
        for _ in range(count):
            made = self._made.get(self._stale.popitem()[0])
            if made is not None:
                self._make(made)

    def listed_targets(self) -> int:
        """Targets that are on any list now."""
        return len(self.blocks[INFO])

    def _pack(self, changed: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Part]:
        return {(name, group): pack(self._text_of(name, group)) for name, group in changed}

    def _text_of(self, name: str, group: int) -> bytes:
        if group == _HEAD:
            return _head(name)
        blocks = self.blocks[name]
        return b"".join(blocks[text] for text in self._groups[group] if text in blocks)

    async def _begin(self, plan: Plan, exposed: Exposed) -> None:
        before, self._plan = self._plan, None  # until it is whole: whoever breaks off leaves it to be begun again
        if before is not None and exposed == self._exposed and before.takes_alike(plan):
            await self._follow(await asyncio.to_thread(difference, before.roster, plan.roster), plan)
        else:
            await self._begin_anew(plan)
        self.kinds = Counter(plan.roster.counts())
        self._plan, self._exposed = plan, exposed

    async def _begin_anew(self, plan: Plan) -> None:
        self.history.take_news()
        self.states.clear()
        self.sublists = {name: {} for name in plan.lists}
        for blocks in self.blocks.values():
            blocks.clear()
        self._made, self._stale, self._groups = {}, {}, []
        self._packed.clear()
        self._changed = {(name, _HEAD) for name in HELP}
        columns = await self._columns(plan)
        async for some in _in_slices(plan.roster.shared()):
            self._seat((target, share, columns.get(target.text, ())) for target, share in some)

    async def _follow(self, difference: Difference, plan: Plan) -> None:
        """Drop whom the plan has no more, and make whom it has anew."""
        async for texts in _in_slices(difference.gone):
            for text in texts:
                self._unseat(self._made.pop(text))
        await self._widen(target.text for target, _ in difference.added)
        columns = self._by_list(plan)
        known: dict[tuple[str, ...], tuple[ListColumn, ...]] = {}
        async for some in _in_slices(difference.added):
            for target, share in some:
                names = tuple(name for name, blocklist in plan.lists.items() if blocklist.accepts(target))
                taking = known.get(names) or known.setdefault(names, tuple(columns[name] for name in names))
                self._seat([(target, share, taking)])
        for text, share in difference.changed:
            self._made[text].share = share
            self._stale[text] = None

    async def _widen(self, texts: Iterable[str]) -> None:
        """Have a row for each, so that columns that are taken next hold all of them."""
        async for some in _in_slices(texts):
            for text in some:
                self.history.row(text)

    def _by_list(self, plan: Plan) -> dict[str, ListColumn]:
        return {name: list_column(name, self.history.column(name), self.sublists[name]) for name in plan.checks}

    async def _columns(self, plan: Plan) -> dict[str, tuple[ListColumn, ...]]:
        """The lists that take each target. Lists share their targets, and targets that the same lists take share a tuple."""
        sharing: dict[tuple[int, ...], list[str]] = {}
        for name, checks in plan.checks.items():
            sharing.setdefault(tuple(map(id, checks.targets.segments)), []).append(name)
        names: dict[str, tuple[str, ...]] = {}
        for group in sharing.values():
            grown: dict[tuple[str, ...], tuple[str, ...]] = {}
            async for targets in _in_slices(plan.checks[group[0]].targets):
                for target in targets:
                    before = names.get(target.text, ())
                    names[target.text] = grown.get(before) or grown.setdefault(before, (*before, *group))
        await self._widen(names)
        columns = self._by_list(plan)
        made = {group: tuple(columns[name] for name in group) for group in set(names.values())}
        return {text: made[group] for text, group in names.items()}

    def _seat(self, some: Iterable[tuple[Target, Share, tuple[ListColumn, ...]]]) -> None:
        """Take in targets, with the lists that take them; they are made later."""
        for target, share, columns in some:
            if not self._groups or len(self._groups[-1]) >= _GROUP:
                self._changed.update((name, len(self._groups)) for name in HELP)
                self._groups.append([])
            self._groups[-1].append(target.text)
            self._made[target.text] = _Made(target, share, columns, len(self._groups) - 1)
            self._stale[target.text] = None

    def _unseat(self, made: _Made) -> None:
        text = made.target.text
        self._stale.pop(text, None)
        self._groups[made.group].remove(text)
        for name, blocks in self.blocks.items():
            if blocks.pop(text, None) is not None:
                self._changed.add((name, made.group))
        for part, state in zip(made.columns, made.states, strict=False):  # no states if it was never made
            self.states[part.name, state] -= 1

    def _make(self, made: _Made) -> None:
        text = made.target.text
        lines, states = make(made.target, made.share, made.columns, self.history.row(text), self._exposed)
        for name, new in lines.items():
            blocks = self.blocks[name]
            block = "".join(new).encode()
            if blocks.get(text, b"") != block:
                self._changed.add((name, made.group))
                if block:
                    blocks[text] = block
                else:
                    del blocks[text]
        self._count(made, states)

    def _count(self, made: _Made, states: bytes) -> None:
        if states == made.states:
            return
        for place, part in enumerate(made.columns):
            if made.states:
                self.states[part.name, made.states[place]] -= 1
            self.states[part.name, states[place]] += 1
        made.states = states


def _head(name: str) -> bytes:
    return f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n".encode()


async def _in_slices(things: Iterable[_T]) -> AsyncIterator[list[_T]]:
    """Slices of :data:`_GROUP`, with time for others between them."""
    rest = iter(things)
    while some := list(itertools.islice(rest, _GROUP)):
        yield some
        await asyncio.sleep(0)
