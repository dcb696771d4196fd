"""A service follows its files and its config: one plan after the other, the latest last. Nobody answers its questions."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from exporter.cli.service import Options, Running
from exporter.config import Config, load
from exporter.history import Find, History
from exporter.plan import Shard
from exporter.target import Target, parse
from tests.edges.leaping import leap, until
from tests.servers.ports import free_port

LISTED = {"zone": "bl.example", "kinds": ["ipv4"], "non_global": True}
FILES = {"files": ["*.txt"]}
CARELESS = Shard()


@dataclass(frozen=True, slots=True)
class Moody(Shard):
    """The first of two shards, to which all belongs; it can be held up, or fail."""

    total: int = 2
    failing: list[bool] = field(default_factory=list)
    held: list[threading.Event] = field(default_factory=list)
    """Each holds up one plan."""
    holding: threading.Event = field(default_factory=threading.Event)

    def owns(self, target: Target) -> bool:
        if self.failing and self.failing.pop():
            raise ValueError
        if self.held:
            held = self.held.pop()
            self.holding.set()
            held.wait(20.0)
        return True


class Service:
    """One that runs, and its config."""

    def __init__(self, folder: Path, history: History, shard: Shard, *targets: object, **more: object) -> None:
        self.folder = folder
        self.history = history
        self._resolver = f"127.0.0.1:{free_port()}"
        self.write(*targets, **more)
        self.running = Running(Options(self._load, (), shard), self._load(), history)

    def _load(self) -> Config:
        return load(self.folder / "config.yml", {})

    def write(self, *targets: object, **more: object) -> None:
        """What the config says from the next reload on."""
        settings = {"resolvers": [self._resolver], "lists": [LISTED], "targets": list(targets), **more}
        (self.folder / "config.yml").write_text(json.dumps(settings))

    async def reload(self, *targets: object, **more: object) -> str | None:
        self.write(*targets, **more)
        return await self.running.reload()

    def targets(self) -> set[str]:
        """Those of the present plan."""
        return {target.text for target in self.running.engine.plan.roster}


def give(folder: Path, *addresses: str, name: str = "a.txt") -> None:
    (folder / name).write_text("".join(f"{address}\n" for address in addresses))


@asynccontextmanager
async def service(folder: Path, *targets: object, shard: Shard = CARELESS, **more: object) -> AsyncIterator[Service]:
    """It is told to end at the end, and does."""
    history = History(folder / "history.db", 1e9, time.time)
    found = Service(folder, history, shard, *targets, **more)
    task = asyncio.create_task(found.running.run())
    try:
        yield found
    finally:
        found.running.engine.stop()
        await asyncio.wait_for(task, 1e9)
        await history.close()


def test_what_a_file_gives_is_planned_without_a_reload(tmp_path: Path) -> None:
    """Again and again; without anything new the plan stays the very same."""

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES) as it:
            assert it.targets() == {"192.0.2.1"}
            before = it.running.engine.plan
            await asyncio.sleep(30.0)
            assert it.running.engine.plan is before
            for number in range(2, 5):
                give(tmp_path, "192.0.2.1", f"192.0.2.{number}")
                await until(lambda number=number: it.targets() == {"192.0.2.1", f"192.0.2.{number}"})  # type: ignore[misc]
            assert "file:a.txt" in it.history.finds.held

    leap(work())


def test_a_reload_keeps_what_was_found_and_follows_what_is_new(tmp_path: Path) -> None:
    """What a broken file gave stays; files that are named no more are not looked at any more."""

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES) as it:
            await until(lambda: "file:a.txt" in it.history.finds.held)
            (tmp_path / "a.txt").write_text("nonsense")
            give(tmp_path, "192.0.2.5", name="b.list")
            assert await it.reload(FILES, {"files": ["*.list"]}, "192.0.2.9") is None
            assert it.targets() == {"192.0.2.1", "192.0.2.5", "192.0.2.9"}
            give(tmp_path, "192.0.2.6", name="b.list")
            await until(lambda: it.targets() == {"192.0.2.1", "192.0.2.6", "192.0.2.9"})
            assert await it.reload({"files": ["*.list"]}) is None
            assert it.targets() == {"192.0.2.6"}
            kept = it.history.finds.held["file:a.txt"]
            give(tmp_path, "192.0.2.2")
            give(tmp_path, "192.0.2.7", name="b.list")
            await until(lambda: it.targets() == {"192.0.2.7"})
            await asyncio.sleep(30.0)
            assert it.history.finds.held["file:a.txt"] == kept
            assert [origin.name for origin in it.running.origins.origins()] == ["b.list"]

    leap(work())


def test_a_reload_makes_no_name_work_that_fails(tmp_path: Path) -> None:
    """What it led to stays, and that it failed: a reload is no answer."""

    async def work() -> None:
        history = History(tmp_path / "history.db", 1e9, time.time)
        history.finds.note({"mail.example.com": Find(b'["192.0.2.1"]', time.time() - 1e6)})
        await history.close()
        async with service(tmp_path, {"host": "mail.example.com"}) as it:
            await until(lambda: [origin.up for origin in it.running.origins.origins()] == [False])
            assert await it.reload({"host": "mail.example.com", "labels": {"team": "mail"}}) is None
            assert [origin.up for origin in it.running.origins.origins()] == [False]
            assert it.targets() == {"192.0.2.1"}

    leap(work())


def test_a_config_with_a_fault_changes_nothing(tmp_path: Path) -> None:
    """It is said; files are still followed by the old one, and the next good one counts."""

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES) as it:
            plan, origins = it.running.engine.plan, it.running.origins
            began = it.running.reloads.last_success
            assert "nonsense" in (await it.reload("nonsense") or "")
            assert it.running.reloads.successful is False
            assert (it.running.engine.plan, it.running.origins) == (plan, origins)
            give(tmp_path, "192.0.2.2")
            await until(lambda: it.targets() == {"192.0.2.2"})
            assert await it.reload("192.0.2.9") is None
            assert (it.running.reloads.successful, it.targets()) == (True, {"192.0.2.9"})
            assert it.running.reloads.last_success > began

    leap(work())


def test_lists_of_a_new_config_are_asked_about_what_is_found_later(tmp_path: Path) -> None:
    """It is the latest config that is planned by."""

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES) as it:
            other = {**LISTED, "zone": "other.example"}
            assert await it.reload(FILES, lists=[other], exclude=["192.0.2.3"]) is None
            give(tmp_path, "192.0.2.2", "192.0.2.3")
            await until(lambda: it.targets() == {"192.0.2.2"})
            assert set(it.running.engine.plan.lists) == {"other.example"}

    leap(work())


def test_who_is_asked_in_the_same_way_keeps_their_providers(tmp_path: Path) -> None:
    """Over a reload, and over what is found; with other settings they are others, and stay those."""

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES) as it:
            before = it.running.engine.providers
            assert await it.reload(FILES, "192.0.2.9") is None
            assert it.running.engine.providers is before
            assert await it.reload(FILES, "192.0.2.9", query={"timeout": "7s"}) is None
            after = it.running.engine.providers
            assert after is not before
            give(tmp_path, "192.0.2.2")
            await until(lambda: it.targets() == {"192.0.2.2", "192.0.2.9"})
            assert it.running.engine.providers is after
            assert await it.reload(FILES, query={"timeout": "7s"}) is None
            assert it.running.engine.providers is after

    leap(work())


def test_plans_follow_one_another(tmp_path: Path) -> None:
    """One that takes long is not made the present one after the next that was begun."""
    held = threading.Event()
    shard = Moody()

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES, shard=shard) as it:
            shard.held.append(held)
            give(tmp_path, "192.0.2.2")
            await until(shard.holding.is_set)
            reloading = asyncio.create_task(it.reload("192.0.2.9"))
            await asyncio.sleep(10.0)
            await asyncio.to_thread(time.sleep, 0.1)
            held.set()
            assert await reloading is None
            for _ in range(20):
                assert it.targets() == {"192.0.2.9"}
                await asyncio.sleep(1.0)

    try:
        leap(work())
    finally:
        held.set()


def test_a_defect_in_planning_costs_one_plan_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The old one stays, and the next find is planned."""
    shard = Moody()

    async def work() -> None:
        give(tmp_path, "192.0.2.1")
        async with service(tmp_path, FILES, shard=shard) as it:
            shard.failing.append(True)
            give(tmp_path, "192.0.2.2")
            await until(lambda: not shard.failing)
            await asyncio.sleep(5.0)
            assert it.targets() == {"192.0.2.1"}
            give(tmp_path, "192.0.2.3")
            await until(lambda: it.targets() == {"192.0.2.3"})

    leap(work())
    assert [record.getMessage() for record in caplog.records].count("defect") == 1


def test_a_shard_plans_its_own(tmp_path: Path) -> None:
    """Of what files give too."""
    addresses = [f"192.0.2.{number}" for number in range(20)]
    shard = Shard(1, 2)

    async def work() -> None:
        give(tmp_path, *addresses[:10])
        async with service(tmp_path, FILES, shard=shard) as it:
            assert it.targets() == {text for text in addresses[:10] if shard.owns(parse(text))}
            give(tmp_path, *addresses)
            await until(lambda: it.targets() == {text for text in addresses if shard.owns(parse(text))})

    leap(work())


def test_lists_are_tested_for_what_a_file_may_give(tmp_path: Path) -> None:
    """Those of a set too, though there is no target yet."""

    async def work() -> None:
        async with service(tmp_path, {"files": ["a.txt"]}, lists=["default"]) as it:
            assert it.targets() == set()
            assert len(it.running.engine.plan.lists) > 3

    leap(work())
