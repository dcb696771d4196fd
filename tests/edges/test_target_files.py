"""Files of targets are read when they have changed and nobody is writing them, and broken ones take nothing away."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from exporter.config import Config, load, matching
from exporter.history import Find
from exporter.origins import files
from exporter.origins.files import FilesSeen, Seen

NOTHING: Mapping[str, Find] = {}


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Config:
    settings = {
        "lists": [{"zone": "bl.example", "kinds": ["ipv4"], "non_global": True}],
        "targets": ["192.0.2.99", {"files": ["*.txt"]}],
    }
    path = tmp_path / "config.yml"
    path.write_text(json.dumps(settings))
    return load(path, {})


def given(seen: FilesSeen) -> dict[str, list[str]]:
    """What each file gives."""
    return {
        one.origin.name: sorted(target.text for portion in one.portions for target in portion.members.singles())
        for one in seen.values()
    }


def the(seen: FilesSeen) -> Seen:
    """The only one."""
    (one,) = seen.values()
    return one


def test_a_file_is_read_when_two_looks_show_the_same(config: Config, tmp_path: Path) -> None:
    """One that changes from look to look is left alone until it rests."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    seen = files.first(config, NOTHING, 1.0)
    assert given(seen) == {"a.txt": ["192.0.2.1"]}
    for at, count in enumerate((2, 3, 4), start=2):
        path.write_text("".join(f"192.0.2.{number}\n" for number in range(count)))
        seen = files.again(config, seen, at)
        assert given(seen) == {"a.txt": ["192.0.2.1"]}
    seen = files.again(config, seen, 9.0)
    assert given(seen) == {"a.txt": ["192.0.2.0", "192.0.2.1", "192.0.2.2", "192.0.2.3"]}
    assert the(seen).origin.succeeded_at == 9.0


def test_a_file_that_did_not_change_is_not_read_again(config: Config, tmp_path: Path) -> None:
    """What it gave is the very same, so nobody makes a new plan for it."""
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    before = files.first(config, NOTHING, 1.0)
    after = files.again(config, files.again(config, before, 2.0), 3.0)
    assert the(after).portions is the(before).portions
    assert the(after).origin == the(before).origin


def test_a_fault_is_said_once_and_the_file_not_read_until_it_changes(config: Config, tmp_path: Path) -> None:
    """With the line of the fault."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    before = files.first(config, NOTHING, 1.0)
    path.write_text("192.0.2.1\n192.0.2.300\n")
    seen = files.again(config, files.again(config, before, 2.0), 3.0)
    assert the(seen).origin.trouble == "a.txt:2: '192.0.2.300' is not a valid IP address"
    assert the(seen).portions is the(before).portions
    assert the(files.again(config, seen, 4.0)).origin is the(seen).origin


def test_a_broken_file_gives_at_the_start_what_the_history_has_of_it(config: Config, tmp_path: Path) -> None:
    """And says that it is broken."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    kept = files.to_keep(files.first(config, NOTHING, 1.0).values(), 1.0)
    path.write_text("192.0.2.7")
    seen = files.first(config, kept, 5.0)
    assert given(seen) == {"a.txt": ["192.0.2.1"]}
    assert the(seen).origin.up is False
    assert the(seen).origin.succeeded_at == 1.0
    assert files.to_keep(seen.values(), 5.0) == {}


@pytest.mark.parametrize("content", [b"", b"nonsense", b"x\x9cK\xca"])
def test_a_history_that_cannot_be_read_gives_nothing(config: Config, tmp_path: Path, content: bytes) -> None:
    """A broken file beside it is as if it never was."""
    (tmp_path / "a.txt").write_text("192.0.2.7")
    seen = files.first(config, {"file:a.txt": Find(content, 1.0)}, 5.0)
    assert given(seen) == {"a.txt": []}
    assert the(seen).origin.known is False


def test_a_file_that_is_gone_gives_what_it_gave_and_a_new_one_is_read(config: Config, tmp_path: Path) -> None:
    """Until the config is loaded anew, which forgets it."""
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    seen = files.first(config, NOTHING, 1.0)
    (tmp_path / "a.txt").rename(tmp_path / "b.txt")
    seen = files.again(config, files.again(config, seen, 2.0), 3.0)
    assert given(seen) == {"a.txt": ["192.0.2.1"], "b.txt": ["192.0.2.1"]}
    assert {one.origin.name: one.origin.up for one in seen.values()} == {"a.txt": False, "b.txt": True}
    assert given(files.first(config, NOTHING, 4.0)) == {"b.txt": ["192.0.2.1"]}


def test_a_named_pipe_holds_nobody_up(config: Config, tmp_path: Path) -> None:
    """In the place of a file it is a fault as any other, and takes nothing away."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    before = files.first(config, NOTHING, 1.0)
    path.unlink()
    os.mkfifo(path)
    seen = files.again(config, files.again(config, before, 2.0), 3.0)
    assert the(seen).origin.trouble == "cannot be read: it is not a regular file"
    assert the(seen).portions is the(before).portions


def test_how_many_targets_a_file_gives(config: Config, tmp_path: Path) -> None:
    """They are counted, also when it is broken and when the history has them, though not found one by one."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n198.51.100.0/30\n")
    seen = files.first(config, NOTHING, 1.0)
    assert the(seen).origin.size == 5
    kept = files.to_keep(seen.values(), 1.0)
    path.write_text("nonsense\n")
    assert the(files.again(config, files.again(config, seen, 2.0), 3.0)).origin.size == 5
    assert the(files.first(config, kept, 4.0)).origin.size == 5


def test_a_label_that_is_left_out_costs_no_target(tmp_path: Path) -> None:
    """It is a notice, and nothing that is skipped."""
    settings = {"lists": [{"zone": "bl.example", "kinds": ["ipv4"], "non_global": True}], "targets": [{"files": ["a.json"]}]}
    (tmp_path / "config.yml").write_text(json.dumps(settings))
    (tmp_path / "a.json").write_text('[{"targets": ["192.0.2.1"], "labels": {"__meta": "x"}}]')
    origin = the(files.first(load(tmp_path / "config.yml", {}), NOTHING, 1.0)).origin
    assert origin.skipped == ()
    assert origin.notices == ("labels that start with __ are left out: __meta",)


def test_a_pattern_that_names_too_many_files_is_an_origin_that_failed(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of its files that were read before are followed on, after a start too, and new ones are read when there are fewer."""
    monkeypatch.setattr(matching, "MOST_FILES", 1)
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    before = files.first(config, NOTHING, 1.0)
    (tmp_path / "b.txt").write_text("192.0.2.2\n")
    seen = files.again(config, files.again(config, before, 2.0), 3.0)
    assert given(seen) == {"*.txt": [], "a.txt": ["192.0.2.1"]}
    assert {one.origin.name: (one.origin.up, one.origin.trouble) for one in seen.values()} == {
        "*.txt": (False, "names more than 1 files: new ones are not read"),
        "a.txt": (True, ""),
    }
    assert given(files.first(config, NOTHING, 4.0)) == {"*.txt": []}
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("192.0.2.4\n")
    monkeypatch.chdir(tmp_path)
    config = load(Path("config.yml"), {})
    others = dict.fromkeys(("file:sub/a.txt", "file:gone.txt", "mail.example.com"), Find(b"", 1.0))
    kept = files.to_keep(before.values(), 1.0) | others
    (tmp_path / "a.txt").write_text("192.0.2.3\n")
    started = files.first(config, kept, 4.0)
    assert given(started) == {"*.txt": [], "a.txt": ["192.0.2.3"]}
    assert given(files.again(config, started, 5.0)) == {"*.txt": [], "a.txt": ["192.0.2.3"]}
    assert files.idle(config, started) == []
    (tmp_path / "b.txt").unlink()
    assert given(files.again(config, started, 6.0)) == {"a.txt": ["192.0.2.3"]}


def test_a_pattern_that_names_no_file(config: Config) -> None:
    """It is told as it stands in the config."""
    assert files.idle(config, files.first(config, NOTHING, 1.0)) == ["*.txt"]


def test_a_file_that_is_never_at_rest_is_an_origin_that_failed(config: Config, tmp_path: Path) -> None:
    """What it gave stays, and it is read as soon as it rests."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    seen = files.first(config, NOTHING, 0.0)
    for second in range(1, 61):
        assert the(seen).origin.up
        path.write_text("192.0.2.2\n")
        os.utime(path, (second, second))
        seen = files.again(config, seen, second)
    assert the(seen).origin.trouble == "was never at rest: it is read when nobody writes it for two seconds"
    assert given(seen) == {"a.txt": ["192.0.2.1"]}
    seen = files.again(config, seen, 61.0)
    assert the(seen).origin.up
    assert given(seen) == {"a.txt": ["192.0.2.2"]}
