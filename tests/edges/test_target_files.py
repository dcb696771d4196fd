"""Files of targets are read when they have changed and nobody is writing them, and broken ones take nothing away."""

import json
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from exporter.config import Config, load, matching
from exporter.expansion import Reason
from exporter.history import Find
from exporter.origins import files
from exporter.origins.files import FilesSeen, Seen

NOTHING: Mapping[str, Find] = {}
_NOBODY = 65534


def a_config(folder: Path, *patterns: str, labels: Mapping[str, str] | None = None) -> Config:
    """Files that match these patterns, and a list of IPv4 addresses."""
    settings = {
        "lists": [{"zone": "bl.example", "kinds": ["ipv4"], "non_global": True}],
        "targets": ["192.0.2.99", {"files": list(patterns), "labels": labels or {}}],
    }
    path = folder / "config.yml"
    path.write_text(json.dumps(settings))
    return load(path, {})


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Config:
    return a_config(tmp_path, "*.txt")


@pytest.fixture(name="open_folder")
def _open_folder() -> Iterator[Path]:
    """A folder that everybody may look into."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Root may read everything: be nobody meanwhile."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if before == 0:
            os.seteuid(before)


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
    assert the(seen).origin.succeeded_at == 0.0


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
    assert origin.notices == ("labels that are Prometheus's own are left out: __meta",)


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


def test_a_file_that_may_not_be_read_is_read_when_it_may(open_folder: Path) -> None:
    """Though its time and size stay as they are; meanwhile what it gave stays, and it is said why."""
    config, path = a_config(open_folder, "*.txt"), open_folder / "a.txt"
    path.write_text("192.0.2.1\n")
    with without_privileges():
        seen = files.first(config, NOTHING, 1.0)
    path.write_text("192.0.2.1\n192.0.2.2\n")
    path.chmod(0)
    with without_privileges():
        for at in range(2, 6):
            seen = files.again(config, seen, float(at))
            assert given(seen) == {"a.txt": ["192.0.2.1"]}
    assert (the(seen).origin.up, the(seen).origin.trouble) == (False, "cannot be read: Permission denied")
    path.chmod(0o644)
    with without_privileges():
        seen = files.again(config, seen, 6.0)
    assert (given(seen), the(seen).origin.up) == ({"a.txt": ["192.0.2.1", "192.0.2.2"]}, True)


def test_a_file_that_may_not_be_read_at_the_start_gives_what_the_history_has(open_folder: Path) -> None:
    """Until it may be read."""
    config, path = a_config(open_folder, "*.txt"), open_folder / "a.txt"
    path.write_text("192.0.2.1\n")
    kept = files.to_keep(files.first(config, NOTHING, 1.0).values(), 1.0)
    path.write_text("192.0.2.2\n")
    path.chmod(0)
    with without_privileges():
        seen = files.first(config, kept, 2.0)
    assert (given(seen), the(seen).origin.succeeded_at) == ({"a.txt": ["192.0.2.1"]}, 1.0)
    path.chmod(0o644)
    with without_privileges():
        assert given(files.again(config, seen, 3.0)) == {"a.txt": ["192.0.2.2"]}


def _renamed(path: Path, text: str) -> None:
    other = path.with_suffix(".new")
    other.write_text(text)
    other.rename(path)


@pytest.mark.parametrize(
    ("write", "text", "seconds"),
    [
        pytest.param(Path.write_text, "192.0.2.2\n", 1, id="another time"),
        pytest.param(Path.write_text, "192.0.2.22\n", 0, id="another size"),
        pytest.param(_renamed, "192.0.2.2\n", 0, id="another file"),
    ],
)
def test_each_sign_of_a_change_is_enough(
    config: Config, tmp_path: Path, write: Callable[[Path, str], object], text: str, seconds: int
) -> None:
    """Clocks are coarse, and programs that copy a file may keep its time."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    os.utime(path, (1000, 1000))
    seen = files.first(config, NOTHING, 1.0)
    write(path, text)
    os.utime(path, (1000 + seconds, 1000 + seconds))
    seen = files.again(config, files.again(config, seen, 2.0), 3.0)
    assert given(seen) == {"a.txt": [text.strip()]}


def test_a_file_that_gives_the_same_again_gives_the_very_same(config: Config, tmp_path: Path) -> None:
    """So nobody makes a new plan for it, and the history keeps what it has."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    before = files.first(config, NOTHING, 1.0)
    path.write_text("# the same\n192.0.2.1\n")
    after = files.again(config, files.again(config, before, 2.0), 3.0)
    assert the(after).portions is the(before).portions
    assert the(after).content is None
    assert the(after).origin.succeeded_at == 3.0


def test_a_file_that_is_named_is_awaited(tmp_path: Path) -> None:
    """It is an origin that failed until it is there, and read then; it is not tried again and again."""
    config = a_config(tmp_path, "a.txt")
    seen = files.first(config, NOTHING, 1.0)
    assert (given(seen), the(seen).origin.trouble) == ({"a.txt": []}, "cannot be read: No such file or directory")
    assert the(files.again(config, seen, 2.0)).origin is the(seen).origin
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    seen = files.again(config, files.again(config, seen, 3.0), 4.0)
    assert (given(seen), the(seen).origin.up) == ({"a.txt": ["192.0.2.1"]}, True)
    (tmp_path / "a.txt").unlink()
    seen = files.again(config, seen, 5.0)
    assert (given(seen), the(seen).origin.up) == ({"a.txt": ["192.0.2.1"]}, False)
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    assert the(files.again(config, files.again(config, seen, 6.0), 7.0)).origin.up


def test_a_mended_file_is_up_again(config: Config, tmp_path: Path) -> None:
    """Also if it is what it was before."""
    path = tmp_path / "a.txt"
    path.write_text("192.0.2.1\n")
    seen = files.first(config, NOTHING, 1.0)
    for number, text in enumerate(("nonsense\n", "192.0.2.1\n")):
        path.write_text(text)
        seen = files.again(config, files.again(config, seen, 2.0), 3.0 + number)
        assert (given(seen), the(seen).origin.up) == ({"a.txt": ["192.0.2.1"]}, number == 1)
    assert (the(seen).origin.trouble, the(seen).origin.succeeded_at) == ("", 4.0)


def test_too_many_files_give_what_they_gave(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that goes wild takes nothing away, and adds nothing; the files it named before are still followed."""
    monkeypatch.setattr(matching, "MOST_FILES", 1)
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    seen = files.first(config, NOTHING, 1.0)
    (tmp_path / "a.txt").write_text("192.0.2.2\n")
    (tmp_path / "b.txt").write_text("192.0.2.3\n")
    seen = files.again(config, files.again(config, seen, 2.0), 3.0)
    assert given(seen) == {"*.txt": [], "a.txt": ["192.0.2.2"]}
    assert {one.origin.name: one.origin.up for one in seen.values()} == {"*.txt": False, "a.txt": True}


def test_labels_are_those_of_the_source_and_of_the_file(tmp_path: Path) -> None:
    """Also of what the history has of it; labels that are left out are said, and what no list takes."""
    config, path = a_config(tmp_path, "*.json", labels={"team": "mail"}), tmp_path / "a.json"
    path.write_text(json.dumps(["2001:db8::1", {"targets": ["192.0.2.1"], "labels": {"rack": "7", "__meta": "x"}}]))
    seen = files.first(config, NOTHING, 1.0)
    kept = files.to_keep(seen.values(), 1.0)
    path.write_text("[")
    for found in (the(seen), the(files.first(config, kept, 2.0))):
        assert {portion.labels for portion in found.portions} == {(("team", "mail"),), (("rack", "7"), ("team", "mail"))}
        assert [(skipped.reason, skipped.what) for skipped in found.origin.skipped] == [(Reason.NO_LIST, "2001:db8::1")]
        assert ["__meta" in notice for notice in found.origin.notices] == [True]


def test_a_history_with_a_file_that_is_at_fault_gives_nothing(config: Config, tmp_path: Path) -> None:
    """As after a new version reads less."""
    (tmp_path / "a.txt").write_text("192.0.2.7")
    seen = files.first(config, {"file:a.txt": Find(zlib.compress(b"192.0.2.300\n"), 1.0)}, 5.0)
    assert (given(seen), the(seen).origin.succeeded_at) == ({"a.txt": []}, 0.0)


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


def test_a_folder_that_is_not_there_gives_what_its_files_gave(tmp_path: Path) -> None:
    """A disk that is not mounted at the start takes nothing away; a file that is gone from a folder that is there does."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    for name in ("a.txt", "b.txt", "c.yml"):
        (folder / name).write_text("# YAML\n- 192.0.2.1\n" if name == "c.yml" else "192.0.2.1\n")
    config = a_config(tmp_path, "mounted/*.txt")
    kept = files.to_keep(files.first(config, NOTHING, 1.0).values(), 1.0)
    (folder / "a.txt").unlink()
    assert given(files.first(config, kept, 2.0)) == {"mounted/b.txt": ["192.0.2.1"]}
    folder.rename(tmp_path / "elsewhere")
    seen = files.first(config, kept, 3.0)
    assert given(seen) == {"mounted/a.txt": ["192.0.2.1"], "mounted/b.txt": ["192.0.2.1"]}
    assert not any(one.origin.up for one in seen.values())


def test_a_file_that_breaks_gives_over_a_reload_what_it_gave_whatever_the_history_has(config: Config, tmp_path: Path) -> None:
    """The running service knows best."""
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    seen = files.first(config, NOTHING, 1.0)
    (tmp_path / "a.txt").write_text("nonsense\n")
    assert given(files.first(config, NOTHING, 2.0, seen)) == {"a.txt": ["192.0.2.1"]}


def test_too_many_files_give_over_a_restart_what_they_gave(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the history has it; the pattern is an origin that failed."""
    (tmp_path / "a.txt").write_text("192.0.2.1\n")
    kept = files.to_keep(files.first(config, NOTHING, 1.0).values(), 1.0)
    monkeypatch.setattr(matching, "MOST_FILES", 1)
    (tmp_path / "b.txt").write_text("192.0.2.3\n")
    seen = files.first(config, kept, 2.0)
    assert given(seen) == {"*.txt": [], "a.txt": ["192.0.2.1"]}
    assert {one.origin.name: one.origin.up for one in seen.values()} == {"*.txt": False, "a.txt": True}
