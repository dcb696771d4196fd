"""The README tells the truth: its commands run, and its tables name what there is and nothing else."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from exporter.cli import main
from exporter.cli.service import Options, Running
from exporter.config import load
from exporter.config.model import ConfigFile, ListEntry
from exporter.config.sets import BY_DEFAULT, members
from exporter.health import Health
from exporter.history import History
from exporter.metrics.lines import HELP
from exporter.verdict import Cause
from tests.servers.behaviour import nodata, zone_data
from tests.servers.daemon import Daemon
from tests.servers.ports import free_port
from tests.servers.rude import Rude

PROJECT = Path(__file__).parents[2]
README = (PROJECT / "README.md").read_text()
COMMANDS = re.findall(r"^(?!#)(\S.*)$", "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)), re.MULTILINE)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with the example config, asked of a server on loopback that has nobody listed."""
    with Rude() as rude:
        for blocklist in load(PROJECT / "config.example.yml", {}).lists:
            entries = () if blocklist.test_entries is None else blocklist.test_entries.listed
            rude.behave(blocklist.zone, zone_data({entry.name_under("").removesuffix("."): "127.0.0.2" for entry in entries}))
        rude.behave("example.com", nodata)  # no MX and no SPF
        example = (PROJECT / "config.example.yml").read_text()
        text = re.sub(r"^resolvers:.*$", f'resolvers: ["{rude.address}"]', example, flags=re.MULTILINE)
        (tmp_path / "config.example.yml").write_text(re.sub(r"^( +)resolvers: .*$", "", text, flags=re.MULTILINE))
        (tmp_path / "config.yml").write_text((tmp_path / "config.example.yml").read_text())
        (tmp_path / "deploy" / "exporter").mkdir(parents=True)  # as it is committed
        yield tmp_path


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the README in a folder, with this Python's ``dnsbl-exporter`` for the one in ``.venv``."""
    words = command.replace(".venv/bin/dnsbl-exporter", f"{sys.executable} -m exporter").split()
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, env=_environment(), check=False)


def _environment() -> dict[str, str]:
    """Ours, without what an enclosing make would tell an inner one."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def _fine(command: str, folder: Path) -> None:
    done = _run(command, folder)
    assert done.returncode == 0, done.stderr


def _serves(command: str, folder: Path) -> None:
    """It listens on its port and ends cleanly."""
    words = [
        *command.replace(".venv/bin/dnsbl-exporter", f"{sys.executable} -m exporter").split(),
        "--web.listen-address=127.0.0.1:0",
    ]
    daemon = Daemon("serve", words, folder, lambda: "msg=listening" in daemon.log)
    with daemon:
        assert daemon.stop() == 0


def _demonstrates(command: str, folder: Path) -> None:
    """It shows its lists' health and says where to look."""
    port = free_port()
    words = [*command.split(), f"ARGS=--duration 3s --web.listen-address 127.0.0.1:{port}"]
    done = subprocess.run(words, cwd=PROJECT, capture_output=True, text=True, env=_environment(), check=False)
    assert done.returncode == 0, done.stderr
    assert f"http://127.0.0.1:{port}/metrics" in done.stdout
    assert "mixed.demo.example is ok" in done.stdout


def _imports(command: str, folder: Path) -> None:
    """Its output is a config; the shell would write it into the file."""
    (folder / "rbls.ini").write_text("[rbl]\nserver=zen.spamhaus.org\n")
    (folder / "targets.ini").write_text("[targets]\nserver=9.9.9.9\n")
    words, _, written = command.partition(" > ")
    done = _run(words, folder)
    assert done.returncode == 0, done.stderr
    (folder / written).write_text(done.stdout)
    assert [each.name for each in load(folder / written, {}).lists] == ["zen.spamhaus.org"]


def _is_known_to_make(command: str, folder: Path) -> None:
    """It is what runs this test, so it is only asked what it would do."""
    done = _run(f"{command} --dry-run --directory={PROJECT}", folder)
    assert "pytest" in done.stdout, done.stderr


def _has_its_file(command: str, folder: Path) -> None:
    """No container engine runs here; test_container follows the file, step by step."""
    assert (PROJECT / "compose.yaml").is_file()
    assert (PROJECT / "deploy" / "exporter").is_dir()


RUNS: dict[str, Callable[[str, Path], None]] = {
    "make demo": _demonstrates,
    "make test": _is_known_to_make,
    "cp config.example.yml config.yml": _fine,
    "cp config.example.yml deploy/exporter/config.yml": _fine,
    "docker compose up -d": _has_its_file,
    ".venv/bin/dnsbl-exporter serve --config.file=config.yml": _serves,
    ".venv/bin/dnsbl-exporter serve --help": _fine,
    ".venv/bin/dnsbl-exporter check example.com --config.file=config.yml": _fine,
    ".venv/bin/dnsbl-exporter lists --test --config.file=config.yml": _fine,
    ".venv/bin/dnsbl-exporter import rbls.ini targets.ini > config.yml": _imports,
    ".venv/bin/dnsbl-exporter config check config.yml": _fine,
    ".venv/bin/dnsbl-exporter config schema": _fine,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_readme_runs(command: str, folder: Path) -> None:
    """A command that a reader copies does what the text says."""
    RUNS[command](command, folder)


def test_no_command_is_tested_that_the_readme_does_not_have() -> None:
    """The table of commands and the README name the same ones."""
    assert set(COMMANDS) == set(RUNS)


def test_the_metric_table_names_exactly_what_is_exposed(folder: Path) -> None:
    """Every family of ours is in the README, and every name there is exposed."""
    assert set(re.findall(r"`(dnsbl_[a-z_]+)`", _section("Metrics"))) == asyncio.run(_exposed(folder)) | set(HELP)


async def _exposed(folder: Path) -> set[str]:
    config = load(folder / "config.yml", {})
    history = History(folder / "history.db", 1.0, lambda: 0.0)
    running = Running(Options(lambda: config, []), config, history)
    families = running.metrics().families()
    await history.close()
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in families
        if family.name.startswith("dnsbl_")
    }


def test_every_cause_and_health_is_explained() -> None:
    """The table of causes and the list of healths are complete."""
    words = set(re.findall(r"`([a-z_ ]+)`", _section("Metrics")))
    assert set(Cause) <= words
    assert " ".join(Health) in words


def test_every_config_option_is_in_the_tables() -> None:
    """A new option without a line in the README fails here."""
    text = _section("Configuration")
    sections = ("query", "checks", "expansion", "metrics", "history")
    options = {name for name in ConfigFile.model_fields if name not in sections}
    for section in sections:
        model = type(ConfigFile.model_fields[section].default)
        options |= {f"{section}.{name}" for name in model.model_fields}
    listed = {field.alias or name for name, field in ListEntry.model_fields.items()} - {"interval", "delist_after"}
    listed -= {"confirm_interval", "test_interval"}  # said once, of `checks`
    assert not [name for name in options | listed if f"`{name}`" not in text]


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_a_set_is_described_by_its_lists(name: str) -> None:
    """Whoever reads what is asked by default reads the truth."""
    row = re.search(rf"^\| `{name}` \| (.*) \|$", _section("Configuration"), re.MULTILINE)
    assert row is not None
    assert re.findall(r"`([^`]+)`", row[1]) == members(name)


def test_every_flag_of_serve_is_in_the_table() -> None:
    """The flag table names the flags that there are and no other."""
    assert isinstance(main, click.Group)
    flags = {flag for option in main.commands["serve"].params for flag in option.opts}
    assert set(re.findall(r"`(--[a-z.-]+)`", _section("Operations"))) == flags


def _section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]
