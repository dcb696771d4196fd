"""The frame holds: the architecture page names every module, and nothing names a machine or a package index."""

import re
import subprocess
from importlib.metadata import requires
from pathlib import Path

import exporter

PROJECT = Path(__file__).parents[2]
SOURCES = sorted((PROJECT / "exporter").rglob("*.py"))


def test_the_architecture_page_names_every_module_and_no_other() -> None:
    """The table in the package's docstring and the package's folder agree."""
    assert exporter.__doc__ is not None
    named = set(re.findall(r"^``([a-z_]+)``", exporter.__doc__, re.MULTILINE))
    assert named == {path.stem for path in (PROJECT / "exporter").iterdir() if not path.name.startswith(("_", "."))}


def test_every_module_opens_with_its_idea() -> None:
    """Every module has a docstring."""
    assert not [path for path in SOURCES if not path.read_text().startswith('"""')]


def test_no_module_holds_two_ideas() -> None:
    """No module is longer than 300 lines."""
    assert not [path for path in SOURCES if len(path.read_text().splitlines()) > 300]


def test_every_dependency_is_pinned_without_an_address() -> None:
    """The constraints file has a version for each, and nothing but versions."""
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    needed = {re.sub(r"[-_.]+", "-", re.split(r"[^A-Za-z0-9._-]", line)[0]).lower() for line in requires("dnsbl-exporter") or ()}
    assert needed <= pinned


def test_no_file_names_a_package_index_or_a_home() -> None:
    """What is committed works on every machine."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    words = re.compile("pypi" + r"\.org|files\.python" + r"hosted|(?<![a-z])/home/[a-z]|/ro" + "ot/|/wo" + "rk/")
    texts = {
        name: (PROJECT / name).read_text(errors="replace") for name in listed.stdout.split("\0") if (PROJECT / name).is_file()
    }
    assert not [name for name, text in texts.items() if words.search(text)]
