"""What Prometheus reads, and when: often of late, seldom long ago; with its own labels, and what it adds of each scrape.

Rule 1: lines are the exporter's own; job, instance and time are added to them.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from prometheus_client.core import Metric, Sample

from exporter.config import Config
from exporter.metrics.lines import HELP, LISTED, LISTINGS, TARGET
from exporter.plan import Shard
from tests.past.life import Life
from tests.past.story import DAY, HOUR, MINUTE, Event, heroes, story
from tests.past.world import OFFICE, watched
from tests.past.world import config as config_of

JOB = "dnsbl"
_DENSE = {LISTED, LISTINGS, TARGET}
_WHOLE = 1 * HOUR
"""So long before the end every check is told."""
_PORTRAITS = 40
_PORT = 15782


@dataclass(frozen=True, slots=True)
class Past:
    """So many targets, watched for so many days until ``end``."""

    targets: int
    days: float
    end: float
    shards: int = 1

    @property
    def begin(self) -> float:
        return self.end - self.days * DAY


def moments(past: Past) -> Iterator[float]:
    """Every minute of the last day, every five of the last week, every fifteen before."""
    at = past.begin
    while at <= past.end:
        yield at
        left = past.end - at
        at += MINUTE if left <= 1.1 * DAY else 5 * MINUTE if left <= 8 * DAY else 15 * MINUTE


async def write(folder: Path, past: Past, more: bytes = b"") -> Path:
    """A file of all samples, and some more."""
    path = folder / "past.om"
    with path.open("wb") as file:
        async for text in lines(config_of(folder, past.targets), folder, past):
            file.write(text)
        file.write(more + b"# EOF\n")
    return path


async def lines(config: Config, folder: Path, past: Past) -> AsyncIterator[bytes]:
    """All samples of all shards."""
    events = story(config, past.begin, past.end)
    portraits = {*heroes(config, past.begin, past.end)[:_PORTRAITS], *[target.text for target in watched(config)[:5]], OFFICE[0]}
    for ordinal in range(past.shards):
        life = Life(config, folder, past.begin, Shard(ordinal, past.shards))
        stamps = _Stamps(f"dnsbl-{ordinal + 1}:{_PORT}")
        async for text in _shard(life, past, events, portraits, stamps):
            yield text
        await life.history.close()


async def _shard(
    life: Life, past: Past, events: Iterable[Event], portraits: Collection[str], stamps: "_Stamps"
) -> AsyncIterator[bytes]:
    coming, before = iter(events), past.begin
    event = next(coming, None)
    for at in moments(past):
        while event is not None and event.at <= at:
            life.now = max(event.at, past.begin)
            event.play(life)
            event = next(coming, None)
        life.now = at
        await life.history.commit()
        if not life.up:
            yield stamps.down(at)
        else:
            life.work(at - before)
            async with life.metrics.blocks.fresh(life.plan, "all"):
                text = stamps.up(_blocks(life, None if past.end - at <= _WHOLE else portraits), life.metrics.families(), at)
            yield text
        before = at


def _blocks(life: Life, portraits: Collection[str] | None) -> Iterator[bytes]:
    """The lines of checks and targets; if there are portraits, only theirs, and what is told of a listing."""
    for name in HELP:
        blocks = life.metrics.blocks.blocks(name)
        if portraits is not None and name in _DENSE:
            # The plan never changes, so its order is that of the blocks.
            yield from (block for target, block in zip(life.plan.roster, blocks, strict=True) if target.text in portraits)
        else:
            yield from filter(None, blocks)


@dataclass(slots=True)
class _Stamps:
    """Labels and times for lines; what stays the same is labelled once."""

    instance: str
    _blocks: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    _names: dict[tuple[str, ...], str] = field(default_factory=dict)

    def up(self, blocks: Iterable[bytes], families: Iterable[Metric], at: float) -> bytes:
        """A scrape that worked."""
        found: list[str] = []
        for block in blocks:
            found += self._labelled(block)
        found += (self._line(sample) for family in families for sample in family.samples)
        own = {
            "up": 1.0,
            "scrape_duration_seconds": 0.004 + len(found) * 4e-7 + (at / 60) % 7 * 0.0004,
            "scrape_samples_scraped": len(found),
            "scrape_samples_post_metric_relabeling": len(found),
            "scrape_series_added": 0.0,
        }
        return _stamped([*found, *(self._line(Sample(name, {}, value)) for name, value in own.items())], at)

    def down(self, at: float) -> bytes:
        """A scrape that nobody answered."""
        return _stamped([self._line(Sample("up", {}, 0.0))], at)

    def _labelled(self, block: bytes) -> tuple[str, ...]:
        """The lines of a block; each has labels of its own."""
        lines = self._blocks.get(block)
        if lines is None:
            ours = f'{{job="{JOB}",instance="{self.instance}",'
            lines = self._blocks[block] = tuple(line.replace("{", ours, 1) for line in block.decode().splitlines())
        return lines

    def _line(self, sample: Sample) -> str:
        key = sample.name, *sample.labels.values()
        name = self._names.get(key)
        if name is None:
            labels = {"job": JOB, "instance": self.instance, **sample.labels}
            inside = ",".join(f'{label}="{value}"' for label, value in labels.items())
            name = self._names[key] = f"{sample.name}{{{inside}}}"
        return f"{name} {sample.value!r}"


def _stamped(lines: Iterable[str], at: float) -> bytes:
    stamp = f" {at:.0f}\n"
    return stamp.join((*lines, "")).encode()
