"""Where names lead to: each looked up once, all at the same time.

Rules:

1. A name that cannot be looked up says so and keeps no other one from being looked up.
2. How many questions are under way at once is up to :class:`~exporter.providers.names.Names`.
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass

from exporter.cli import terminal
from exporter.config import Config
from exporter.expansion import Stopped, expand, resolve
from exporter.inquiry import say_defect
from exporter.origins import Ask, Origin
from exporter.origins.origin import concluded
from exporter.portions import Taken
from exporter.sources import Named


@dataclass(frozen=True, slots=True)
class Lead:
    """What came of looking a name up."""

    origin: Origin
    heard: bool
    """Whether any of its questions was answered, by whatever."""


async def follow(config: Config, taken: Taken, names: Collection[Named], ask: Ask, *, progress: bool) -> list[Lead]:
    """Look all names up, for addresses as they are ``taken``."""
    if not names:
        return []
    with terminal.progress(wanted=progress) as bar:
        task = bar.add_task("looking up", total=len(names))

        async def one(source: Named) -> Lead:
            lead = await _follow(config, taken, source, ask)
            bar.advance(task)
            return lead

        return list(await asyncio.gather(*map(one, names)))


async def _follow(config: Config, taken: Taken, source: Named, ask: Ask) -> Lead:
    origin = Origin(source.origin)
    walk = expand(source.way, source.name, config.expansion.limits, non_global=bool(taken.special))
    try:
        found = await resolve(walk, ask)
    except Exception as defect:  # noqa: BLE001 - a defect must cost this name only
        say_defect(f"looking up {origin.name}", defect)
        return Lead(Origin(origin.name, trouble="a defect of this program, see above"), heard=True)
    silent = isinstance(found, Stopped) and found.cause.is_silence
    return Lead(concluded(origin, found, taken, 1.0), heard=not silent)
