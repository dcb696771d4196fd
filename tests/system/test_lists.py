"""`lists`: what there is, what it takes to ask it, and whether it may be believed from here."""

import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest

from exporter import catalogue
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, Packet, Question, absent, healthy, listed, refused, servfail
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.rude import Rude
from tests.servers.unbound import Unbound
from tests.servers.zones import addresses, dead, listing_everything, refusing
from tests.system.command import run
from tests.system.settings import Settings, addresses_on, config
from tests.system.terminal import on_a_terminal

KEY = "k3yk3yk3yk3yk3yk3yk3yk3y"
BEHAVIOURS: dict[str, Behaviour] = {
    "ok": healthy(absent),
    "silent": absent,
    "everything": listed("127.0.0.2"),
    "refused": listed("127.255.255.254"),
    "bogus": listed("192.0.2.80"),
    "unreachable": servfail,
    "untested": absent,
}
CURES = {
    "ok": "",
    "silent": "your resolver hides answers in 127.0.0.0/8, or the list is dead",
    "everything": "drop it until it recovers",
    "refused": "use a resolver of your own",
    "bogus": "the zone is parked or your resolver rewrites them",
    "unreachable": "the list is down or your resolver cannot reach it",
    "untested": "it has no test entries",
}
SICK = [health for health in BEHAVIOURS if health not in ("ok", "untested")]
CODES = {
    "127.0.0.2": {"sublist": "SPAM", "impact": "critical"},
    "127.0.0.3": {"sublist": "BULK", "impact": "info"},
    "127.0.0.4-127.0.0.7": {"sublist": "BOTS", "impact": "critical", "class": "exploit", "cause": "open-proxy"},
}
PROGRESS = "testing"


def a_list(health: str, **more: object) -> Settings:
    """A list of ours that is in this state."""
    tests = {"test_entries": "none"} if health == "untested" else {}
    return addresses_on(f"{health}.example", operator=f"{health.title()} Ltd", **tests, **more)


@pytest.fixture(name="rude")
def _rude() -> Iterator[Rude]:
    with Rude() as rude:
        for health, behaviour in BEHAVIOURS.items():
            rude.behave(f"{health}.example", behaviour)
        yield rude


@pytest.fixture(name="folder")
def _folder(tmp_path: Path, rude: Rude) -> Path:
    """A folder with a config of a list in every state."""
    _write(tmp_path, rude, [a_list(health) for health in BEHAVIOURS])
    return tmp_path


def _write(folder: Path, rude: Rude, lists: Iterable[Settings]) -> None:
    (folder / "config.yml").write_text(config(rude.address, lists, ["192.0.2.1"]))


def _rows(stdout: str) -> dict[str, list[str]]:
    """The cells of each line of a table in a pipe, by their first one."""
    lines = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in stdout.splitlines()]
    return {cells[0]: cells[1:] for cells in lines if len(cells) > 1}


# ---- what there is


def test_without_a_config_it_shows_the_sets_of_the_catalogue(tmp_path: Path) -> None:
    """The default and the domains set, and how many lists there are besides."""
    ended = run("lists", folder=tmp_path)
    in_sets = [zone for zone, entry in catalogue.entries().items() if entry.get("sets")]
    assert (ended.returncode, ended.stderr) == (0, "")
    assert set(_rows(ended.stdout)) == {"List", *in_sets}
    others = len(catalogue.entries()) - len(in_sets)
    assert ended.stdout.splitlines()[-1] == f"{len(in_sets)} lists; --all shows {others} more"


def test_a_row_says_what_a_list_is(tmp_path: Path) -> None:
    """Operator, kinds, status, sublists by impact, policy."""
    assert _rows(run("lists", folder=tmp_path).stdout)["zen.spamhaus.org"] == [
        "Spamhaus",
        "ipv4 ipv6",
        "alive (default)",
        "critical: SBL, XBL, DROP, BCL; high: CSS; low: PBL",
        str(catalogue.entries()["zen.spamhaus.org"]["policy"]),
    ]


def test_all_shows_every_list_and_the_dead_ones_after_them(tmp_path: Path) -> None:
    """The dead ones with the date, the reason and what takes their place."""
    stdout = run("lists", "--all", folder=tmp_path).stdout
    living, _, defunct = stdout.partition("no longer exist")
    assert set(_rows(living)) == {"List", *catalogue.entries()}
    rows = _rows(defunct)
    for row in catalogue.defunct().values():
        shown = rows[f"{row.zone} and all below it" if row.subtree else row.zone]
        assert shown == [text for text in (row.died, row.reason, ", ".join(row.replaced_by)) if text]


def test_with_a_config_it_shows_the_lists_of_the_config(folder: Path, rude: Rude) -> None:
    """As they stand there; nobody is asked anything."""
    ended = run("lists", "--config.file=config.yml", folder=folder)
    assert ended.returncode == 0
    assert set(_rows(ended.stdout)) == {"List", *(f"{health}.example" for health in BEHAVIOURS)}
    assert rude.questions == ()


def test_all_with_a_config_shows_the_others_too_and_tells_them_apart(tmp_path: Path, rude: Rude) -> None:
    """What is in the config is marked, and stands there as the config has it."""
    _write(tmp_path, rude, [a_list("ok"), {"zone": "bl.spamcop.net", "impact": "critical"}])
    ended = run("lists", "--all", "--config.file=config.yml", "--json", folder=tmp_path)
    shown = {each["list"]: each for each in json.loads(ended.stdout)["lists"]}
    assert set(shown) == {"ok.example", *catalogue.entries()}
    assert [zone for zone, each in shown.items() if each["configured"]] == ["ok.example", "bl.spamcop.net"]
    assert [each["impact"] for each in shown["bl.spamcop.net"]["sublists"]] == ["critical"]
    rows = _rows(run("lists", "--all", "--config.file=config.yml", folder=tmp_path).stdout)
    assert ("yes" in rows["ok.example"], "yes" in rows["bl.spamcop.net"], "no" in rows["zen.spamhaus.org"]) == (True,) * 3


def test_the_json_says_everything(tmp_path: Path, rude: Rude) -> None:
    """One object; of each list all that is known of it."""
    whole = a_list(
        "ok",
        codes=CODES,
        policy="ours only",
        expiry="in a week",
        lookup_url="https://ok.example/{target}",
        delist_url="https://ok.example/remove",
        notes=["a note"],
        max_qps=100,
        interval="1h",
    )
    _write(tmp_path, rude, [whole])
    ended = run("lists", "--config.file=config.yml", "--test", "--json", folder=tmp_path)
    found = json.loads(ended.stdout)
    assert found["lists"][0].pop("round_trip_seconds") > 0
    accused = {"class": "abuse", "scope": "address", "meaning": ""}
    assert found == {
        "tested": True,
        "resolvers": [rude.address],
        "lists": [
            {
                "list": "ok.example",
                "operator": "Ok Ltd",
                "kinds": ["ipv4", "ipv6"],
                "status": "alive",
                "sets": [],
                "configured": True,
                "policy": "ours only",
                "expiry": "in a week",
                "sublists": [
                    accused | {"sublist": "SPAM", "codes": ["127.0.0.2"], "impact": "critical", "cause": "spam-sent"},
                    accused | {"sublist": "BULK", "codes": ["127.0.0.3"], "impact": "info", "cause": "spam-sent"},
                    accused
                    | {
                        "sublist": "BOTS",
                        "codes": ["127.0.0.4-127.0.0.7"],
                        "impact": "critical",
                        "class": "exploit",
                        "cause": "open-proxy",
                    },
                ],
                "lookup_url": "https://ok.example/{target}",
                "delist_url": "https://ok.example/remove",
                "notes": ["a note"],
                "interval_seconds": 3600.0,
                "max_qps": 100.0,
                "max_queries_per_day": None,
                "not_asked": "",
                "health": "ok",
                "what_to_do": "",
            }
        ],
        "defunct": [],
    }


def test_the_json_of_all_has_the_dead_ones(tmp_path: Path) -> None:
    """As the catalogue has them; and nothing of a test, if there was none."""
    found = json.loads(run("lists", "--all", "--json", folder=tmp_path).stdout)
    assert found["defunct"] == [asdict(row) for row in catalogue.defunct().values()]
    assert {(each["health"], each["round_trip_seconds"], each["what_to_do"]) for each in found["lists"]} == {(None, None, "")}


# ---- test


def test_each_list_shows_its_health_and_what_to_do(folder: Path) -> None:
    """In the table, and below it one sentence for each that is sick."""
    ended = run("lists", "--test", "--config.file=config.yml", folder=folder)
    assert (ended.returncode, ended.stderr) == (1, "")
    rows = _rows(ended.stdout)
    lines = ended.stdout.splitlines()
    for health, cure in CURES.items():
        assert health in rows[f"{health}.example"]
        sentences = [line for line, zones in pairwise(lines) if zones.strip() == f"{health}.example"]
        assert len(sentences) == bool(cure)
        assert all(sentence.startswith(f"{health}: ") and cure in sentence for sentence in sentences)
    counted = ", ".join(f"1 {health}" for health in ["ok", *SICK, "untested"])
    assert lines[-1].startswith(f"7 lists: {counted}; ")


def test_lists_that_need_the_same_share_a_sentence(tmp_path: Path, rude: Rude) -> None:
    """Nobody reads the same sentence a hundred times."""
    for name in ("one", "two"):
        rude.behave(f"{name}.example", absent)
    _write(tmp_path, rude, [a_list("ok"), a_list("one"), a_list("two")])
    stdout = run("lists", "--test", "--config.file=config.yml", folder=tmp_path).stdout
    assert stdout.count(CURES["silent"]) == 1
    assert "  one.example, two.example\n" in stdout


@pytest.mark.parametrize(
    ("healths", "form", "code"),
    [
        (["ok", "untested"], [], 0),
        (["ok", "untested"], ["--json"], 0),
        (["untested"], [], 0),
        (["ok", "silent"], ["--json"], 1),
        *((["ok", health], [], 1) for health in SICK),
    ],
)
def test_the_exit_code_says_whether_all_are_healthy(
    tmp_path: Path, rude: Rude, healths: list[str], form: list[str], code: int
) -> None:
    """0 if every list that was asked is, 1 if one is not; a list that cannot be tested is no failure."""
    _write(tmp_path, rude, [a_list(health) for health in healths])
    assert run("lists", "--test", "--config.file=config.yml", *form, folder=tmp_path).returncode == code


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--config.file=missing.yml"], "missing.yml:1: cannot be read"),
        (["--verbose"], "--verbose"),
        (["zen.spamhaus.org"], "zen.spamhaus.org"),
    ],
)
def test_what_cannot_be_is_exit_2(tmp_path: Path, args: list[str], said: str) -> None:
    """A config that cannot be read and flags that do not exist are said in words."""
    ended = run("lists", *args, folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_list_without_its_key_is_not_asked(tmp_path: Path, rude: Rude) -> None:
    """Of the catalogue's others. One that is in the config was meant to be asked, registered or not."""
    _write(tmp_path, rude, [{"zone": "b.barracudacentral.org"}, a_list("ok")])
    ended = run("lists", "--test", "--all", "--config.file=config.yml", "--json", folder=tmp_path)
    shown = {each["list"]: each for each in json.loads(ended.stdout)["lists"]}
    needs = {"key": "needs a key", "registration": "needs registration", "subscription": "needs a subscription"}
    left_out = {zone: each for zone, each in shown.items() if each["not_asked"]}
    assert {zone for zone, each in shown.items() if each["status"] in needs} - set(left_out) == {"b.barracudacentral.org"}
    for zone, each in left_out.items():
        assert (each["not_asked"], each["health"]) == (needs[each["status"]], None)
        assert rude.count(zone) == 0
    assert shown["b.barracudacentral.org"]["health"] == "refused"
    assert "register its address at the operator" in shown["b.barracudacentral.org"]["what_to_do"]


def test_a_list_is_tested_with_its_key_and_nobody_sees_it(tmp_path: Path, rude: Rude) -> None:
    """The key is part of the question, and of no output."""
    rude.behave(f"{KEY}.ok.example", healthy(absent))
    rude.behave(f"{KEY}.refused.example", refused)
    _write(tmp_path, rude, [a_list(health, needs_key=True, key_env="LIST_KEY") for health in ("ok", "refused")])
    outputs = ""
    for form in ([], ["--json"]):
        ended = run("lists", "--test", "--config.file=config.yml", *form, folder=tmp_path, LIST_KEY=KEY)
        outputs += ended.stdout + ended.stderr
    found = {each["list"]: each for each in json.loads(ended.stdout)["lists"]}
    assert {zone: each["health"] for zone, each in found.items()} == {"ok.example": "ok", "refused.example": "refused"}
    assert "refuses your key" in found["refused.example"]["what_to_do"]
    assert KEY not in outputs.lower()


def test_where_no_list_passes_the_resolver_is_suspect(tmp_path: Path) -> None:
    """A resolver with rebinding protection hides every listing; behind another one the same lists are fine."""
    zones = {"one.example": addresses(), "two.example": addresses()}
    with Rbldnsd(tmp_path, zones) as rbldnsd:
        for private in (True, False):
            with Unbound(tmp_path, dict.fromkeys(zones, rbldnsd.address), private_127=private) as unbound:
                (tmp_path / "config.yml").write_text(config(unbound.address, map(addresses_on, zones), ["192.0.2.1"]))
                ended = run("lists", "--test", "--config.file=config.yml", folder=tmp_path)
                assert ended.returncode == int(private)
                suspicion = f"Not one list passed, so look at the resolver first ({unbound.address})."
                assert (suspicion in ended.stdout) is private


def test_a_real_list_is_seen_through_whatever_becomes_of_it(tmp_path: Path) -> None:
    """Served by rbldnsd: well, emptied, listing the world, refusing, and well again."""
    good = addresses()
    with Rbldnsd(tmp_path, {"bl.example": good}) as rbldnsd:
        (tmp_path / "config.yml").write_text(config(rbldnsd.address, [addresses_on("bl.example")], ["192.0.2.1"]))
        found = []
        for zone in (good, dead(good), listing_everything(good), refusing(good), good):
            rbldnsd.write("bl.example", zone)
            ended = run("lists", "--test", "--json", "--config.file=config.yml", folder=tmp_path)
            found.append(json.loads(ended.stdout)["lists"][0]["health"])
    assert found == ["ok", "silent", "everything", "refused", "ok"]


def test_all_lists_are_tested_at_once(tmp_path: Path) -> None:
    """No list waits for another: lists that answer only when all twenty have been asked are all fine."""
    zones = [f"list-{number}.example" for number in range(20)]
    together = mischief.together(len(zones), healthy(absent))
    with Rude() as rude:
        for zone in zones:
            rude.behave(zone, together)
        query = {"timeout": "500ms", "attempts": 8}
        (tmp_path / "config.yml").write_text(config(rude.address, map(addresses_on, zones), ["192.0.2.1"], query=query))
        ended = run("lists", "--test", "--json", "--config.file=config.yml", folder=tmp_path)
    assert ended.returncode == 0
    assert {each["health"] for each in json.loads(ended.stdout)["lists"]} == {"ok"}


def test_a_list_is_tested_at_its_own_pace(tmp_path: Path, rude: Rude) -> None:
    """Five questions to a list that takes ten a second come a tenth of a second apart, or more."""
    came: list[float] = []

    def watched(question: Question) -> Iterable[Packet]:
        came.append(time.monotonic())
        return healthy(absent)(question)

    rude.behave("ok.example", watched)
    _write(tmp_path, rude, [a_list("ok", max_qps=10)])
    assert run("lists", "--test", "--config.file=config.yml", folder=tmp_path).returncode == 0
    assert len(came) == 5
    assert came[-1] - came[0] > 0.3  # of four tenths; what held up the first question brings it closer to the others


def test_lists_that_never_answer_take_no_other_down(tmp_path: Path, rude: Rude) -> None:
    """Silence, garbage and lies of some lists leave the others' health as it is."""
    rude.behave("silence.example", mischief.silent)
    rude.behave("loop.example", mischief.cname_loop)
    rude.behave("hang-up.example", mischief.truncated_then_closed)
    _write(tmp_path, rude, [a_list(name) for name in ("silence", "loop", "ok", "hang-up")])
    ended = run("lists", "--test", "--config.file=config.yml", "--json", folder=tmp_path)
    healths = {each["list"]: each["health"] for each in json.loads(ended.stdout)["lists"]}
    assert healths.pop("ok.example") == "ok"
    assert set(healths.values()) == {"unreachable"}


# ---- how it looks


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("args", [[], ["--all"], ["--test", "--config.file=config.yml"]], ids=" ".join)
def test_it_fits_the_terminal(folder: Path, columns: int, args: list[str]) -> None:
    """No line is wider than the terminal, and every zone stands there whole."""
    seen = on_a_terminal("lists", *args, folder=folder, columns=columns)
    assert max(map(len, seen.lines)) <= columns
    zones = [f"{health}.example" for health in BEHAVIOURS] if args[1:] else ["zen.spamhaus.org"]
    if args == ["--all"]:
        zones += [*catalogue.entries(), *catalogue.defunct()]
    first_words = {line.split()[0] for line in seen.lines if line}
    assert set(zones) <= first_words


def test_impact_and_health_have_colours_on_a_terminal_and_none_in_a_pipe(tmp_path: Path, rude: Rude) -> None:
    """The worst impact and what is sick are red."""
    _write(tmp_path, rude, [a_list("ok", codes=CODES), a_list("silent")])
    args = ("lists", "--test", "--config.file=config.yml")
    raw = on_a_terminal(*args, folder=tmp_path).raw
    for text in ("\x1b[1;31mcritical", "\x1b[2minfo", "\x1b[31msilent", "\x1b[32mok"):
        assert text in raw
    assert "\x1b" not in run(*args, folder=tmp_path).stdout


def test_there_is_a_progress_bar_on_a_terminal_and_none_in_a_pipe(folder: Path) -> None:
    """It counts the lists and is wiped off; JSON has none even there."""
    args = ("lists", "--test", "--config.file=config.yml")
    seen = on_a_terminal(*args, folder=folder)
    assert PROGRESS in seen.raw
    assert f"{len(BEHAVIOURS)}/{len(BEHAVIOURS)}" in seen.raw
    assert not [line for line in seen.lines if PROGRESS in line]
    assert run(*args, folder=folder).stderr == ""
    assert json.loads(on_a_terminal(*args, "--json", folder=folder).raw)["tested"]


def test_it_has_no_progress_bar_without_a_test(tmp_path: Path) -> None:
    """There is nothing to wait for."""
    assert PROGRESS not in on_a_terminal("lists", folder=tmp_path).raw
