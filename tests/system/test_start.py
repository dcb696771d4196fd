"""What keeps the service from starting: said in words, by exit code, and nothing that was there is touched."""

import os
import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.servers.exporter import Exporter
from tests.servers.ports import bound_pair, free_port
from tests.servers.rude import Rude
from tests.system.broken import BROKEN, PROBLEMS, problems_said
from tests.system.command import run
from tests.system.ledger import Ledger, assert_shown
from tests.system.one_list import OTHER, TARGET, ZONE, one_list
from tests.system.scrape import Scrape
from tests.system.settings import addresses_on, config


def _assert_one_sentence(text: str) -> None:
    *_, sentence = text.splitlines()
    assert "Traceback" not in text
    assert re.fullmatch(r"[a-z].*[^.]", sentence)


def test_a_bad_config_at_the_start_is_exit_2_with_every_problem(tmp_path: Path) -> None:
    """All problems are said at once, each with its line and path, and nothing is created."""
    file = tmp_path / "config.yml"
    file.write_text(BROKEN)
    ended = run("serve", f"--config.file={file}", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert problems_said(ended.stderr, file) == PROBLEMS
    assert os.listdir(tmp_path) == ["config.yml"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--no-such-flag"], "--no-such-flag"),
        (["--web.listen-address=127.0.0.1"], "'127.0.0.1' is not an address to listen on"),
        (["--web.listen-address=127.0.0.1:65536"], "'127.0.0.1:65536' is not an address to listen on"),
        (["--shard=1", "--total-shards=1"], "--shard=1 must be below --total-shards=1"),
        (["--shard=first", "--total-shards=2"], "--shard=first is neither a number nor auto"),
        (["--log.level=loud"], "'loud' is not one of"),
        (["--config.file=missing.yml"], "missing.yml:1: cannot be read: No such file or directory"),
        (["--history.path=missing/history.db"], "history missing/history.db: cannot be opened"),
    ],
)
def test_wrong_flags_are_exit_2_and_say_what_is_wrong(tmp_path: Path, args: list[str], said: str) -> None:
    """A flag that does not exist or whose value cannot be is named, without a traceback."""
    (tmp_path / "config.yml").write_text(config("127.0.0.1:1", [addresses_on(ZONE)], [TARGET]))
    ended = run("serve", f"--web.listen-address=127.0.0.1:{free_port()}", *args, folder=tmp_path)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_exit_1_with_one_sentence(tmp_path: Path, rude: Rude) -> None:
    """It says which address cannot be had, and ends."""
    (tmp_path / "config.yml").write_text(one_list(rude))
    udp, tcp = bound_pair()
    with udp, tcp:
        tcp.listen()
        address = f"127.0.0.1:{tcp.getsockname()[1]}"
        ended = run("serve", "--log.level=error", f"--web.listen-address={address}", folder=tmp_path)
    assert ended.returncode == 1
    _assert_one_sentence(ended.stderr)
    assert "address already in use" in ended.stderr


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if "-lock" not in path.name}


def test_a_history_of_a_newer_version_is_refused_untouched(tmp_path: Path, exporter: Exporter) -> None:
    """The message says what to do, the exit code is 2, and no byte of the file changes."""
    exporter.terminate()
    with closing(sqlite3.connect(tmp_path / "history.db")) as file:
        (version,) = file.execute("PRAGMA user_version").fetchone()
        file.execute(f"PRAGMA user_version = {version + 1}")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = _contents(tmp_path)
    ended = run("serve", "--web.listen-address=127.0.0.1:0", folder=tmp_path)
    assert ended.returncode == 2
    assert f"newer dnsbl-exporter (schema {version + 1}, this one knows {version})" in ended.stderr
    _assert_one_sentence(ended.stderr)
    assert _contents(tmp_path) == before


def test_a_history_in_use_is_refused(tmp_path: Path, exporter: Exporter) -> None:
    """A second exporter on the same history ends with exit code 2, and the first goes on."""
    ended = run("serve", "--web.listen-address=127.0.0.1:0", folder=tmp_path)
    assert ended.returncode == 2
    assert "is in use by another dnsbl-exporter" in ended.stderr
    _assert_one_sentence(ended.stderr)
    assert_shown(Scrape.now(exporter), Ledger.read(tmp_path / "history.db"), [TARGET, OTHER], [ZONE])


def test_a_damaged_history_is_set_aside(tmp_path: Path, exporter: Exporter) -> None:
    """It starts anew beside the damaged file, which is kept, and says so in the log and by its creation time."""
    created = exporter.value("dnsbl_history_created_timestamp_seconds") or 0
    exporter.terminate()
    history = tmp_path / "history.db"
    damaged = history.read_bytes()[:2000] + random.Random(1).randbytes(20000)
    history.write_bytes(damaged)
    exporter.start()
    (kept,) = tmp_path.glob("history.db.damaged-*")
    assert kept.read_bytes() == damaged
    assert 'msg="history damaged: set aside, starting anew"' in exporter.log
    assert (exporter.value("dnsbl_history_created_timestamp_seconds") or 0) > created
    exporter.wait(lambda it: Scrape.now(it).totals(ZONE) == (1, 0), "it works")
