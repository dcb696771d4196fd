"""The commands that end by themselves: what they print, and the exit code that a script decides by."""

import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from exporter import catalogue
from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import (
    absent,
    healthy,
    listed,
    nodata,
    refused,
    servfail,
    zone_data,
)
from tests.servers.ports import free_port
from tests.servers.rude import Rude
from tests.system.command import run
from tests.system.settings import addresses_on, config
from tests.system.terminal import on_a_terminal, read_to_end

ZEN, PLAIN, REFUSING, DBL, OWN = "zen.example", "plain.example", "refusing.example", "dbl.example", "own.example"
LISTED, CLEAN, FAILING, LISTED_AND_FAILING = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"
ZEN_CODES = {
    "127.0.0.2": {"sublist": "SBL", "meaning": "sent spam to a trap"},
    "127.0.0.4": {"sublist": "XBL", "meaning": "an infected host", "impact": "critical", "cause": "open-proxy"},
}
DELIST_URL = "https://zen.example/remove?ip={target}"
LOOKUP_URL = "https://zen.example/{target}"


@pytest.fixture(name="rude", scope="module")
def _rude() -> Iterator[Rude]:
    with Rude() as rude:
        bad = {prefix(target): ["127.0.0.2", "127.0.0.4", "127.0.0.9"] for target in (LISTED, LISTED_AND_FAILING)}
        rude.behave(ZEN, healthy(zone_data(bad, txt="Spam seen,\nsee [red]https://zen.example/[/red]\x1b[31m")))
        rude.behave(PLAIN, healthy(absent))
        for target in (FAILING, LISTED_AND_FAILING):
            rude.behave(f"{prefix(target)}.{PLAIN}", servfail)
        rude.behave(REFUSING, refused)
        rude.behave(DBL, healthy(zone_data({"bad.example": "127.0.1.2"})))
        rude.behave(OWN, healthy(zone_data({"bad.co.uk": "127.0.0.2"})))
        for domain in ("good.example", "bad.example"):
            rude.behave(domain, nodata)
        yield rude


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, rude: Rude) -> Path:
    lists = [
        addresses_on(ZEN, codes=ZEN_CODES, delist_url=DELIST_URL, lookup_url=LOOKUP_URL, expiry="after a week"),
        addresses_on(PLAIN),
        {"zone": DBL, "kinds": ["domain"]},
    ]
    (tmp_path / "config.yml").write_text(config(rude.address, lists, [LISTED, "bad.example"]))
    own = {"zone": OWN, "kinds": ["domain"], "registrable": True, "delist_url": DELIST_URL, "lookup_url": LOOKUP_URL}
    (tmp_path / "own.yml").write_text(config(rude.address, [own, {"zone": DBL, "kinds": ["domain"]}], ["bad.example"]))
    (tmp_path / "refused.yml").write_text(config(rude.address, [addresses_on(PLAIN), addresses_on(REFUSING)], [LISTED]))
    return tmp_path


# ---- check


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ([CLEAN], 0),
        (["good.example"], 0),
        ([LISTED], 1),
        ([CLEAN, LISTED], 1),
        (["BAD.example."], 1),
        ([FAILING], 3),
        ([CLEAN, FAILING], 3),
        ([LISTED_AND_FAILING], 1),
        ([FAILING, "--list", ZEN], 0),
        ([LISTED, "--list", PLAIN], 0),
        ([LISTED, "--json"], 1),
        ([FAILING, "--json"], 3),
        ([LISTED, "--list", PLAIN, "--list", ZEN], 1),
    ],
)
def test_the_exit_code_says_whether_anything_is_listed(folder: Path, args: list[str], code: int) -> None:
    """0 is clean on all, 1 listed on any, 3 not listed but some unknown."""
    ended = run("check", *args, "--config.file=config.yml", folder=folder)
    assert (ended.returncode, ended.stderr) == (code, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["192.0.2.300"], "'192.0.2.300' is not a valid IP address"),
        (["nonsense"], "'nonsense' is neither an IP address nor a domain"),
        ([LISTED, "--list", "other.example"], f"no such list: other.example; there are {ZEN}, {PLAIN}, {DBL}"),
        (["bad.example", "--list", ZEN], "bad.example: none of these lists takes it (it is of kind domain)"),
        ([], "Missing argument 'TARGET...'"),
        (["co.uk", "--list", OWN, "--config.file=own.yml"], "co.uk: none of these lists takes it (it is a public suffix)"),
        ([LISTED, "--config.file=missing.yml"], "missing.yml:1: cannot be read"),
        ([LISTED, "--verbose"], "--verbose"),
    ],
)
def test_a_question_that_cannot_be_put_is_exit_2(folder: Path, args: list[str], said: str) -> None:
    """A bad target, an unknown list or flag and an unreadable config are said in words, and nothing is printed to stdout."""
    ended = run("check", "--config.file=config.yml", *args, folder=folder)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def _advice(cause: str) -> dict[str, object]:
    """What the file of first steps says of a cause."""
    return {"cause": cause, **catalogue.first_steps().words[cause]}


def test_the_json_says_everything(folder: Path) -> None:
    """Each check has its verdict and what belongs to it, what is listed first."""
    ended = run("check", LISTED_AND_FAILING, CLEAN, "--json", "--config.file=config.yml", folder=folder)
    assert json.loads(ended.stdout)["results"] == [
        {
            "target": LISTED_AND_FAILING,
            "list": ZEN,
            "health": "ok",
            "verdict": "listed",
            "sublists": [
                {"sublist": "127.0.0.9", "codes": ["127.0.0.9"], "meaning": "", "advice": _advice("spam-sent")},
                {"sublist": "SBL", "codes": ["127.0.0.2"], "meaning": "sent spam to a trap", "advice": _advice("spam-sent")},
                {"sublist": "XBL", "codes": ["127.0.0.4"], "meaning": "an infected host", "advice": _advice("open-proxy")},
            ],
            "reason": "Spam seen, see [red]https://zen.example/[/red] [31m",
            "expiry": "after a week",
            "lookup_url": LOOKUP_URL.replace("{target}", LISTED_AND_FAILING),
            "delist_url": DELIST_URL.replace("{target}", LISTED_AND_FAILING),
        },
        {"target": LISTED_AND_FAILING, "list": PLAIN, "health": "ok", "verdict": "unknown", "cause": "servfail"},
        {"target": CLEAN, "list": PLAIN, "health": "ok", "verdict": "not_listed"},
        {"target": CLEAN, "list": ZEN, "health": "ok", "verdict": "not_listed"},
    ]


def test_the_table_says_what_it_means_and_what_to_do(folder: Path) -> None:
    """A row for every sublist, with its code, meaning, reason and removal link; rows for unknown and clean; a sum a target."""
    ended = run("check", LISTED_AND_FAILING, CLEAN, "--config.file=config.yml", folder=folder)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in ended.stdout.splitlines() if line.startswith("│")]
    remove = f"remove: {DELIST_URL.replace('{target}', LISTED_AND_FAILING)}"
    reason = "Spam seen, see [red]https://zen.example/[/red] [31m"
    assert rows == [
        [LISTED_AND_FAILING, ZEN, "listed", "127.0.0.9", "127.0.0.9", reason],
        ["", "", "", "", "", remove],
        [LISTED_AND_FAILING, ZEN, "listed", "SBL", "127.0.0.2", "sent spam to a trap"],
        ["", "", "", "", "", reason],
        ["", "", "", "", "", remove],
        [LISTED_AND_FAILING, ZEN, "listed", "XBL", "127.0.0.4", "an infected host"],
        ["", "", "", "", "", reason],
        ["", "", "", "", "", remove],
        [LISTED_AND_FAILING, PLAIN, "unknown", "", "", "servfail"],
        [CLEAN, PLAIN, "not listed", "", "", ""],
        [CLEAN, ZEN, "not listed", "", "", ""],
    ]
    assert ended.stdout.splitlines()[-2:] == [
        f"{LISTED_AND_FAILING}: listed on 1 of 1 lists; 1 could not be asked",
        f"{CLEAN}: clean on all of 2 lists",
    ]


def test_below_the_table_stand_the_first_steps_for_each_cause_and_target(folder: Path) -> None:
    """Once for each, the worst first: the likely cause, the steps in order, who, how long, the warning and the links."""
    ended = run("check", LISTED, LISTED_AND_FAILING, "--config.file=config.yml", folder=folder)
    _, _, below = ended.stdout.partition("└")
    found = [part.splitlines() for part in below.split("\n\n")[1:-1]]
    assert found == [
        _shown_steps(target, cause, names)
        for target in (LISTED, LISTED_AND_FAILING)
        for cause, names in (("open-proxy", f"{ZEN} XBL"), ("spam-sent", f"{ZEN} 127.0.0.9, {ZEN} SBL"))
    ]


def _shown_steps(target: str, cause: str, names: str) -> list[str]:
    words = catalogue.first_steps().words[cause]
    return [
        f"{target}: {words['title'][0].lower()}{words['title'][1:]}, most likely",
        f"  on {names}",
        f"  {words['likely']}",
        *(f"  {number}. {step}" for number, step in enumerate(words["first_steps"], start=1)),
        f"  Who: {words['who']}",
        f"  How long: {words['how_long']} On {ZEN}: after a week.",
        f"  Warning: {words['warning']}",
        f"  Look up: {LOOKUP_URL.replace('{target}', target)}",
        f"  Remove: {DELIST_URL.replace('{target}', target)}",
    ]


@pytest.mark.parametrize("target", [CLEAN, FAILING])
def test_without_a_listing_there_are_no_first_steps(folder: Path, target: str) -> None:
    """Nobody is told what to do about nothing."""
    assert "likely" not in run("check", target, "--config.file=config.yml", folder=folder).stdout


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_it_fits_the_terminal(folder: Path, columns: int) -> None:
    """No line is wider than the terminal, and zones and links stand there whole."""
    seen = on_a_terminal("check", LISTED, "--config.file=config.yml", folder=folder, columns=columns)
    assert seen.returncode == 1
    assert max(map(len, seen.lines)) <= columns
    for whole in (f"  Look up: {LOOKUP_URL}", f"  Remove: {DELIST_URL}"):
        assert whole.replace("{target}", LISTED) in seen.lines
    assert seen.lines[-1] == f"{LISTED}: listed on 1 of 2 lists"


def test_a_list_that_may_not_be_believed_says_why(folder: Path, rude: Rude) -> None:
    """A list that refuses is unknown with what to do about it, and is not asked about the target."""
    ended = run("check", LISTED, "--config.file=refused.yml", folder=folder)
    assert ended.returncode == 3
    (row,) = (line for line in ended.stdout.splitlines() if REFUSING in line)
    assert "refused: the list refuses your resolver: use a resolver of your own" in row
    assert ended.stdout.splitlines()[-1] == f"{LISTED}: clean on all of 1 lists; 1 could not be asked"
    assert f"{prefix(LISTED)}.{REFUSING}" not in {each.name.lower() for each in rude.questions}
    ended = run("check", LISTED, "--json", "--list", REFUSING, "--config.file=refused.yml", folder=folder)
    (found,) = json.loads(ended.stdout)["results"]
    assert found == {"target": LISTED, "list": REFUSING, "health": "refused", "verdict": "unknown", "cause": "unhealthy"}


def test_what_was_asked_in_place_of_a_target_is_said(folder: Path) -> None:
    """In the JSON and in the table, of a list of registrable domains; its links lead to what it holds."""
    ended = run("check", "mail.bad.co.uk", "--json", "--config.file=own.yml", folder=folder)
    on_own, on_dbl = json.loads(ended.stdout)["results"]
    assert (on_own["target"], on_own["list"], on_own["asked"], on_own["verdict"]) == (
        "mail.bad.co.uk",
        OWN,
        "bad.co.uk",
        "listed",
    )
    assert (on_own["lookup_url"], on_own["delist_url"]) == tuple(
        url.replace("{target}", "bad.co.uk") for url in (LOOKUP_URL, DELIST_URL)
    )
    assert on_dbl == {"target": "mail.bad.co.uk", "list": DBL, "health": "ok", "verdict": "not_listed"}
    table = run("check", "mail.bad.co.uk", "--config.file=own.yml", folder=folder).stdout
    assert [line.split("│")[1].strip() for line in table.splitlines() if OWN in line and "│" in line] == [
        "mail.bad.co.uk, as bad.co.uk"
    ]


@pytest.mark.parametrize(("target", "read"), [(CLEAN, False), ("mail.bad.co.uk", True)])
def test_the_public_suffix_list_is_read_only_for_who_needs_it(tmp_path: Path, rude: Rude, target: str, read: bool) -> None:
    """Who watches addresses pays nothing for the domains of others, whatever his lists hold."""
    lists = [addresses_on(PLAIN), {"zone": OWN, "kinds": ["domain"], "registrable": True}]
    (tmp_path / "config.yml").write_text(config(rude.address, lists, [target]))
    ended = run("check", target, "--config.file=config.yml", folder=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert ("publicsuffixlist" in ended.stderr) is read
    assert "exporter.blocklist" in ended.stderr


def _on_a_terminal(folder: Path, *args: str) -> tuple[str, str]:
    """What `check` writes to stdout in a pipe, and to stderr on a terminal."""
    here, there = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "check", *args, "--config.file=config.yml"],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=there,
        text=True,
    ) as process:
        os.close(there)
        shown = read_to_end(here)
        assert process.stdout is not None
        return process.stdout.read(), shown


def test_there_is_a_progress_bar_on_a_terminal_and_none_in_a_pipe(folder: Path) -> None:
    """The bar is drawn on stderr, counts tests and checks and is wiped off; what is piped is text without escape codes."""
    stdout, stderr = _on_a_terminal(folder, LISTED)
    assert "\x1b[" in stderr
    assert "asking" in stderr
    assert "4/4" in stderr
    assert stderr.rstrip("\r\n").endswith("\x1b[2K")
    piped = run("check", LISTED, "--config.file=config.yml", folder=folder, COLUMNS="100")
    assert stdout == piped.stdout
    assert "\x1b" not in piped.stdout
    assert piped.stderr == ""


def test_json_has_no_progress_bar_even_on_a_terminal(folder: Path) -> None:
    """JSON is for programs."""
    stdout, stderr = _on_a_terminal(folder, LISTED, "--json")
    assert stderr == ""
    assert {each["verdict"] for each in json.loads(stdout)["results"]} == {"listed", "not_listed"}


def test_a_list_that_lists_everything_accuses_nobody(tmp_path: Path) -> None:
    """`check` tests a list before it believes it."""
    with Rude() as rude:
        rude.behave(PLAIN, listed("127.0.0.2"))
        (tmp_path / "config.yml").write_text(config(rude.address, [addresses_on(PLAIN)], [LISTED]))
        ended = run("check", LISTED, "--json", "--config.file=config.yml", folder=tmp_path)
    assert ended.returncode == 3
    assert json.loads(ended.stdout)["results"][0]["health"] == "everything"


def test_all_lists_are_asked_at_once(tmp_path: Path) -> None:
    """No list waits for another: lists that answer only when all twenty have been asked are all tested and asked."""
    zones = [f"list-{number}.example" for number in range(20)]
    together = mischief.together(len(zones), healthy(absent))
    with Rude() as rude:
        for zone in zones:
            rude.behave(zone, together)
        query = {"timeout": "500ms", "attempts": 8}
        (tmp_path / "config.yml").write_text(config(rude.address, map(addresses_on, zones), [LISTED], query=query))
        ended = run("check", LISTED, "--json", "--config.file=config.yml", folder=tmp_path)
    assert ended.returncode == 0
    assert [each["list"] for each in json.loads(ended.stdout)["results"]] == sorted(zones)


# ---- config, demo


def test_a_good_config_is_fine(folder: Path) -> None:
    """`config check` says how much would be checked, by either way of naming the file."""
    for args in (["config.yml"], ["--config.file=config.yml"], []):
        ended = run("config", "check", *args, folder=folder)
        assert (ended.returncode, ended.stdout) == (0, "config.yml: fine: 2 targets, 3 lists, 3 checks\n")


def test_a_config_with_warnings_is_fine(tmp_path: Path) -> None:
    """`config check` prints each warning with its line; it does not count what a set brought in for nothing."""
    (tmp_path / "config.yml").write_text(
        """\
lists:
  - domains
  - {zone: dnsbl.sorbs.net, kinds: [ipv4]}
  - {zone: bl.example, kinds: [ipv4], status: registration}
  - {zone: dbl.example, kinds: [domain]}
targets: [9.9.9.9]
"""
    )
    ended = run("config", "check", folder=tmp_path)
    first, *warnings = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert first == "config.yml: fine: 1 target, 3 lists, 2 checks"
    assert [warning.split(" ")[:4] for warning in warnings] == [
        ["warning:", "config.yml:3:", "lists[1].zone:", "dnsbl.sorbs.net"],
        ["warning:", "config.yml:4:", "lists[2].zone:", "bl.example"],
        ["warning:", "config.yml:5:", "lists[3]:", "dbl.example"],
    ]


WITH_FILES = """\
lists: [{zone: bl.example, kinds: [ipv4, domain]}]
targets:
  - 9.9.9.9
  - {files: ["targets.d/*"]}
"""


def test_files_of_targets_are_counted(tmp_path: Path) -> None:
    """`config check` reads them too, says what of them is not watched, and how many names there are besides."""
    (tmp_path / "config.yml").write_text(
        WITH_FILES + "  - {host: mail.example}\n  - {domain: example.com, expand: [mx, spf]}\n  - {files: [none.txt]}\n"
    )
    (tmp_path / "targets.d").mkdir()
    (tmp_path / "targets.d" / "a.txt").write_text("9.9.9.0/24\n10.0.0.1\n")
    (tmp_path / "targets.d" / "b.json").write_text('[{"targets": ["example.org"], "labels": {"__meta": "x"}}]')
    ended = run("config", "check", folder=tmp_path)
    first, *warnings = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert first == "config.yml: fine: 258 targets, 1 list, 258 checks; 2 names to look up"
    assert warnings == [
        "warning: targets.d/a.txt: 10.0.0.1: not watched: Of private, loopback, documentation or multicast addresses only a list "
        "with `non_global: true` is asked, and none of these takes them.",
        "warning: targets.d/b.json: labels that are Prometheus's own are left out: __meta",
        "warning: none.txt: there is no such file now",
    ]


def test_a_bad_file_of_targets_has_its_line(tmp_path: Path) -> None:
    """`config check` says what is wrong with every file, and ends with 2."""
    (tmp_path / "config.yml").write_text(WITH_FILES)
    (tmp_path / "targets.d").mkdir()
    (tmp_path / "targets.d" / "a.txt").write_text("9.9.9.0/24\n9.9.9.256\n")
    (tmp_path / "targets.d" / "b.yml").write_text("- targets:\n    - 9.9.9.9:25\n")
    (tmp_path / "config.yml").write_text(WITH_FILES + "  - {files: [targets.d]}\n")
    ended = run("config", "check", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.splitlines() == [
        "targets.d/a.txt:2: '9.9.9.256' is not a valid IP address",
        "targets.d/b.yml:2: [0].targets[0]: has a port: give the address or the domain alone",
        "targets.d: cannot be read: Is a directory",
    ]


def test_more_targets_than_are_watched(tmp_path: Path) -> None:
    """`config check` names the file with which they are too many."""
    (tmp_path / "config.yml").write_text(WITH_FILES)
    (tmp_path / "targets.d").mkdir()
    for name in "abcd":
        (tmp_path / "targets.d" / name).write_text(f"16.{'abcd'.index(name) * 16}.0.0/12\n")
    ended = run("config", "check", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "targets.d/d: makes more than 4,194,304 targets with others\n"


def test_a_bad_config_has_every_problem_named(tmp_path: Path) -> None:
    """`config check` says all that is wrong, in the order of the file, each with line and path, and ends with 2."""
    (tmp_path / "config.yml").write_text(
        """\
intervall: 5m
resolvers: [ns.example]
lists:
  - zen.spamhaus.orgg
  - {zone: bl.example, kinds: [ipv5]}
  - zone: bl2.example
    kinds: [ipv4]
    key: secret
targets:
  - 300.1.1.1
  - {target: 198.51.100.1, label: {}}
"""
    )
    ended = run("config", "check", "config.yml", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    found = re.findall(r"^config\.yml:(\d+): ([^:]+): (?=\S)", ended.stderr, re.MULTILINE)
    assert found == [
        ("1", "intervall"),
        ("2", "resolvers[0]"),
        ("4", "lists[0]"),
        ("5", "lists[1].kinds[0]"),
        ("8", "lists[2].key"),
        ("10", "targets[0]"),
        ("11", "targets[1].label"),
    ]
    assert len(found) == len(ended.stderr.splitlines())


def test_the_schema_is_json_schema(tmp_path: Path) -> None:
    """`config schema` prints one JSON document that describes every section of the file."""
    ended = run("config", "schema", folder=tmp_path)
    schema = json.loads(ended.stdout)
    assert ended.returncode == 0
    sections = {"resolvers", "query", "checks", "lists", "targets", "exclude", "expansion", "metrics", "history"}
    assert schema["properties"].keys() == sections
    assert schema["additionalProperties"] is False


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that runs, in a folder for its temporary files."""

    process: subprocess.Popen[str]
    address: str
    folder: Path


@pytest.fixture(name="demo", scope="module", autouse=True)
def _demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """It takes its time, so it runs beside the other tests of this module."""
    folder = tmp_path_factory.mktemp("demo")
    address = f"127.0.0.1:{free_port()}"
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", "demo", "--duration=15s", f"--web.listen-address={address}"],
        env={**os.environ, "TMPDIR": str(folder), "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Demo(process, address, folder)
        finally:
            process.kill()


def test_the_demo_shows_a_listing_and_ends(demo: Demo) -> None:
    """With a duration it runs its script so long, prints what happens as it happens, and leaves nothing behind."""
    stdout, stderr = demo.process.communicate(timeout=60)
    assert (demo.process.returncode, stderr) == (0, "")
    assert f"http://{demo.address}/metrics" in stdout
    assert re.search(r"LISTED +192\.0\.2\.10 on mail\.demo\.example .*was listed before we looked", stdout)
    assert re.search(r"LISTED +192\.0\.2\.20 on mixed\.demo\.example SPAM .*new listing", stdout)
    assert os.listdir(demo.folder) == []
