"""The text of checks while plans, labels and listings change under it: as if it were made anew, and made again only as needed."""

import asyncio
import gzip
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from exporter.history import History
from exporter.metrics import Metrics
from exporter.metrics import blocks as blocks_module
from exporter.metrics.blocks import Blocks
from exporter.metrics.lines import HELP, INFO, LISTED, TARGET, Exposed
from exporter.plan import Plan, Shard, build
from exporter.portions import Portion, assemble, members
from exporter.roster import Labels
from exporter.schedule import Schedule
from exporter.tally import Reloads, Tally
from exporter.target import parse
from exporter.verdict import Cause, Unknown
from tests.edges.histories import CLEAN, learn, on
from tests.edges.lists import ADDRESSES, DOMAINS

MANY = 100
ZONES = ("one.example", "two.example")
LISTS = [replace(ADDRESSES, zone=zone) for zone in ZONES]


@pytest.fixture(autouse=True)
def _small_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks_module, "_GROUP", 8)


def address(number: int) -> str:
    return f"192.0.2.{number}"


def plan_of(*numbers: int, lists: list[str] | None = None, labels: Labels = (), more: tuple[str, ...] = ()) -> Plan:
    """Addresses by number and others, on lists by name."""
    targets = [parse(text) for text in (*map(address, numbers), *more)]
    chosen = [*LISTS, DOMAINS] if lists is None else [each for each in LISTS if each.zone in lists]
    return build(assemble([Portion(members(targets), labels=labels)]).roster, chosen, Shard())


class Watched:
    """A history, and blocks of it that are in use."""

    def __init__(self, path: Path) -> None:
        self.history = History(path, 1e9, lambda: 1e9)
        self.blocks = Blocks(self.history)

    async def text(self, plan: Plan, exposed: Exposed = "all") -> set[str]:
        """All lines, which are the same in both forms, and the same as if they were made anew."""
        async with self.blocks.fresh(plan, exposed):
            found = await self._seen(self.blocks)
        anew = Blocks(self.history)
        async with anew.fresh(plan, exposed):
            assert found == await self._seen(anew)
        assert self.blocks.states == anew.states  # a count that is 0 is as one that is not there, but none is below
        assert min(self.blocks.states.values(), default=0) >= 0
        assert self.blocks.kinds == anew.kinds
        assert self.blocks.listed_targets() == anew.listed_targets()
        return found

    async def _seen(self, blocks: Blocks) -> set[str]:
        plain = b"".join(blocks.plain().with_tail(b"")[1])
        packed = gzip.decompress((await blocks.packed()).with_tail(b""))
        assert plain == packed
        lines = plain.decode().splitlines()
        assert len(lines) == len(set(lines))
        return set(lines)

    async def list(self, number: int, zone: str = ZONES[0], at: float = 5.0) -> None:
        learn(self.history, (address(number), zone), on("a"), at)
        await self.history.commit()

    def fail(self, number: int, at: float, cause: Cause = Cause.TIMEOUT) -> None:
        learn(self.history, (address(number), ZONES[0]), Unknown(cause), at)


def watch(path: Path, work: Callable[[Watched], Coroutine[None, None, None]]) -> None:
    """Do it with a history that is closed at the end."""

    async def all_of_it() -> None:
        watched = Watched(path)
        try:
            await work(watched)
        finally:
            await watched.history.close()

    asyncio.run(all_of_it())


def test_what_left_and_came_back_is_shown_as_it_is_now(path: Path) -> None:
    """Whether anybody looked in between or not, and whatever was learned of it meanwhile."""

    async def work(it: Watched) -> None:
        everyone, some = plan_of(*range(20)), plan_of(*range(10))
        await it.list(15)
        with_it = await it.text(everyone)
        assert await it.text(plan_of(*range(20))) == with_it
        without = await it.text(some)
        assert not any(address(15) in line for line in without)
        assert await it.text(everyone) == with_it
        await it.list(15, ZONES[1])
        await it.text(some)
        await it.list(16)
        await it.text(some)
        assert len(await it.text(everyone)) > len(with_it)

    watch(path, work)


def test_other_labels_alone_are_shown_at_once(path: Path) -> None:
    """On all families that have them; nothing else is made again."""

    async def work(it: Watched) -> None:
        await it.list(3)
        await it.text(plan_of(*range(10)))
        made = it.blocks.blocks(LISTED)
        text = await it.text(plan_of(*range(10), labels=(("team", "mail"),)))
        assert sum('team="mail"' in line for line in text) == 10 + 4
        assert all(one is other for one, other in zip(made, it.blocks.blocks(LISTED), strict=True))
        assert not any("team" in line for line in await it.text(plan_of(*range(10))))

    watch(path, work)


def test_who_stays_is_not_made_again(path: Path) -> None:
    """When others come and go, but once in a while, so that the gaps they leave do not gather for ever."""

    async def work(it: Watched) -> None:
        await it.text(plan_of(*range(40)))
        made = []
        for number in range(40, 140):
            before = {block: block for block in it.blocks.blocks(TARGET)}
            await it.text(plan_of(*range(number - 39, number + 1)))
            after = it.blocks.blocks(TARGET)
            made.append(sum(before.get(block) is not block for block in after if block))
            assert len(after) <= 2 * 40 + 16
        assert made.count(1) >= 96
        assert made.count(1) + made.count(40) == 100

    watch(path, work)


@pytest.mark.parametrize("rounds", [1, 60])
def test_after_many_reloads_all_is_as_if_it_were_the_first(path: Path, rounds: int) -> None:
    """Texts, states of lists and kinds: :meth:`Watched.text` compares."""

    async def work(it: Watched) -> None:
        for number in range(rounds):
            if number % 3 == 0:
                await it.list(number % 50, ZONES[number % 2], at=float(number))
            it.fail((number * 7) % 50, float(number))
            labels = (("team", "mail"),) if number % 4 == 0 else ()
            more = ("2001:db8::1", "a.example.com") if number % 5 else ()
            await it.text(plan_of(*range(number % 13, 20 + number % 17), labels=labels, more=more))

    watch(path, work)


def test_nobody_and_everybody_again(path: Path) -> None:
    """A plan without targets shows none, and what is known of them is not lost."""

    async def work(it: Watched) -> None:
        await it.list(3)
        before = await it.text(plan_of(*range(10)))
        assert all(line.startswith("#") for line in await it.text(plan_of()))
        assert await it.text(plan_of(*range(10))) == before

    watch(path, work)


def test_other_lists_and_other_wishes_are_followed(path: Path) -> None:
    """With the same targets or with others; what was seen of sublists before does not stay."""

    async def work(it: Watched) -> None:
        await it.list(3)
        for number in (4, 5):
            learn(it.history, (address(number), ZONES[0]), CLEAN, 5.0)
        it.fail(5, 6.0)
        plan = plan_of(*range(10))
        everything = await it.text(plan)
        history_only = await it.text(plan, "history")
        assert await it.text(plan) == everything
        assert await it.text(plan_of(*range(10)), "history") == history_only
        assert {line.partition(" ")[0] for line in everything - history_only} == {
            f'dnsbl_listed{{list="{ZONES[0]}",target="{address(number)}"}}' for number in (4, 5)
        }
        assert await it.text(plan_of(*range(11)), "all") > everything
        one = plan_of(*range(10), lists=[ZONES[1]])
        assert not any(ZONES[0] in line for line in await it.text(one))
        assert it.blocks.sublists == {ZONES[1]: {}}
        assert await it.text(plan_of(*range(10))) == everything
        assert it.blocks.sublists[ZONES[0]] == {"a": None}
        await it.text(plan_of(1, 2))
        await it.text(plan_of(4, lists=[ZONES[0]]))
        assert it.blocks.sublists == {ZONES[0]: {}}

    watch(path, work)


def test_what_is_told_of_a_listing(path: Path) -> None:
    """While it is there, when it has ended, and when it is there again."""
    labels = f'list="{ZONES[0]}",sublist="a",target="{address(1)}"'

    async def work(it: Watched) -> None:
        plan = plan_of(1, 2, labels=(("team", "m\n"),))
        told = []
        for at, verdict in ((10.0, on("a")), (20.0, CLEAN), (30.0, on("a"))):
            learn(it.history, (address(1), ZONES[0]), verdict, at, delist_after=1)
            await it.history.commit()
            text = {line for line in await it.text(plan) if address(1) in line and ZONES[0] in line}
            told.append({line.partition("{")[0].removeprefix("dnsbl_"): line.rpartition(" ")[2] for line in text})
            assert sum(f'{{{labels},team="m\\n"}}' in line for line in text) == 4
            assert it.blocks.listed_targets() == int(verdict != CLEAN)
        begun = {"listed": "1", "listing_onset_observed": "0", "listing_number": "1"}
        assert told == [
            begun | {"listed_since_timestamp_seconds": "10.0", "last_delisted_timestamp_seconds": "0.0", "listing_info": "1"},
            begun | {"listed": "0", "listed_since_timestamp_seconds": "0.0", "last_delisted_timestamp_seconds": "20.0"},
            {
                "listed": "1",
                "listed_since_timestamp_seconds": "30.0",
                "last_delisted_timestamp_seconds": "20.0",
                "listing_onset_observed": "1",
                "listing_number": "2",
                "listing_info": "1",
            },
        ]

    watch(path, work)


@pytest.mark.parametrize("turns", range(12))
def test_a_scrape_that_breaks_off_leaves_nothing_half_made(path: Path, turns: int) -> None:
    """Wherever it stood when its reader left: the next one sees all."""

    async def work(it: Watched) -> None:
        await it.list(3)
        for plan in (plan_of(*range(MANY)), plan_of(*range(50, 150))):
            scrape = asyncio.create_task(it.text(plan))
            for _ in range(turns):
                await asyncio.sleep(0.0005)
            scrape.cancel()
            await asyncio.gather(scrape, return_exceptions=True)
            await it.text(plan_of(*range(20, 120)))

    watch(path, work)


def test_what_is_learned_while_it_is_made_is_there(path: Path) -> None:
    """However much there is of it: what is shown is as of the moment when all is made."""

    async def work(it: Watched) -> None:
        plan = plan_of(*range(MANY))

        async def pester() -> None:
            at = 0
            while True:
                at += 1
                for number in range(MANY):
                    it.fail(number, float(at), (Cause.TIMEOUT, Cause.REFUSED)[at % 2])
                await asyncio.sleep(0)

        pestering = asyncio.create_task(pester())
        for _ in range(3):
            async with it.blocks.fresh(plan, "all"):
                held = {number: it.history.shown((address(number), ZONES[0])).unknown for number in range(MANY)}
                text = b"".join(it.blocks.plain().with_tail(b"")[1]).decode()
            for number, cause in held.items():
                lines = [line for line in text.splitlines() if f'cause="{cause}"' in line]
                assert any(f'target="{address(number)}"' in line for line in lines)
        pestering.cancel()

    watch(path, work)


def test_others_have_their_turn_while_much_is_made(path: Path) -> None:
    """When there is much news; without any nobody waits."""

    async def work(it: Watched) -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        plan = plan_of(*range(MANY))
        await it.text(plan)
        for number in range(MANY):
            it.fail(number, 1.0)
        counting = asyncio.create_task(count())
        async with it.blocks.fresh(plan, "all"):
            assert turns >= 3
        before = turns
        async with it.blocks.fresh(plan, "all"):
            assert turns == before
        counting.cancel()

    watch(path, work)


def test_while_somebody_reads_nobody_else_changes_it(path: Path) -> None:
    """Another plan waits until the scrape is over."""

    async def work(it: Watched) -> None:
        async with it.blocks.fresh(plan_of(1, 2, 3), "all"):
            other = asyncio.create_task(it.text(plan_of(4, 5)))
            for _ in range(20):
                await asyncio.sleep(0)
            before = it.blocks.plain()
            packed = await it.blocks.packed()
            for _ in range(20):
                await asyncio.sleep(0)
            assert b"".join(before.with_tail(b"")[1]) == b"".join(it.blocks.plain().with_tail(b"")[1])
            assert address(3).encode() in gzip.decompress(packed.with_tail(b""))
            assert it.blocks.kinds.total() == 3
        assert not any(address(3) in line for line in await other)

    watch(path, work)


def test_a_scrape_is_of_one_plan(path: Path) -> None:
    """Though another one with other lists takes over while its text is made."""

    async def work(it: Watched) -> None:
        now = [plan_of(*range(MANY), lists=[ZONES[0]])]
        schedules = {id(plan): Schedule(plan, 0.0, it.history.standing) for plan in now}
        other = plan_of(1, lists=[ZONES[1]])
        schedules[id(other)] = Schedule(other, 0.0, it.history.standing)

        class Swapping:
            """What is running, and will be another one."""

            @property
            def plan(self) -> Plan:
                return now[-1]

            @property
            def schedule(self) -> Schedule:
                return schedules[id(now[-1])]

        metrics = Metrics(
            running=Swapping(),
            history=it.history,
            tally=Tally(),
            reloads=Reloads(last_success=0.0),
            resolvers=dict,
            origins=list,
            exposed_checks=lambda: "all",
            clock=lambda: 0.0,
            version="",
            registry=CollectorRegistry(),
            blocks=it.blocks,
        )
        scraping = asyncio.create_task(metrics.scrape("text", compressed=False))
        await asyncio.sleep(0)
        now.append(other)
        for zone, count in ((ZONES[0], MANY), (ZONES[1], 1)):
            text = b"".join((await scraping).pieces).decode()
            assert f'dnsbl_list_checks{{list="{zone}",verdict="unknown"}} {count}.0' in text
            assert f'dnsbl_checks_total{{list="{zone}"}} 0.0' in text
            assert f'dnsbl_targets{{kind="ipv4"}} {count}.0' in text
            assert f"dnsbl_checks_overdue {count}.0" in text
            assert [each for each in ZONES if f'list="{each}"' in text] == [zone]
            scraping = asyncio.create_task(metrics.scrape("text", compressed=False))
        await scraping

    watch(path, work)


def test_what_did_not_change_is_not_compressed_again(path: Path) -> None:
    """The very same text serves the next scrape."""

    async def work(it: Watched) -> None:
        plan = plan_of(*range(10))
        await it.text(plan)
        async with it.blocks.fresh(plan, "all"):
            packed = await it.blocks.packed()
        async with it.blocks.fresh(plan_of(*range(10)), "all"):
            assert await it.blocks.packed() is packed
        await it.list(3)
        async with it.blocks.fresh(plan, "all"):
            assert await it.blocks.packed() is not packed

    watch(path, work)


def test_every_family_is_there_from_the_start(path: Path) -> None:
    """Its head at least."""

    async def work(it: Watched) -> None:
        text = await it.text(plan_of())
        assert text == {line for name in HELP for line in (f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge")}
        assert it.blocks.blocks(INFO) == []

    watch(path, work)
