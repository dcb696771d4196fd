"""Targets behind names and in files, under a running service: they come and go without a reload, and no fault takes one away."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.exporter import Exporter
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.unbound import Unbound
from tests.servers.zones import Dataset, Zone, addresses
from tests.system.scrape import Scrape, assert_consistent
from tests.system.settings import Settings, addresses_on, config

LIST, NAMES = "bl.example", "names.example"
SPARSE = (
    "dnsbl_listed_since_timestamp_seconds",
    "dnsbl_last_delisted_timestamp_seconds",
    "dnsbl_listing_onset_observed",
    "dnsbl_listing_number",
    "dnsbl_listing_info",
)
OFTEN: Settings = {"interval": "1s"}
LAPS_IN_THREE_INTERVALS = 7
"""Laps last half a second."""


def records(*lines: str) -> Zone:
    """A zone of ordinary records."""
    return Zone((Dataset("generic", lines),))


@dataclass(frozen=True, slots=True)
class World:
    """A blocklist, a zone with names, and a resolver for the names only: the list is asked directly."""

    folder: Path
    rbldnsd: Rbldnsd
    unbound: Unbound

    def config(self, *targets: object) -> str:
        listed = addresses_on(LIST, resolvers=[self.rbldnsd.address])
        return config(self.unbound.address, [listed], targets, expansion=OFTEN)

    def names(self, *lines: str) -> None:
        """Let the names be these."""
        self.rbldnsd.write(NAMES, records(*lines))


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> Iterator[World]:
    zones = {LIST: addresses(["192.0.2.1", "192.0.2.9"]), NAMES: records("mail A 192.0.2.1")}
    with Rbldnsd(tmp_path, zones) as rbldnsd, Unbound(tmp_path, dict.fromkeys(zones, rbldnsd.address)) as unbound:
        yield World(tmp_path, rbldnsd, unbound)


def targets(exporter: Exporter) -> set[str]:
    """All targets that are shown."""
    return {target for (target,) in Scrape.now(exporter).by("dnsbl_target_info", "target")}


def are(expected: set[str]) -> Callable[[Exporter], bool]:
    """That these are the targets, and something is known of each."""

    def holds(exporter: Exporter) -> bool:
        scrape = Scrape.now(exporter)
        shown = {target for (target,) in scrape.by("dnsbl_target_info", "target")}
        return shown == expected == scrape.listed(LIST).keys()

    return holds


def lap(exporter: Exporter) -> int:
    """How often each of two targets was asked about."""
    return int(exporter.value("dnsbl_checks_total", list=LIST) or 0) // 2


def walked_on(before: int) -> Callable[[Exporter], bool]:
    return lambda exporter: lap(exporter) > before


def up(exporter: Exporter, origin: str) -> float | None:
    return exporter.value("dnsbl_origin_up", origin=origin)


def test_an_address_that_leaves_a_name_is_not_delisted_and_goes_on_when_it_comes_back(world: World) -> None:
    """Its series vanish, its listing stays open in the history, and is the same listing later."""
    with Exporter(world.folder, world.config({"host": f"mail.{NAMES}"})) as exporter:
        exporter.wait(lambda it: Scrape.now(it).listed(LIST) == {"192.0.2.1": 1}, "the listing is seen")
        before = Scrape.now(exporter).standings()
        assert set(Scrape.now(exporter).by("dnsbl_target_info", "target", "origin")) == {("192.0.2.1", f"mail.{NAMES}")}
        world.names("mail A 192.0.2.2")
        exporter.wait(are({"192.0.2.2"}), "the other address is watched")
        assert Scrape.now(exporter).standings() == {}
        assert Scrape.now(exporter).totals(LIST) == (1, 0)
        world.names("mail A 192.0.2.1", "mail A 192.0.2.3")
        exporter.wait(are({"192.0.2.1", "192.0.2.3"}), "the first address is back")
        assert Scrape.now(exporter).standings() == before
        assert Scrape.now(exporter).totals(LIST) == (1, 0)
        assert_consistent(Scrape.now(exporter))


def test_a_dead_resolver_takes_nothing_away(world: World) -> None:
    """For several intervals, and over a restart: targets, series and listings stay as they are, and the origins say so."""
    names = ('@ TXT "v=spf1 ip4:192.0.2.9 -all"', "@ MX 10 mail.names.example", "mail A 192.0.2.1")
    world.names(*names)
    origins = [f"mail.{NAMES}", f"{NAMES} mx", f"{NAMES} spf"]
    config_text = world.config({"host": f"mail.{NAMES}"}, {"domain": NAMES, "expand": ["mx", "spf"]})
    with Exporter(world.folder, config_text) as exporter:
        exporter.wait(are({"192.0.2.1", "192.0.2.9"}), "both addresses are watched")
        exporter.wait(lambda it: all(up(it, origin) == 1 for origin in origins), "all origins are up")
        before = Scrape.now(exporter)
        world.unbound.stop()
        exporter.wait(lambda it: all(up(it, origin) == 0 for origin in origins), "the origins say that they failed")
        for _ in range(LAPS_IN_THREE_INTERVALS):
            exporter.wait(walked_on(lap(exporter)), "another lap")
            now = Scrape.now(exporter)
            assert targets(exporter) == {"192.0.2.1", "192.0.2.9"}
            assert {name: now.samples.get(name) for name in SPARSE} == {name: before.samples.get(name) for name in SPARSE}
        exporter.restart()
        exporter.wait(are({"192.0.2.1", "192.0.2.9"}), "both addresses are watched after a restart")
        exporter.wait(lambda it: all(up(it, origin) == 0 for origin in origins), "the origins still say that they failed")
        assert Scrape.now(exporter).standings() == before.standings()
        world.unbound.start()
        exporter.wait(lambda it: all(up(it, origin) == 1 for origin in origins), "all origins are up again")
        assert targets(exporter) == {"192.0.2.1", "192.0.2.9"}


def by_rename(path: Path, text: str) -> None:
    """As programs that know better replace a file."""
    other = path.with_name(f".{path.name}")
    other.write_text(text)
    other.rename(path)


@pytest.mark.parametrize("write", [by_rename, Path.write_text], ids=["by rename", "in place"])
def test_a_file_is_followed_without_a_reload(world: World, write: Callable[[Path, str], object]) -> None:
    """Its targets come and go as it is rewritten, and so do those of a new file beside it; what stays is not disturbed."""
    folder = world.folder / "targets.d"
    folder.mkdir()
    (folder / "a.txt").write_text("192.0.2.1 # ours\n192.0.2.2\n")
    with Exporter(world.folder, world.config({"files": ["targets.d/*"], "labels": {"team": "mail"}})) as exporter:
        exporter.wait(are({"192.0.2.1", "192.0.2.2"}), "the file is read")
        before = Scrape.now(exporter).standings()
        write(folder / "a.txt", "192.0.2.1\n192.0.2.3\n")
        exporter.wait(are({"192.0.2.1", "192.0.2.3"}), "the file is read again")
        groups = [{"targets": ["192.0.2.9", "192.0.2.3"], "labels": {"team": "web", "rack": "7"}}]
        write(folder / "b.json", json.dumps(groups))
        exporter.wait(are({"192.0.2.1", "192.0.2.3", "192.0.2.9"}), "the other file is read")
        scrape = Scrape.now(exporter)
        assert scrape.standings().items() >= before.items()
        assert set(scrape.by("dnsbl_listing_number", "target", "team")) == {("192.0.2.1", "mail"), ("192.0.2.9", "web")}
        assert set(scrape.by("dnsbl_target_info", "target", "origin", "team")) == {
            ("192.0.2.1", "targets.d/a.txt", "mail"),
            ("192.0.2.3", "targets.d/a.txt", "mail"),
            ("192.0.2.3", "targets.d/b.json", "mail"),
            ("192.0.2.9", "targets.d/b.json", "web"),
        }
        assert set(scrape.by("dnsbl_origin_up", "origin")) == {("targets.d/a.txt",), ("targets.d/b.json",)}
        write(folder / "b.json", "[]")
        exporter.wait(are({"192.0.2.1", "192.0.2.3"}), "the other file gives nothing any more")


def half_written(path: Path) -> None:
    path.write_text("192.0.2.9\n192.0.2")


def emptied(path: Path) -> None:
    path.write_text("")


def with_a_fault(path: Path) -> None:
    path.write_text("192.0.2.9\nnonsense\n")


def with_garbage(path: Path) -> None:
    path.write_bytes(b"\x00\xff\n")


def replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILERS: tuple[Callable[[Path], None], ...] = (
    half_written,
    emptied,
    with_a_fault,
    with_garbage,
    Path.unlink,
    replaced_by_a_pipe,
    replaced_by_a_folder,
)


def test_a_file_that_is_broken_takes_nothing_away(world: World) -> None:
    """Whatever became of it: what it last gave stays, over a restart too, and the fault is shown: in the log, on the page, in a
    metric. When it is mended it is followed again."""
    names = [f"{number}.txt" for number in range(len(SPOILERS))]
    paths = [world.folder / name for name in names]
    given = {f"192.0.2.{number + 1}" for number in range(len(SPOILERS))}
    for path, address in zip(paths, sorted(given), strict=True):
        path.write_text(f"{address}\n")
    with Exporter(world.folder, world.config({"files": [*names, "?.txt"]})) as exporter:
        exporter.wait(are(given), "the files are read")
        before = Scrape.now(exporter).standings()
        for spoil, path in zip(SPOILERS, paths, strict=True):
            spoil(path)
        exporter.wait(lambda it: all(up(it, name) == 0 for name in names), "the faults are shown")
        assert are(given)(exporter)
        assert Scrape.now(exporter).standings() == before
        page = exporter.get("/origins").text
        assert page.count("<strong>failing</strong>: ") == page.count("<td>1</td>") == len(SPOILERS)
        exporter.restart()
        exporter.wait(are(given), "the targets are there after a restart")
        exporter.wait(lambda it: all(up(it, name) == 0 for name in names), "the faults are shown after a restart")
        for name in names:
            said = f'msg="an origin of targets failed, what it last led to is kept" origin={name} '
            assert [line.partition(" kept=")[2] for line in exporter.log.splitlines() if said in line] == ["1", "1"]
        paths[-1].rmdir()
        for path in paths:
            by_rename(path, "192.0.2.1\n192.0.2.9\n")
        exporter.wait(are({"192.0.2.1", "192.0.2.9"}), "the files that were mended are read")
        assert all(up(exporter, name) == 1 for name in names)
        assert exporter.log.count('msg="an origin of targets works now"') == len(SPOILERS)


def test_what_is_skipped_is_said(world: World) -> None:
    """In the log, on the page and in a metric; what a stranger wrote in DNS is shown as text, and is no label."""
    world.names('@ TXT "v=spf1 ip4:192.0.2.9 ip4:203.0.113.0/24 exists:%{i}.<b>x</b>.example -all"')
    with Exporter(world.folder, world.config({"domain": NAMES, "expand": ["spf"]}, "192.0.2.1")) as exporter:
        exporter.wait(are({"192.0.2.1", "192.0.2.9"}), "the address of the policy is watched")
        skipped = Scrape.now(exporter).by("dnsbl_origin_skipped", "origin", "reason")
        assert skipped == {(f"{NAMES} spf", "network_too_large"): 1, (f"{NAMES} spf", "exists"): 1}
        page = exporter.get("/origins").text
        assert "203.0.113.0/24" in page
        assert "<b>" not in page
        assert "203.0.113.0/24" in exporter.log


def test_a_reload_keeps_what_was_found(world: World) -> None:
    """With other labels and targets beside it a name is not lost for a moment, and its series carry the labels at once."""
    with Exporter(world.folder, world.config({"host": f"mail.{NAMES}"})) as exporter:
        exporter.wait(are({"192.0.2.1"}), "the name is looked up")
        world.unbound.stop()
        assert exporter.reload(world.config({"host": f"mail.{NAMES}", "labels": {"team": "mail"}}, "192.0.2.9")).status == 200
        assert targets(exporter) == {"192.0.2.1", "192.0.2.9"}
        assert exporter.value("dnsbl_listing_number", target="192.0.2.1", team="mail") == 1


def test_a_resolver_that_never_answers_holds_nobody_up(world: World) -> None:
    """With many names that wait for it the other targets are asked, the config is reloaded, and it ends when it is told to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.1", 0))
        listed = addresses_on(LIST, resolvers=[world.rbldnsd.address])
        names = [{"host": f"mail{number}.{NAMES}"} for number in range(200)]
        waiting = config(f"127.0.0.1:{deaf.getsockname()[1]}", [listed], ["192.0.2.1", *names], expansion=OFTEN)
        with Exporter(world.folder, waiting) as exporter:
            exporter.wait(lambda it: Scrape.now(it).listed(LIST) == {"192.0.2.1": 1}, "the other target is asked about")
            assert exporter.reload().status == 200
            assert len(exporter.samples("dnsbl_origin_up")) == 200
            assert exporter.terminate() == 0
