"""The families of checks and targets, as text that is made once and joined at the scrape.

Rules:

1. Each family has one block of lines a target. A block is made again only when the history has news of its target; a plan that
   changed makes them all again.
2. All of a target's blocks are made from one look at its columns, with nothing in between, so a listing's timestamps never show
   half a change.
3. Making blocks is cut into slices, so a million lines do not hold up the checks. Whoever wants the text has it refreshed first,
   one after the other, so nobody sees it half made.
4. All families here are gauges: their text is the same in the Prometheus format and in OpenMetrics.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from exporter.history import Column, History, State
from exporter.listing import Listing
from exporter.metrics.exposition import Packed, Part, Plain, chained, pack
from exporter.plan import Plan
from exporter.target import Kind, Target
from exporter.verdict import Cause

_SLICE = 25
_ROUNDS = 3
_GROUP = 256
_HEAD = -1
"""In place of a group: the lines before all of them."""
_THREADS = 2
_CAUSES = tuple(Cause)

LISTED = "dnsbl_listed"
SINCE = "dnsbl_listed_since_timestamp_seconds"
DELISTED = "dnsbl_last_delisted_timestamp_seconds"
ONSET = "dnsbl_listing_onset_observed"
NUMBER = "dnsbl_listing_number"
INFO = "dnsbl_listing_info"
UNKNOWN = "dnsbl_unknown_since_timestamp_seconds"
LISTINGS = "dnsbl_target_listings"
TARGET = "dnsbl_target_info"

HELP = {
    LISTED: "1 if the target is on any sublist of the list, 0 if on none; last known value.",
    SINCE: "Start of the present listing; 0 if not listed now.",
    DELISTED: "End of the latest ended listing; 0 if none ended.",
    ONSET: "1 if the target was seen clean before its latest listing, 0 if it was listed when first checked.",
    NUMBER: "How many listings so far; 2 and up are repeats.",
    INFO: "Return codes of a present listing.",
    UNKNOWN: "Time of the first of the inconclusive answers since the last conclusive one.",
    LISTINGS: "Present listings of the target.",
    TARGET: "Every target and the config entries it came from.",
}

_T = TypeVar("_T")

Lines = dict[str, list[str]]
"""New lines by family, of one target."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A list as a target's blocks need it; ``clean`` is a line up to the target's name."""

    name: str
    column: Column
    clean: str


@dataclass(slots=True)
class _Made:
    """What was made of a target: the lists that take it, and their states then, in the same order."""

    target: Target
    origins: tuple[str, ...]
    parts: tuple[_Part, ...]
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
    _exposed: Literal["all", "history"] = "all"
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
    async def fresh(self, plan: Plan, exposed: Literal["all", "history"]) -> AsyncIterator[None]:
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

    async def _refresh(self, plan: Plan, exposed: Literal["all", "history"]) -> None:
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

    async def _begin(self, plan: Plan, exposed: Literal["all", "history"]) -> None:
        self._plan = None  # until it is whole: whoever breaks off leaves it to be begun again
        self.history.take_news()
        self.states.clear()
        self.kinds = Counter(target.kind for target in plan.origins)
        self.sublists = {name: {} for name in plan.lists}
        for blocks in self.blocks.values():
            blocks.clear()
        parts = await _parts(plan, self.history)
        self._made, self._stale, self._groups = {}, {}, []
        async for targets in _in_slices(plan.origins.items()):
            for target, origins in targets:
                self._made[target.text] = _Made(target, origins, parts.get(target.text, ()), len(self._groups))
                self._stale[target.text] = None
            self._groups.append([target.text for target, _ in targets])
        self._packed.clear()
        self._changed = {(name, group) for name in HELP for group in range(_HEAD, len(self._groups))}
        self._plan, self._exposed = plan, exposed

    def _make(self, made: _Made) -> None:
        text = made.target.text
        row = self.history.row(text)
        lines: Lines = {name: [] for name in HELP}
        clean = f'{text}"}} 0\n' if self._exposed == "all" else ""
        plain, listed_lines = State.NOT_LISTED, lines[LISTED]
        states = bytearray()
        for part in made.parts:
            column = part.column
            state = column.states[row]
            states.append(state)
            if state == plain and row not in column.listings:
                if clean:
                    listed_lines.append(part.clean + clean)
            elif state:
                self._make_uncommon(part, text, row, lines)
        present = len(lines[INFO])
        lines[LISTINGS].append(f'{LISTINGS}{{target="{text}"}} {present}\n')
        lines[TARGET] += [
            f'{TARGET}{{kind="{made.target.kind}",origin="{_escaped(origin)}",target="{text}"}} 1\n' for origin in made.origins
        ]
        for name, new in lines.items():
            blocks = self.blocks[name]
            block = "".join(new).encode()
            if blocks.get(text, b"") != block:
                self._changed.add((name, made.group))
                if block:
                    blocks[text] = block
                else:
                    del blocks[text]
        self._count(made, bytes(states))

    def _make_uncommon(self, part: _Part, text: str, row: int, lines: Lines) -> None:
        """A check that was ever listed, or whose last answer was inconclusive."""
        column = part.column
        listings = column.listings.get(row, ())
        if column.causes[row]:
            cause = _CAUSES[column.causes[row] - 1]
            since = column.unknown_since[row]
            lines[UNKNOWN].append(f'{UNKNOWN}{{cause="{cause}",list="{part.name}",target="{text}"}} {since!r}\n')
        if not listings:
            if column.known_at[row] and self._exposed == "all":
                lines[LISTED].append(f'{part.clean}{text}"}} 0\n')
            return
        listed = 0
        sublists = self.sublists[part.name]
        for listing in listings:
            present = listing.present
            sublists[listing.sublist] = None
            labels = f'list="{part.name}",sublist="{_escaped(listing.sublist)}",target="{text}"'
            lines[SINCE].append(f"{SINCE}{{{labels}}} {listing.opened if present else 0.0!r}\n")
            lines[DELISTED].append(f"{DELISTED}{{{labels}}} {_last_delisted(listing)!r}\n")
            lines[ONSET].append(f"{ONSET}{{{labels}}} {int(listing.onset_observed)}\n")
            lines[NUMBER].append(f"{NUMBER}{{{labels}}} {listing.number}\n")
            if present:
                listed = 1
                lines[INFO].append(f'{INFO}{{codes="{",".join(listing.codes)}",{labels}}} 1\n')
        lines[LISTED].append(f'{part.clean}{text}"}} {listed}\n')

    def _count(self, made: _Made, states: bytes) -> None:
        if states == made.states:
            return
        for place, part in enumerate(made.parts):
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


async def _parts(plan: Plan, history: History) -> dict[str, tuple[_Part, ...]]:
    """The lists that take each target. Lists share their targets, and targets that the same lists take share a tuple."""
    sharing: dict[int, list[str]] = {}
    for name, checks in plan.checks.items():
        sharing.setdefault(id(checks.targets), []).append(name)
    names: dict[str, tuple[str, ...]] = {}
    for group in sharing.values():
        grown: dict[tuple[str, ...], tuple[str, ...]] = {}
        async for targets in _in_slices(plan.checks[group[0]].targets):
            for target in targets:
                before = names.get(target.text, ())
                names[target.text] = grown.get(before) or grown.setdefault(before, (*before, *group))
    async for texts in _in_slices(names):
        for text in texts:
            history.row(text)
    part = {name: _Part(name, history.column(name), f'{LISTED}{{list="{name}",target="') for name in plan.checks}
    made = {group: tuple(part[name] for name in group) for group in set(names.values())}
    return {text: made[group] for text, group in names.items()}


def _last_delisted(listing: Listing) -> float:
    ended = listing.last_delisted if listing.present else listing.closed
    return ended or 0.0


def _escaped(value: str) -> str:
    """A label value as both formats write it."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
