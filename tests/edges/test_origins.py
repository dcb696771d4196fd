"""Names are looked up again and again and files looked at, each for itself: the times are exact, for the loop's clock leaps."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from exporter.config import Config, load
from exporter.expansion import Answer, Failed, Nothing, Question, RecordKind, Records
from exporter.history import Find, History
from exporter.origins import Origins
from exporter.portions import members
from exporter.sources import Files, Named, Way
from exporter.target import parse
from exporter.verdict import Cause
from tests.edges.histories import opened
from tests.edges.leaping import leap, until

NOW = 1_800_000_000.0
INTERVAL = 1600.0
SOONEST = INTERVAL / 16
MAIL, WEB = "mail.example.com", "www.example.com"
FAILED = Failed(Cause.TIMEOUT)


class Names:
    """Answers to questions for addresses, and who asked for what when. A question for a name that is held waits."""

    def __init__(self, clock: "Clock", **more: str) -> None:
        self.addresses: dict[str, str | Exception | None] = {MAIL: "192.0.2.1", WEB: "192.0.2.2", **more}
        """``None``: no answer."""
        self.held: dict[str, asyncio.Event] = {}
        self.asked: list[tuple[float, str]] = []
        self.under_way: Counter[str] = Counter()
        self.most = 0
        self._clock = clock

    async def ask(self, question: Question) -> Answer:
        name = question.name
        if question.kind is not RecordKind.A:
            return Nothing(exists=True)
        self.asked.append((self._clock() - NOW, name))
        self.under_way[name] += 1
        self.most = max(self.most, self.under_way.total())
        try:
            if name in self.held:
                await self.held[name].wait()
        finally:
            self.under_way[name] -= 1
        found = self.addresses.get(name)
        if isinstance(found, Exception):
            raise found
        return FAILED if found is None else Records((found,))

    def times(self, name: str = MAIL) -> list[float]:
        """When it was asked for."""
        return [at for at, asked in self.asked if asked == name]


class Clock:
    """Unix seconds by the time of the loop; it can be set."""

    def __init__(self) -> None:
        self.ahead = NOW
        self.fails = False
        """Once."""

    def __call__(self) -> float:
        if self.fails:
            self.fails = False
            raise OverflowError
        try:
            return asyncio.get_running_loop().time() + self.ahead
        except RuntimeError:  # in a thread
            return self.ahead


class World:
    """Origins, and all that they depend on."""

    def __init__(self, folder: Path, history: History, config: Config) -> None:
        self.folder = folder
        self.history = history
        self.clock = Clock()
        self.names = Names(self.clock)
        self.changes = 0
        self.origins = Origins(config, self.names.ask, history, self.clock, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def successor(self, config: Config) -> None:
        """Go on with another config."""
        self.origins = self.origins.successor(config, self.names.ask)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """They look, and do no more at the end."""
        task = asyncio.create_task(self.origins.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def run(self, until_then: float) -> None:
        """Let them look until so many seconds after the beginning."""
        async with self.running():
            await asyncio.sleep(NOW + until_then - self.clock())

    def found(self) -> dict[str, list[str]]:
        """What each source leads to."""
        return {
            source.origin if isinstance(source, Named) else Path(source.pattern).name: [
                target.text for portion in portions for target in portion.members.singles()
            ]
            for source, portions in self.origins.found().items()
            if isinstance(source, Named | Files)
        }

    def up(self) -> dict[str, bool]:
        return {origin.name: origin.up for origin in self.origins.origins()}


def config(folder: Path, *targets: object, **more: object) -> Config:
    """Of these targets, on a list of addresses; names are looked up every :data:`INTERVAL`."""
    settings = {
        "lists": [{"zone": "bl.example", "kinds": ["ipv4"], "non_global": True}],
        "targets": ["192.0.2.99", *targets],
        "expansion": {"interval": f"{INTERVAL:.0f}s"},
        **more,
    }
    path = folder / "config.yml"
    path.write_text(json.dumps(settings))
    return load(path, {})


@asynccontextmanager
async def world(folder: Path, *targets: object, finds: Mapping[str, Find] | None = None, **more: object) -> AsyncIterator[World]:
    """All of it, with a history that holds these finds."""
    async with opened(folder / "history.db") as history:
        history.finds.note(finds or {})
        yield World(folder, history, config(folder, *targets, **more))


def said(caplog: pytest.LogCaptureFixture, key: str = "origin") -> list[tuple[str, object]]:
    """What was logged, and of what."""
    return [(record.getMessage(), vars(record)["fields"][key]) for record in caplog.records]


HOSTS = ({"host": MAIL}, {"host": WEB})


# ---- when names are looked up


def test_names_are_looked_up_at_once_and_then_every_interval(tmp_path: Path) -> None:
    """And whoever made the plan is told only when something else was found."""

    async def work() -> None:
        async with world(tmp_path, *HOSTS) as it:
            assert it.found() == {MAIL: [], WEB: []}
            await it.run(2.5 * INTERVAL)
            assert it.names.times(MAIL) == it.names.times(WEB) == [0.0, INTERVAL, 2 * INTERVAL]
            assert it.found() == {MAIL: ["192.0.2.1"], WEB: ["192.0.2.2"]}
            assert it.up() == {MAIL: True, WEB: True}
            assert it.changes == 2
            it.names.addresses[MAIL] = "192.0.2.7"
            await it.run(3.5 * INTERVAL)
            assert it.found() == {MAIL: ["192.0.2.7"], WEB: ["192.0.2.2"]}
            assert it.changes == 3

    leap(work())


def test_a_failure_is_tried_again_soon_and_then_less_and_less(tmp_path: Path) -> None:
    """But as often as an interval at least; an answer ends it, and the next failure is a first one."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}) as it:
            it.names.addresses[MAIL] = None
            waits = [1, 2, 4, 8, 16, 16, 16]
            expected = [sum(waits[:count]) * SOONEST for count in range(len(waits) + 1)]
            await it.run(expected[-1] + 1)
            assert it.names.times() == pytest.approx(expected)
            it.names.addresses[MAIL] = "192.0.2.1"
            await it.run(expected[-1] + INTERVAL + 1)
            assert it.up() == {MAIL: True}
            it.names.addresses[MAIL] = None
            it.names.asked.clear()
            await it.run(expected[-1] + 2 * INTERVAL + 4 * SOONEST)
            again = expected[-1] + 2 * INTERVAL
            assert it.names.times() == pytest.approx([again, again + SOONEST, again + 3 * SOONEST])

    leap(work())


def test_a_failure_that_lasts_for_years_is_one_an_interval(tmp_path: Path) -> None:
    """However often it failed."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}) as it:
            it.names.addresses[MAIL] = None
            await it.run(1100 * INTERVAL)
            assert len(it.names.times()) == 1100 + 4

    leap(work())


@pytest.mark.parametrize("age", [100.0, 9 * INTERVAL, -1e9])
def test_after_a_restart_what_the_history_has_holds_until_the_first_look_up(tmp_path: Path, age: float) -> None:
    """Which is at once, however old it is: what is skipped, and whether it fails by now, the history does not know."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}, finds={MAIL: Find(b'["192.0.2.5"]', NOW - age)}) as it:
            assert (it.found(), it.up()) == ({MAIL: ["192.0.2.5"]}, {MAIL: True})
            await it.run(INTERVAL + 1)
            assert it.names.times() == pytest.approx([0.0, INTERVAL])
            assert (it.found(), it.changes) == ({MAIL: ["192.0.2.1"]}, 1)
            assert it.history.finds.held[MAIL].at == NOW + it.names.times()[-1]

    leap(work())


def test_what_the_history_has_and_nobody_can_read_is_looked_up_at_once(tmp_path: Path) -> None:
    """As if it were not there."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}, finds={MAIL: Find(b"nonsense", NOW)}) as it:
            await it.run(1.0)
            assert it.names.times() == [0.0]
            assert it.found() == {MAIL: ["192.0.2.1"]}

    leap(work())


@pytest.mark.parametrize("jump", [-10.0, -1e9, 1e6])
def test_a_clock_that_is_set_keeps_no_name_from_being_looked_up(tmp_path: Path, jump: float) -> None:
    """Not for longer than an interval."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}) as it, it.running():
            await asyncio.sleep(INTERVAL / 2)
            it.clock.ahead += jump
            await asyncio.sleep(1.6 * INTERVAL)
            assert len(it.names.asked) in (2, 3)

    leap(work())


def test_not_more_than_so_many_names_are_looked_up_at_once(tmp_path: Path) -> None:
    """The others follow as soon as one is done, in the order of the config."""

    async def work() -> None:
        names = [f"mail{number}.example.com" for number in range(100)]
        async with world(tmp_path, *({"host": name} for name in names)) as it, it.running():
            it.names.addresses |= dict.fromkeys(names, "192.0.2.1")
            it.names.held = {name: asyncio.Event() for name in names}
            await asyncio.sleep(3 * INTERVAL)
            assert [name for _, name in it.names.asked] == names[:32]
            it.names.held[names[0]].set()
            await asyncio.sleep(1)
            assert [name for _, name in it.names.asked[32:]] == [names[32]]
            for held in it.names.held.values():
                held.set()
            await asyncio.sleep(1)
            assert it.found() == {name: ["192.0.2.1"] for name in names}
            assert Counter(name for _, name in it.names.asked) == dict.fromkeys(names, 1)
            assert (it.names.most, set(it.up().values())) == (32, {True})

    leap(work())


def test_a_name_that_is_not_answered_is_not_asked_for_twice_and_delays_no_other(tmp_path: Path) -> None:
    """However long it takes."""

    async def work() -> None:
        async with world(tmp_path, *HOSTS) as it:
            it.names.held[MAIL] = asyncio.Event()
            await it.run(3.5 * INTERVAL)
            assert (it.names.times(MAIL), len(it.names.times(WEB))) == ([0.0], 4)
            assert it.names.under_way.total() == 0

    leap(work())


# ---- what holds


def test_a_failure_takes_nothing_away_and_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """So is that it works now."""
    caplog.set_level(logging.INFO, "exporter.origins")

    async def work() -> None:
        async with world(tmp_path, *HOSTS) as it:
            it.names.addresses[WEB] = None
            await it.run(1.0)
            kept = it.history.finds.held[MAIL]
            it.names.addresses[MAIL] = None
            await it.run(2.5 * INTERVAL)
            assert (it.up(), it.changes) == ({MAIL: False, WEB: False}, 1)
            assert it.found() == {MAIL: ["192.0.2.1"], WEB: []}
            assert it.history.finds.held == {MAIL: kept}
            it.names.addresses |= {MAIL: "192.0.2.1", WEB: "192.0.2.2"}
            await it.run(5 * INTERVAL)
            assert (it.up(), it.changes) == ({MAIL: True, WEB: True}, 2)

    leap(work())
    assert said(caplog) == [
        ("an origin of targets failed, what it last led to is kept", WEB),
        ("an origin of targets failed, what it last led to is kept", MAIL),
        ("an origin of targets works now", MAIL),
        ("an origin of targets works now", WEB),
    ]


def test_a_defect_costs_one_name_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What it led to stays, it is tried again like after any failure, and the others are looked up as ever."""

    async def work() -> None:
        async with world(tmp_path, *HOSTS) as it:
            await it.run(1.0)
            it.names.addresses[MAIL] = ValueError("a secret")
            await it.run(INTERVAL + 4 * SOONEST)
            assert it.names.times(MAIL)[1:] == pytest.approx([INTERVAL, INTERVAL + SOONEST, INTERVAL + 3 * SOONEST])
            assert (it.found(), it.up()) == ({MAIL: ["192.0.2.1"], WEB: ["192.0.2.2"]}, {MAIL: False, WEB: True})
            assert [origin.trouble for origin in it.origins.origins() if not origin.up] == [
                "a defect of this program, see its log"
            ]
            it.names.addresses[MAIL] = "192.0.2.1"
            await it.run(3 * INTERVAL)
            assert (it.up(), it.changes) == ({MAIL: True, WEB: True}, 2)

    leap(work())
    assert "a secret" not in caplog.text


def test_what_is_found_is_kept_with_its_time(tmp_path: Path) -> None:
    """For the next start."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}) as it:
            await it.run(1.5 * INTERVAL)
            assert it.history.finds.held == {MAIL: Find(b'["192.0.2.1"]', NOW + INTERVAL)}

    leap(work())


def test_what_is_skipped_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Not at every look; something else that is skipped is news."""

    async def work() -> None:
        async with world(
            tmp_path, {"host": MAIL}, lists=[{"zone": "bl.example", "kinds": ["ipv4"]}], targets=[{"host": MAIL}]
        ) as it:
            await it.run(2.5 * INTERVAL)
            it.names.addresses[MAIL] = "10.0.0.1"
            await it.run(3.5 * INTERVAL)
            assert it.found() == {MAIL: []}

    leap(work())
    assert [message for message, _ in said(caplog)] == ["not watched"] * 2
    assert all(address in str(why) for address, (_, why) in zip(("192.0.2.1", "10.0.0.1"), said(caplog, "why"), strict=True))


def test_special_addresses_are_found_if_a_list_takes_them(tmp_path: Path) -> None:
    """By the config."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}) as it:
            it.names.addresses[MAIL] = "10.0.0.1"
            await it.run(1.0)
            assert it.found() == {MAIL: ["10.0.0.1"]}

    leap(work())


def test_labels_and_origin_are_those_of_the_source(tmp_path: Path) -> None:
    """Two that name the same have each its own."""

    async def work() -> None:
        domain = {"domain": "example.com", "expand": ["a"], "labels": {"team": "web"}}
        async with world(tmp_path, {"host": MAIL, "labels": {"team": "mail"}}, {"host": MAIL}, domain) as it:
            it.names.addresses["example.com"] = "192.0.2.3"
            await it.run(1.0)
            found = [(portion.origin, portion.labels) for portions in it.origins.found().values() for portion in portions]
            assert sorted(found) == [
                ("example.com a", (("team", "web"),)),
                (MAIL, ()),
                (MAIL, (("team", "mail"),)),
            ]
            assert sorted(it.up()) == ["example.com a", MAIL]
            assert len(it.origins.origins()) == 2

    leap(work())


# ---- another config


def test_another_config_keeps_what_is_known(tmp_path: Path) -> None:
    """What was found, when it is looked up next, and how often it failed; a new name is looked up at once."""

    async def work() -> None:
        async with world(tmp_path, *HOSTS) as it:
            it.names.addresses[WEB] = None
            await it.run(4 * SOONEST)
            before = {origin.name: origin for origin in it.origins.origins()}
            it.names.asked.clear()
            it.successor(config(tmp_path, {"host": MAIL, "labels": {"team": "mail"}}, {"host": WEB}, {"host": "new.example.com"}))
            assert before.items() <= {origin.name: origin for origin in it.origins.origins()}.items()
            await it.run(INTERVAL + 1)
            assert it.names.times(MAIL) == pytest.approx([INTERVAL])
            assert it.names.times(WEB) == pytest.approx([7 * SOONEST, 15 * SOONEST])
            assert it.names.times("new.example.com")[0] == pytest.approx(4 * SOONEST)

    leap(work())


@pytest.mark.parametrize(
    "other",
    [
        {"expansion": {"interval": f"{INTERVAL:.0f}s", "most_addresses": 5}},
        {"expansion": {"interval": "900s"}},
        {"lists": [{"zone": "bl.example", "kinds": ["ipv4", "ipv6"], "non_global": True}]},
        {"lists": [{"zone": "bl.example", "kinds": ["ipv4"]}], "targets": ["9.9.9.9", {"host": MAIL}]},
    ],
)
def test_with_other_rules_names_are_looked_up_at_once(tmp_path: Path, other: Mapping[str, object]) -> None:
    """What they led to holds until then."""

    async def work() -> None:
        async with world(tmp_path, {"host": MAIL}) as it:
            await it.run(1.0)
            it.successor(config(tmp_path, *({"targets": ()} if "targets" in other else ({"host": MAIL},)), **other))
            assert it.found() == {MAIL: ["192.0.2.1"]}
            await it.run(10.0)
            assert it.names.times() == pytest.approx([0.0, 1.0])

    leap(work())


# ---- files


def write(folder: Path, text: str, name: str = "a.txt") -> None:
    (folder / name).write_text(text)


FILES = {"files": ["*.txt"]}


def test_a_file_is_followed_and_told_of_when_it_gives_something_else(tmp_path: Path) -> None:
    """Not when it is written anew and says the same, nor when it is broken, nor when another one is there that gives nothing."""

    async def work() -> None:
        write(tmp_path, "192.0.2.1\n")
        async with world(tmp_path, FILES) as it, it.running():
            assert it.found() == {"*.txt": ["192.0.2.1"]}
            await until(lambda: "file:a.txt" in it.history.finds.held)
            (read,) = it.origins.origins()
            write(tmp_path, "# the same\n192.0.2.1\n")
            await until(lambda: it.origins.origins()[0].succeeded_at > read.succeeded_at)
            write(tmp_path, "# nothing yet\n", "b.txt")
            await until(lambda: it.up() == {"a.txt": True, "b.txt": True})
            write(tmp_path, "nonsense\n", "c.txt")
            write(tmp_path, "nonsense\n")
            await until(lambda: it.up() == {"a.txt": False, "b.txt": True, "c.txt": False})
            await asyncio.sleep(5.0)
            assert (it.found(), it.changes) == ({"*.txt": ["192.0.2.1"]}, 0)
            write(tmp_path, "192.0.2.3\n", "b.txt")
            await until(lambda: it.changes == 1)
            assert it.found() == {"*.txt": ["192.0.2.1", "192.0.2.3"]}
            write(tmp_path, "192.0.2.4\n")
            await until(lambda: it.changes == 2)
            await asyncio.sleep(5.0)
            assert (it.found(), it.changes) == ({"*.txt": ["192.0.2.4", "192.0.2.3"]}, 2)

    leap(work())


def test_what_was_read_is_kept_and_noted_once(tmp_path: Path) -> None:
    """At the start, and when it changes; a broken file is at the next start what it was."""

    async def work() -> None:
        write(tmp_path, "192.0.2.1\n")
        async with world(tmp_path, FILES) as it:
            await it.run(0.5)
            assert it.history.finds.held.keys() == {"file:a.txt"}
            async with it.running():
                it.history.finds.take_unwritten()
                await asyncio.sleep(10.0)
                assert it.history.finds.take_unwritten() == {}
                write(tmp_path, "192.0.2.7\n")
                await until(lambda: it.changes == 1)
                assert it.history.finds.take_unwritten().keys() == {"file:a.txt"}
            write(tmp_path, "nonsense")
            it.successor(config(tmp_path, FILES))
            assert (it.found(), it.up()) == ({"*.txt": ["192.0.2.7"]}, {"a.txt": False})

    leap(work())


def test_a_defect_does_not_end_the_looking_at_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is said, and a second later it goes on."""

    async def work() -> None:
        write(tmp_path, "192.0.2.1\n")
        async with world(tmp_path, FILES) as it, it.running():
            await asyncio.sleep(0.5)
            it.clock.fails = True
            await until(lambda: not it.clock.fails)
            write(tmp_path, "192.0.2.2\n")
            await until(lambda: it.changes == 1)
            assert it.found() == {"*.txt": ["192.0.2.2"]}

    leap(work())
    assert [record.getMessage() for record in caplog.records] == ["defect"]


def test_what_an_origin_in_use_led_to_is_not_forgotten(tmp_path: Path) -> None:
    """However long ago it was noted: a file that stays as it was, or is broken, and a name. What left the config is."""

    async def work() -> None:
        write(tmp_path, "192.0.2.1\n")
        write(tmp_path, "192.0.2.2\n", "b.txt")
        gone = {"gone.example.com": Find(b"[]", NOW)}
        async with world(tmp_path, FILES, {"host": MAIL}, finds=gone) as it, it.running():
            await until(lambda: len(it.history.finds.held) == 4)
            write(tmp_path, "nonsense\n", "b.txt")
            await until(lambda: it.up() == {"a.txt": True, "b.txt": False, MAIL: True})
            assert it.history.finds.old(1e12) == ["gone.example.com"]

    leap(work())


def test_a_fault_that_is_there_from_the_start_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Once, and what of a file no list takes too."""

    async def work() -> None:
        write(tmp_path, "192.0.2.1\nnonsense\n")
        write(tmp_path, "2001:db8::1\n", "b.txt")
        async with world(tmp_path, FILES) as it, it.running():
            await asyncio.sleep(10.0)

    leap(work())
    assert said(caplog) == [
        ("an origin of targets failed, what it last led to is kept", "a.txt"),
        ("not watched", "b.txt"),
    ]


def test_a_file_that_two_sources_name_is_there_for_each(tmp_path: Path) -> None:
    """With the labels of each; it is one origin, and of labels that differ the first is taken."""

    async def work() -> None:
        write(tmp_path, "192.0.2.1\n")
        sources = ({"files": ["a.*"], "labels": {"team": "mail", "rack": "7"}}, {"files": ["*.txt"], "labels": {"team": "web"}})
        async with world(tmp_path, *sources) as it, it.running():
            for address in ("192.0.2.1", "192.0.2.5"):
                write(tmp_path, f"{address}\n")
                await until(lambda address=address: all(found == [address] for found in it.found().values()))  # type: ignore[misc]
                roster = config(tmp_path, *sources).roster(it.origins.found()).roster
                shares = {target.text: share for target, share in roster.shared()}
                assert shares[address].origins == ("a.txt",)
                assert shares[address].labels == (("rack", "7"), ("team", "mail"))
                assert (it.up(), len(it.origins.origins())) == ({"a.txt": True}, 1)
            assert {source.labels for source in it.origins.found() if isinstance(source, Files)} == {
                (("rack", "7"), ("team", "mail")),
                (("team", "web"),),
            }

    leap(work())


def test_a_name_and_a_file_may_be_called_the_same(tmp_path: Path) -> None:
    """What one led to is not what the other leads to at the next start."""

    async def work() -> None:
        write(tmp_path, "nonsense", MAIL)
        finds = {MAIL: Find(b'["192.0.2.5"]', NOW)}
        async with world(tmp_path, {"host": MAIL}, {"files": [MAIL]}, finds=finds) as it:
            assert sorted(map(len, it.origins.found().values())) == [0, 1]
            assert it.origins.found()[Named(Way.HOST, MAIL)][0].members == members([parse("192.0.2.5")])

    leap(work())
