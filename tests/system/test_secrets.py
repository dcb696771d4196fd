"""A key in a query name is in no output: not in logs, metrics, pages, messages or files, whatever lists do with it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import (
    Behaviour,
    cname_then,
    echo_txt,
    healthy,
    many,
    refused,
    servfail,
)
from tests.servers.exporter import Exporter
from tests.servers.garbage import GARBAGE
from tests.servers.rude import Rude
from tests.system.command import run
from tests.system.scrape import Scrape
from tests.system.settings import Settings, addresses_on, config

KEY = "K3ySecret0f0urs0nly4Tests"  # query names may be spelt in any case
TARGET = "192.0.2.1"

# By the first label of their zones. The second part is how a list is that is wrong about its test entries too.
ABOUT_TARGETS: dict[str, Behaviour] = {
    "echo": echo_txt("127.0.0.2"),
    "servfail": servfail,
    "refused": refused,
    "silent": mischief.silent,
    "alias": cname_then("127.0.0.2", txt=f"see 1.2.0.192.{KEY.upper()}.alias.example and {KEY.lower()}"),
    "loop": mischief.cname_loop,
    "question": mischief.wrong_question("127.0.0.2"),
    "large": mischief.truncated(many(60)),
    "closed": mischief.truncated_then_closed,
    **{kind.replace(" ", "-"): behaviour for kind, behaviour in GARBAGE.items()},
}
ABOUT_ALL: dict[str, Behaviour] = {
    "all-echo": echo_txt("127.0.0.2"),
    "all-servfail": servfail,
    "all-loop": mischief.cname_loop,
    "all-garbage": GARBAGE["pointer loop"],
    "all-parked": echo_txt("192.0.2.80"),
}
LISTED = {"echo", "alias", "large"}
ZONES = [f"{name}.example" for name in (*ABOUT_TARGETS, *ABOUT_ALL)]


@dataclass(frozen=True, slots=True)
class Outputs:
    """Everything that a user or another program gets to see, by where it was found."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, where: str, text: str) -> str:
        """Keep a text, and give it back."""
        self.texts[where] = text
        return text

    def assert_clean(self) -> None:
        """The key is nowhere, in whatever case, whole or as SQLite might split it over pages."""
        assert {where for where, text in self.texts.items() if KEY.lower()[:12] in text.lower()} == set()


@pytest.fixture(name="rude", scope="module")
def _rude() -> Iterator[Rude]:
    with Rude() as rude:
        for name, behaviour in ABOUT_TARGETS.items():
            rude.behave(f"{KEY}.{name}.example", healthy(behaviour))
        for name, behaviour in ABOUT_ALL.items():
            rude.behave(f"{KEY}.{name}.example", behaviour)
        yield rude


def _lists() -> list[Settings]:
    return [addresses_on(zone, key_file="list.key", delist_url="https://list.example/remove?ip={target}") for zone in ZONES]


def _config(folder: Path, rude: Rude) -> str:
    (folder / "list.key").write_text(f"{KEY}\n")
    return config(rude.address, _lists(), [TARGET])


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.iterdir():
        if path.suffix != ".key" and not path.is_dir():
            yield path.name, path.read_bytes().decode("latin-1")


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_the_service_never_says_a_key(tmp_path: Path, rude: Rude, form: str) -> None:
    """Nothing that serve writes, serves or stores at the most talkative level holds the key that its lists tell back."""
    outputs = Outputs()
    with Exporter(tmp_path, _config(tmp_path, rude), ["--log.level=debug", f"--log.format={form}"]) as exporter:
        exporter.wait(
            lambda it: set(Scrape.now(it).by("dnsbl_target_listings", "target").values()) == {3}, "what lists is listed"
        )
        exporter.wait(
            lambda it: len(Scrape.now(it).by("dnsbl_unknown_since_timestamp_seconds", "list")) == len(ZONES) - 3,
            "all the rest is unknown",
        )
        assert f"{prefix(TARGET)}.{KEY}.echo.example".lower() in {each.name.lower() for each in rude.questions}
        outputs.add("metrics", exporter.get("/metrics").text)
        outputs.add("OpenMetrics", exporter.get("/metrics", {"Accept": "application/openmetrics-text"}).text)
        for path in ("/", "/-/healthy", "/-/ready", f"/{KEY[:3]}"):
            outputs.add(path, exporter.get(path).text)
        _reload_badly(exporter, tmp_path, rude, outputs)
        assert exporter.terminate() == 0
    outputs.texts.update(_files(tmp_path))
    assert "https://list.example/?q=1.2.0.192.********.echo.example" in outputs.texts["history.db"]
    assert "https://list.example/?q=1.2.0.192.********.echo.example" in outputs.texts["exporter.log"]
    outputs.assert_clean()


BAD_KEYS = {
    "with spaces": f"the key is {KEY}\n",
    "with dots": f"{KEY}.example\n",
    "two lines": f"{KEY}\n{KEY}\n",
    "too long": KEY * 3,
    "not text": f"\xff{KEY}",
}


def _reload_badly(exporter: Exporter, folder: Path, rude: Rude, outputs: Outputs) -> None:
    """Reload with key files that hold no key, and with the key where it must not stand."""
    good = exporter.config.read_text()
    for what, content in BAD_KEYS.items():
        (folder / "list.key").write_text(content, "latin-1")
        response = exporter.reload()
        assert response.status == 400
        outputs.add(f"key {what}", response.text)
    (folder / "list.key").write_text(KEY)
    for what, text in _misplaced(good).items():
        response = exporter.reload(text)
        assert response.status == 400, what
        outputs.add(f"misplaced {what}", response.text)
    assert exporter.reload(good).status == 200
    exporter.config.write_text("lists: []")  # the file itself is no output


def _misplaced(good: str) -> dict[str, str]:
    """Configs with the key in a place of its own making."""
    return {
        "in the entry": good.replace('"key_file": "list.key"', f'"key": "{KEY}"', 1),
        "in the zone": good.replace('"echo.example"', f'"{KEY}.echo.example"', 1),
        "as a path": good.replace('"key_file": "list.key"', '"key_file": "."', 1),
        "as no file": good.replace('"key_file": "list.key"', '"key_file": "missing.key"', 1),
        "for its file": good.replace('"key_file": "list.key"', f'"key_file": "{KEY}"', 1),
        "for its variable": good.replace('"key_file": "list.key"', f'"key_env": "{KEY}"', 1),
        "as a mapping": good.replace('"key_file": "list.key"', f'"key_file": {{"{KEY}": "{KEY}"}}', 1),
        "as a variable unset": good.replace('"key_file": "list.key"', '"key_env": "NO_SUCH_VARIABLE"', 1),
        "as broken YAML": good.replace('"key_file": "list.key"', f'"key": "{KEY}', 1),
        "twice": good.replace('"key_file": "list.key"', f'"token": "{KEY}", "token": "{KEY}"', 1),
    }


@pytest.mark.parametrize("form", [["--json"], []], ids=["JSON", "table"])
def test_check_never_says_a_key(tmp_path: Path, rude: Rude, form: list[str]) -> None:
    """Neither the table nor the JSON of `check` holds the key, and where a list told it back there are stars."""
    (tmp_path / "config.yml").write_text(_config(tmp_path, rude))
    ended = run("check", TARGET, "--config.file=config.yml", *form, folder=tmp_path, COLUMNS="400")
    assert ended.returncode == 1
    assert "1.2.0.192.********.echo.example" in ended.stdout
    if form:
        assert {each["list"] for each in json.loads(ended.stdout)["results"]} == set(ZONES)
    Outputs({"output": ended.stdout, "errors": ended.stderr}).assert_clean()


def test_a_config_error_never_says_a_key(tmp_path: Path, rude: Rude) -> None:
    """Whatever is wrong with a key or where it stands, the message does without it."""
    outputs = Outputs()
    good = _config(tmp_path, rude)
    texts = _misplaced(good) | dict.fromkeys(BAD_KEYS, good)
    for what in ("with spaces", "in the entry", "in the zone", "for its variable", "as broken YAML"):  # the rest is as on reload
        (tmp_path / "config.yml").write_text(texts[what])
        (tmp_path / "list.key").write_text(BAD_KEYS.get(what, KEY), "latin-1")
        ended = run("config", "check", "config.yml", folder=tmp_path)
        assert ended.returncode == 2, what
        assert "config.yml:" in ended.stderr
        outputs.add(what, ended.stdout + ended.stderr)
    outputs.assert_clean()


def test_a_key_from_a_variable_is_no_more_talkative(tmp_path: Path, rude: Rude) -> None:
    """A key that comes by key_env is used, and is in no output either."""
    lists = [{**each, "key_env": "LIST_KEY"} for each in _lists()]
    for each in lists:
        del each["key_file"]
    (tmp_path / "config.yml").write_text(config(rude.address, lists, [TARGET]))
    ended = run("check", TARGET, "--config.file=config.yml", "--json", folder=tmp_path, LIST_KEY=KEY)
    assert ended.returncode == 1
    assert "********" in ended.stdout
    Outputs({"output": ended.stdout, "errors": ended.stderr}).assert_clean()
