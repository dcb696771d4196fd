"""The service in an operator's hands: ended, reloaded, misconfigured, out of disk."""

import os
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import listed
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.broken import BROKEN, PROBLEMS, problems_said
from tests.system.holding import holding
from tests.system.ledger import Ledger, assert_shown, assert_sound
from tests.system.one_list import OTHER, TARGET, ZONE, is_known, one_list
from tests.system.scrape import Place, Scrape, assert_consistent
from tests.system.settings import QUICK, addresses_on, config

# ---- SIGTERM


def test_sigterm_with_hundreds_of_queries_in_flight_ends_cleanly(tmp_path: Path, rude: Rude) -> None:
    """It ends within ten seconds with exit code 0, and everything that was recorded is there after a restart."""
    prompt = [f"192.0.2.{number}" for number in range(30)]
    slow = [f"198.51.100.{number}" for number in range(220)]
    rude.behave(ZONE, holding(*prompt))
    for target in slow:
        rude.behave(f"{prefix(target)}.{ZONE}", mischief.late(60, listed("127.0.0.2")))
    patient = {"timeout": "60s", "attempts": 1}
    text = config(rude.address, [addresses_on(ZONE)], [*prompt, *slow], {**QUICK, "interval": "1m"}, patient)
    with Exporter(tmp_path, text) as exporter:
        exporter.wait(lambda it: Scrape.now(it).totals(ZONE) == (30, 0), "the prompt ones are listed")
        exporter.wait(lambda _: rude.count(ZONE) >= len(prompt) + len(slow), "the slow ones are in flight")
        before = Scrape.now(exporter)
        assert before.checks(ZONE) == {"listed": 30, "unknown": 220}
        assert exporter.terminate() == 0
        ledger = Ledger.read(tmp_path / "history.db")
        assert_sound(ledger)
        assert ledger.standings() == before.standings()
        exporter.start()
        assert_shown(Scrape.now(exporter), ledger, prompt, [ZONE])


def test_sigterm_with_changes_that_cannot_be_written_ends_in_time(tmp_path: Path, rude: Rude) -> None:
    """With the database locked and changes of several lists waiting for it, it still ends within ten seconds."""
    zones = [f"list-{number}.example" for number in range(4)]
    for zone in zones:
        rude.behave(zone, holding())
    with Exporter(tmp_path, config(rude.address, map(addresses_on, zones), [TARGET, OTHER])) as exporter:
        exporter.wait(lambda it: all(len(Scrape.now(it).listed(zone)) == 2 for zone in zones), "all is known")
        with _locked(tmp_path):
            for zone in zones:
                rude.behave(zone, holding(TARGET))
            exporter.wait(lambda it: (it.value("dnsbl_history_write_failures_total") or 0) > 0, "writing fails")
            for zone in zones:
                rude.behave(zone, holding(TARGET, OTHER))
            asked = len(rude.questions)
            exporter.wait(lambda _: len(rude.questions) > asked + 50, "more is found")
            assert exporter.terminate() == 0


# ---- reload


def test_sighup_and_post_reload_the_config(exporter: Exporter, rude: Rude) -> None:
    """Either way targets come and go without a restart, and what stays keeps its standing."""
    before = Scrape.now(exporter).standings()
    response = exporter.reload(one_list(rude, TARGET, "192.0.2.3"))
    assert (response.status, response.text) == (200, "reloaded\n")
    assert set(Scrape.now(exporter).by("dnsbl_target_info", "target")) == {(TARGET,), ("192.0.2.3",)}
    exporter.config.write_text(one_list(rude, TARGET, "192.0.2.4"))
    exporter.hang_up()
    exporter.wait(lambda it: it.value("dnsbl_target_info", target="192.0.2.4") == 1, "it is reloaded")
    exporter.wait(lambda it: Scrape.now(it).listed(ZONE) == {TARGET: 1, "192.0.2.4": 0}, "the new one is asked for")
    assert Scrape.now(exporter).standings() == before


def test_warnings_of_the_config_are_logged_at_the_start_and_after_a_reload(tmp_path: Path, rude: Rude) -> None:
    """An operator who never runs `config check` reads them too, with their lines, and the list is asked."""
    text = config(rude.address, [addresses_on(ZONE, status="registration")], [TARGET, OTHER])
    with Exporter(tmp_path, text) as exporter:
        exporter.wait(is_known, "the list is asked")
        line = text[: text.index('"zone"')].count("\n") + 1
        said = f'level=warning msg="the config is used, but mind this" warning="{line}: lists[0].zone: {ZONE} answers registered'
        assert exporter.log.count(said) == 1
        assert exporter.reload().status == 200
        exporter.wait(lambda it: it.log.count(said) == 2, "it is said again")
        assert exporter.reload(one_list(rude)).status == 200
        exporter.wait(lambda it: it.log.count('msg="config reloaded"') == 2, "it is reloaded")
        assert exporter.log.count("level=warning") == 2


def test_a_set_brings_in_no_list_that_takes_no_target(tmp_path: Path, rude: Rude) -> None:
    """It is neither asked nor exposed, until a target that it takes is watched."""
    text = config(rude.address, [addresses_on(ZONE)], [TARGET])
    mixed = text.replace('"lists": [', '"lists": ["domains", ')
    with Exporter(tmp_path, mixed) as exporter:
        assert set(Scrape.now(exporter).by("dnsbl_list_info", "list")) == {(ZONE,)}
        assert exporter.reload(mixed.replace(f'"{TARGET}"', f'"{TARGET}", "example.com"')).status == 200
        assert ("dbl.spamhaus.org",) in Scrape.now(exporter).by("dnsbl_list_info", "list")


def test_a_reload_delays_no_listing_that_was_just_found(tmp_path: Path, rude: Rude) -> None:
    """With a list's settings changed between an answer and its recording, the listing is recorded soon, not a lap later."""
    patient = {"interval": "1h", "confirm_interval": "1h", "test_interval": "1h"}
    before, after = (addresses_on(ZONE, delist_url=url) for url in ("https://old.example", "https://new.example"))
    with Exporter(tmp_path, config(rude.address, [before], [TARGET], patient)) as exporter:
        exporter.wait(lambda _: f"{prefix(TARGET)}.{ZONE}" in {each.name.lower() for each in rude.questions}, "it is asked for")
        assert exporter.reload(config(rude.address, [after], [TARGET], patient)).status == 200
        exporter.wait(lambda it: Scrape.now(it).totals(ZONE) == (1, 0), "it is recorded", within=15)


def test_a_reload_with_other_targets_during_a_test_delays_nothing(tmp_path: Path, rude: Rude) -> None:
    """A test that is under way when the targets change counts for them too: they are not left unasked until the next one."""
    patient = {"interval": "1h", "confirm_interval": "1h", "test_interval": "1h"}
    rude.behave(ZONE, mischief.late(0.3, holding()))
    with Exporter(tmp_path, config(rude.address, [addresses_on(ZONE)], [TARGET], patient)) as exporter:
        exporter.wait(lambda _: rude.count(ZONE) > 0, "the list is being tested")
        assert exporter.reload(config(rude.address, [addresses_on(ZONE)], [TARGET, OTHER], patient)).status == 200
        exporter.wait(lambda it: Scrape.now(it).listed(ZONE) == {TARGET: 0, OTHER: 0}, "both are known", within=15)


@pytest.mark.parametrize("how", ["POST", "SIGHUP"])
def test_an_invalid_config_is_refused_and_the_old_one_stays(exporter: Exporter, rude: Rude, how: str) -> None:
    """Checks go on under the old config, a metric says so until the file is mended, and POST answers with every problem."""
    loaded = exporter.value("dnsbl_config_last_reload_success_timestamp_seconds") or 0
    exporter.config.write_text(BROKEN)
    if how == "POST":
        response = exporter.reload()
        assert response.status == 400
        assert problems_said(response.text, exporter.config) == PROBLEMS
    else:
        exporter.hang_up()
    exporter.wait(lambda it: it.value("dnsbl_config_last_reload_successful") == 0, "the reload failed")
    finished = exporter.value("dnsbl_checks_total", list=ZONE) or 0
    rude.behave(ZONE, holding(TARGET, OTHER))
    exporter.wait(lambda it: Scrape.now(it).listed(ZONE) == {TARGET: 1, OTHER: 1}, "checks go on")
    assert (exporter.value("dnsbl_checks_total", list=ZONE) or 0) > finished
    assert exporter.value("dnsbl_config_last_reload_success_timestamp_seconds") == loaded
    assert exporter.reload(one_list(rude)).status == 200
    assert exporter.value("dnsbl_config_last_reload_successful") == 1
    assert (exporter.value("dnsbl_config_last_reload_success_timestamp_seconds") or 0) > loaded


# ---- what keeps it from writing


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Another program holds the database."""
    with closing(sqlite3.connect(folder / "history.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _full(folder: Path) -> Iterator[None]:
    """No byte is left on the file system."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            yield
    filler.unlink()


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of half a megabyte."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        reason = f"a small file system cannot be mounted: {mounted.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_delays_the_history_and_nothing_else(tmp_path: Path, rude: Rude, small_disk: Path) -> None:
    """With no space left it checks and serves as before, and catches up when there is space again."""
    _assert_held_and_written_later(tmp_path, rude, small_disk, _full)


def test_a_locked_database_delays_the_history_and_nothing_else(tmp_path: Path, rude: Rude) -> None:
    """While another program holds the database it checks and serves as before, and catches up when it is let go."""
    _assert_held_and_written_later(tmp_path, rude, tmp_path, _locked)


def _assert_held_and_written_later(
    tmp_path: Path, rude: Rude, folder: Path, hindered: Callable[[Path], AbstractContextManager[None]]
) -> None:
    """What happens while writing fails is counted, not shown, and shown with its own times once it is written."""
    with Exporter(tmp_path, one_list(rude), [f"--history.path={folder / 'history.db'}"]) as exporter:
        exporter.wait(is_known, "all is known")
        before = Scrape.now(exporter)
        assert before.samples["dnsbl_history_write_failures_total"] == {frozenset(): 0}
        with hindered(folder):
            rude.behave(ZONE, holding(TARGET, OTHER))
            exporter.wait(lambda it: (it.value("dnsbl_history_write_failures_total") or 0) > 0, "writing fails")
            finished = exporter.value("dnsbl_checks_total", list=ZONE) or 0
            exporter.wait(lambda it: (it.value("dnsbl_checks_total", list=ZONE) or 0) > finished + 2, "checks go on")
            during = Scrape.now(exporter)
            assert exporter.get("/-/healthy").status == 200
            hindered_until = time.time()
        assert 'msg="history not written"' in exporter.log
        assert during.listed(ZONE) == before.listed(ZONE)
        assert (during.standings(), during.totals(ZONE)) == (before.standings(), (1, 0))
        exporter.wait(lambda it: Scrape.now(it).totals(ZONE) == (2, 0), "it catches up")
        exporter.kill()
        exporter.start()
        after = Scrape.now(exporter)
        assert after.listed(ZONE) == {TARGET: 1, OTHER: 1}
        assert after.standings()[Place(OTHER, ZONE, "")].since < hindered_until
        ledger = Ledger.read(folder / "history.db")
        assert_sound(ledger)
        assert_shown(after, ledger, [TARGET, OTHER], [ZONE])
        assert_consistent(after)
