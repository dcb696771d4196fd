"""Which files a pattern names, and what they are called."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from exporter.config import matching as module
from exporter.config.matching import content, content_at_once, matching, opened, shown, written

Named = Callable[[str], list[str]]


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """A folder of a config, with a name that would be a pattern itself."""
    folder = tmp_path / "etc [1]"
    (folder / "targets.d").mkdir(parents=True)
    for name in ("b.yml", "a.yml", ".hidden.yml", "a.txt"):
        (folder / "targets.d" / name).touch()
    (folder / "targets.d" / "c.yml").mkdir()
    (folder / "targets.d" / "d.yml").symlink_to("gone")
    (folder / "targets.d" / "e.yml").symlink_to("a.txt")
    (tmp_path / "shared.txt").touch()
    return folder


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("targets.d/*.yml", ["targets.d/a.yml", "targets.d/b.yml", "targets.d/e.yml"]),
        ("targets.d/a.*", ["targets.d/a.txt", "targets.d/a.yml"]),
        ("targets.d/a.txt", ["targets.d/a.txt"]),
        ("targets.d/[ab].yml", ["targets.d/a.yml", "targets.d/b.yml"]),
        ("../*.txt", ["../shared.txt"]),
        ("missing/*.yml", []),
        ("missing.yml", ["missing.yml"]),
        ("targets.d", ["targets.d"]),
    ],
)
def test_what_a_pattern_names(folder: Path, pattern: str, names: list[str]) -> None:
    """Regular files, sorted, and what is named itself, whatever it is; called from the folder of the config, as it is written."""
    assert [shown(path, folder) for path in matching(opened(pattern, folder))] == names
    assert written(opened(pattern, folder), folder) == pattern


def test_an_absolute_pattern(folder: Path, tmp_path: Path) -> None:
    """It is opened as it stands, and its files elsewhere have their whole path."""
    pattern = str(tmp_path / "*.txt")
    assert opened(pattern, folder) == pattern
    assert [shown(path, folder) for path in matching(pattern)] == [str(tmp_path / "shared.txt")]


def test_a_name_of_several_lines_is_shown_on_one() -> None:
    """It stands in a log, and on a page."""
    assert shown(Path("/etc/a\n\x1b[2J.txt"), Path("/etc")) == r"a\n\x1b[2J.txt"


def test_too_many_files(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern that names a whole disk is a slip."""
    monkeypatch.setattr(module, "MOST_FILES", 2)
    with pytest.raises(ValueError, match=r"^names more than 2 files$"):
        matching(opened("targets.d/*.yml", folder))


def test_of_a_huge_file_no_more_is_read_than_shows_it(tmp_path: Path) -> None:
    """One octet more than is taken."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"9.9.9.9\n" * 100)
    assert content(path, 10) == content_at_once(path, 10) == b"9.9.9.9\n9.9"


@pytest.mark.parametrize("name", ["/dev/zero", "pipe"])
def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path, name: str) -> None:
    """It is refused at once: a device may have no end, and a pipe nobody who writes."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        content_at_once(tmp_path / name, 10)
