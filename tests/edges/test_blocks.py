"""The text of checks, made block by block, is what a plain rendering of the history would be."""

import asyncio
import gzip
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from exporter.history import History, Record
from exporter.listing import advance
from exporter.metrics import blocks as blocks_module
from exporter.metrics.blocks import Blocks
from exporter.metrics.lines import HELP
from exporter.plan import Plan, Shard, build
from exporter.portions import Portion, assemble, members
from exporter.target import parse
from exporter.verdict import Cause, Hit, Listed, NotListed, Unknown, Verdict
from tests.edges.lists import ADDRESSES

Exposed = Literal["all", "history"]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]

TARGETS = [parse(text) for text in ("192.0.2.1", "192.0.2.2", "2001:db8::3", "192.0.2.4")]
VERDICTS: list[Verdict] = [
    NotListed(),
    Unknown(Cause.TIMEOUT),
    Unknown(Cause.REFUSED),
    Listed((Hit("", ("127.0.0.2",)),)),
    Listed((Hit("PBL", ("127.0.0.10", "127.0.0.11")), Hit("XBL", ("127.0.0.4",)))),
    Listed((Hit('odd "name"\\', ("127.0.0.9",)),)),
]


@dataclass(frozen=True, slots=True)
class Answer:
    """A verdict about a target on a list."""

    target: int
    zone: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Reload:
    """Another plan."""

    zones: tuple[str, ...]
    targets: tuple[int, ...]
    team: str = ""
    """A label of the first of them."""


@dataclass(frozen=True, slots=True)
class Scrape:
    """Somebody looks."""


def plan_of(reload: Reload) -> Plan:
    """A plan of some lists and some targets, with an origin and a label that need escaping."""
    lists = [replace(ADDRESSES, zone=zone) for zone in reload.zones]
    targets = [TARGETS[place] for place in reload.targets]
    labels = (("customer", 'a "b"\\'), ("team", reload.team)) if reload.team else ()
    portions = (
        Portion(members(targets[:1]), labels=labels),
        Portion(members(targets[1:])),
        Portion(members(targets), 'as "written"\\'),
    )
    return build(assemble(portions).roster, lists, Shard())


ZONES = st.sampled_from(["one.example", "two.example"])
PLACES = st.integers(0, len(TARGETS) - 1)
STEPS = st.lists(
    st.one_of(
        st.builds(Answer, PLACES, ZONES, st.sampled_from(VERDICTS)),
        st.builds(Scrape),
        st.builds(
            Reload,
            st.lists(ZONES, min_size=1, max_size=2, unique=True).map(tuple),
            st.lists(PLACES, min_size=1, max_size=4, unique=True).map(tuple),
            st.sampled_from(["", "mail", "web"]),
        ),
    ),
    max_size=30,
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(steps=STEPS, exposed=st.sampled_from(["all", "history"]))
def test_blocks_are_what_a_plain_rendering_gives(steps: list[Answer | Scrape | Reload], exposed: Exposed) -> None:
    """After any answers, scrapes and reloads the blocks hold the samples of the history, all of them and no other; compressed in
    groups, here of three targets, too."""
    with patch.object(blocks_module, "_GROUP", 3):
        asyncio.run(_play(steps, exposed))


async def _play(steps: list[Answer | Scrape | Reload], exposed: Exposed) -> None:
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder) / "history.db", 1e9, lambda: 1e9)
        plan = plan_of(Reload(("one.example", "two.example"), (0, 1, 2, 3)))
        blocks = Blocks(history)
        for at, step in enumerate([*steps, Scrape()], start=1):
            match step:
                case Answer():
                    await _answer(history, step, float(at))
                case Reload():
                    plan = plan_of(step)
                case Scrape():
                    expected = dict(_plainly(history, plan, exposed))
                    async with blocks.fresh(plan, exposed):
                        packed, plain = await blocks.packed(), blocks.plain()
                    assert _samples(gzip.decompress(packed.with_tail(b""))) == expected
                    length, pieces = plain.with_tail(b"# tail\n")
                    body = b"".join(pieces)
                    assert len(body) == length
                    assert _samples(body) == expected
                    assert _counted(blocks, plan) == sum(len(checks) for checks in plan.checks.values())
        await history.close()


async def _answer(history: History, step: Answer, at: float) -> None:
    key = (TARGETS[step.target].text, step.zone)
    if step.verdict == NotListed() and history.note_clean(*key, at, first=True):
        return
    after, changes = advance(history.standing(key), step.verdict, at, 1 + step.target % 2)
    if changes:
        history.hold(Record(key, after, changes))
        await history.commit()
    else:
        history.note(key, after)


def _samples(text: bytes) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def _counted(blocks: Blocks, plan: Plan) -> int:
    return sum(count for (name, _), count in blocks.states.items() if name in plan.lists)


def _plainly(history: History, plan: Plan, exposed: Exposed) -> Iterator[tuple[tuple[str, frozenset[tuple[str, str]]], float]]:
    """Contract, family by family, straight from the standings."""

    def sample(name: str, value: float, **labels: str) -> tuple[tuple[str, frozenset[tuple[str, str]]], float]:
        assert name in HELP
        return (name, frozenset(labels.items())), value

    for target, share in plan.roster.shared():
        own = dict(share.labels)
        present = 0
        for name in plan.checks:
            if not plan.lists[name].accepts(target):
                continue
            held, labels = history.shown((target.text, name)), {"target": target.text, "list": name}
            if held.unknown is not None:
                yield sample("dnsbl_unknown_since_timestamp_seconds", held.unknown_since or 0, cause=held.unknown, **labels)
            if held.listings or (exposed == "all" and held.known_at is not None):
                yield sample("dnsbl_listed", held.listed, **labels)
            for one in held.listings:
                of_sublist = {**labels, **own, "sublist": one.sublist}
                ended = one.last_delisted if one.present else one.closed
                yield sample("dnsbl_listed_since_timestamp_seconds", one.opened if one.present else 0, **of_sublist)
                yield sample("dnsbl_last_delisted_timestamp_seconds", ended or 0, **of_sublist)
                yield sample("dnsbl_listing_onset_observed", one.onset_observed, **of_sublist)
                yield sample("dnsbl_listing_number", one.number, **of_sublist)
                if one.present:
                    present += 1
                    yield sample("dnsbl_listing_info", 1, codes=",".join(one.codes), sublist=one.sublist, **labels)
        yield sample("dnsbl_target_listings", present, target=target.text)
        for origin in share.origins:
            yield sample("dnsbl_target_info", 1, target=target.text, kind=target.kind, origin=origin or target.text, **own)
