"""`check` of domains, names, networks and files, through a real resolver: what they lead to, and what is not known."""

import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import chdir, closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from exporter.cli import main
from tests.servers.ask import prefix
from tests.servers.behaviour import Packet, Question, absent, healthy, written, zone_data
from tests.servers.ports import free_port
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.rude import Rude
from tests.servers.unbound import Unbound
from tests.servers.zones import addresses, domains, names
from tests.system.command import run
from tests.system.settings import Settings, addresses_on, config
from tests.system.terminal import on_a_terminal

BL, DBL, NAMES, HOSTILE = "bl.example", "dbl.example", "names.example", "hostile.example"
LISTED = ("192.0.2.1", "192.0.2.65")
LINES = """
@ MX 10 mail.names.example
@ TXT "v=spf1 mx ip4:192.0.2.2 ip4:198.51.100.0/24 include:_spf.google.com -all"
mail A 192.0.2.1
clean A 192.0.2.3
clean MX 10 clean.names.example
clean TXT "v=spf1 mx -all"
empty TXT "no address"
twice MX 10 clean.names.example
twice TXT "v=spf1 mx -all"
twice TXT "v=spf1 a -all"
half MX 10 mail.names.example
half TXT "v=spf1 a:www.example.org -all"
""".strip().splitlines()
EVIL = {
    HOSTILE: [
        "MX 10 a\\027\\091b.hostile.example.",
        "TXT v=spf1 include:\x1b[31mred\x07[bold].hostile.example ip4:192.0.2.3 -all",
    ]
}
SKIPPED_OF_SPF = [
    {
        "origin": f"{NAMES} spf",
        "what": "ip4:198.51.100.0/24",
        "reason": "network_too_large",
        "why": "198.51.100.0/24 has more than 16 addresses, the most by largest_network (SPF record of names.example).",
    },
    {
        "origin": f"{NAMES} spf",
        "what": "include:_spf.google.com",
        "reason": "known_provider",
        "why": "Many customers share these addresses; the provider watches them (SPF record of names.example).",
    },
]


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Configs for a list of IPv4 addresses and one of domains, behind a resolver that knows some names too."""
    folder = tmp_path_factory.mktemp("picture")
    zones = {BL: addresses(LISTED), DBL: domains([NAMES]), NAMES: names(LINES)}
    with Rbldnsd(folder, zones) as rbldnsd, Rude() as rude:
        rude.behave(HOSTILE, written(EVIL))
        with Unbound(folder, dict.fromkeys(zones, rbldnsd.address) | {HOSTILE: rude.address}) as unbound:
            lists: list[Settings] = [{"zone": BL, "kinds": ["ipv4"], "non_global": True}, {"zone": DBL, "kinds": ["domain"]}]
            query = {"timeout": "2s", "attempts": 2}
            (folder / "config.yml").write_text(config(unbound.address, lists, [LISTED[0], NAMES], query=query))
            small = {"largest_network": 1}
            text = config(unbound.address, lists, [LISTED[0], NAMES], query=query, expansion=small, exclude=["192.0.2.2"])
            (folder / "small.yml").write_text(text)
            (folder / "ours.txt").write_text("192.0.2.1 # mail\n192.0.2.3\n2001:db8::1\n")
            (folder / "bad.txt").write_text("192.0.2.1\n192.0.2.300\n")
            yield folder


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def told(folder: Path, *args: str) -> Ended:
    """What `check` says with the config in the folder, unless another one is named. In this process: there are many of it."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), chdir(folder), pytest.raises(SystemExit) as end:
        main.main(["check", "--config.file=config.yml", *args], "dnsbl-exporter")
    assert isinstance(end.value.code, int)
    return Ended(end.value.code, out.getvalue(), err.getvalue())


@dataclass(frozen=True, slots=True)
class Told:
    """What `check --json` says, by its keys."""

    resolvers: list[str]
    answered: bool
    results: list[Mapping[str, object]]
    failed: list[Mapping[str, str]]
    not_asked: list[Mapping[str, str]]
    skipped: list[Mapping[str, str]]

    @property
    def origins(self) -> dict[object, object]:
        """Every target that a list was asked about, and its origins if there are others than itself."""
        return {each["target"]: each.get("origins") for each in self.results}


def check(folder: Path, *args: str) -> Told:
    return Told(**json.loads(told(folder, *args, "--json").stdout))


def rows(stdout: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in stdout.splitlines() if line.startswith("│")]


# ---- what a domain leads to


def test_a_domain_is_shown_with_all_that_its_mail_depends_on(folder: Path) -> None:
    """The domain on domain lists, its MX and SPF addresses once with where they are from, and what is skipped below."""
    ended = run("check", NAMES, "--config.file=config.yml", folder=folder)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert [row[:4] for row in rows(ended.stdout)] == [
        ["192.0.2.1", f"{NAMES} mx, {NAMES} spf", BL, "listed"],
        [NAMES, "", DBL, "listed"],
        ["192.0.2.2", f"{NAMES} spf", BL, "not listed"],
    ]
    _, _, below = ended.stdout.partition("Skipped:\n")
    shown = [f"  {skip['origin']}: {skip['what']}: {skip['why']}" for skip in SKIPPED_OF_SPF]
    assert below.splitlines()[:2] == shown
    assert below.splitlines()[-3:] == [
        "192.0.2.1: listed on 1 of 1 lists",
        f"{NAMES}: listed on 1 of 1 lists",
        "192.0.2.2: clean on all of 1 lists",
    ]
    assert "\x1b" not in ended.stdout


def test_the_json_is_one_object_with_results_and_what_is_missing(folder: Path) -> None:
    """Results as ever, with origins; and who was asked, what failed, what no list takes and what was skipped."""
    found = check(folder, NAMES, "half.names.example", "2001:db8::1")
    assert found.answered is True
    assert len(found.resolvers) == 1
    assert found.failed == [{"origin": "half.names.example spf", "trouble": "A of www.example.org: refused_rcode"}]
    assert found.not_asked == [{"target": "2001:db8::1", "why": "none of these lists takes it (it is not a public address)"}]
    assert found.skipped == SKIPPED_OF_SPF
    assert found.origins == {
        "192.0.2.1": [f"{NAMES} mx", f"{NAMES} spf", "half.names.example mx"],
        "192.0.2.2": [f"{NAMES} spf"],
        NAMES: None,
        "half.names.example": None,
    }
    assert found.results[-1] == {"target": "half.names.example", "list": DBL, "health": "ok", "verdict": "not_listed"}


@pytest.mark.parametrize(
    ("args", "targets"),
    [
        ([NAMES, "--expand=none"], {NAMES: None}),
        ([NAMES, "--expand=mx"], {NAMES: None, "192.0.2.1": [f"{NAMES} mx"]}),
        (["clean.names.example", "--expand=a"], {"clean.names.example": None, "192.0.2.3": ["clean.names.example a"]}),
        (["host:mail.names.example"], {"192.0.2.1": ["mail.names.example"]}),
        (["192.0.2.1", "host:mail.names.example"], {"192.0.2.1": ["192.0.2.1", "mail.names.example"]}),
        (["192.0.2.0/31"], {"192.0.2.0": ["192.0.2.0/31"], "192.0.2.1": ["192.0.2.0/31"]}),
        (["192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"], {"192.0.2.1": None}),
        (["file:ours.txt"], {"192.0.2.1": ["ours.txt"], "192.0.2.3": ["ours.txt"]}),
        ([NAMES, "--config.file=small.yml"], {NAMES: None, "192.0.2.1": [f"{NAMES} mx", f"{NAMES} spf"]}),
        (["192.0.2.2", "--config.file=small.yml"], {"192.0.2.2": None}),
        ([NAMES, "--list", DBL], {NAMES: None}),
    ],
)
def test_a_form_of_target_leads_to(folder: Path, args: list[str], targets: dict[str, list[str] | None]) -> None:
    """Exactly these targets, each once with its origins; the config's `expansion` and `exclude` hold for what was not typed."""
    assert check(folder, *args).origins == targets


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ([NAMES, "--config.file=small.yml"], (f"{NAMES} spf", "192.0.2.2", "excluded")),
        ([NAMES, "--list", DBL], (f"{NAMES} mx", "not looked up", "no_list")),
        (["file:ours.txt"], ("ours.txt", "2001:db8::1", "no_list")),
        (["empty.names.example"], ("empty.names.example mx", "empty.names.example", "no_records")),
    ],
)
def test_nothing_is_left_out_in_silence(folder: Path, args: list[str], said: tuple[str, str, str]) -> None:
    """What is not asked has its origin and a reason."""
    assert said in [(skip["origin"], skip["what"], skip["reason"]) for skip in check(folder, *args).skipped]


def test_an_address_behind_a_name_that_no_list_takes_is_said(tmp_path: Path) -> None:
    """A list takes its kind, but no special address; the other addresses of the name are asked about."""
    lists: list[Settings] = [{"zone": BL, "kinds": ["ipv4"], "non_global": True}, {"zone": DBL, "kinds": ["ipv6"]}]
    with Rude() as rude:
        rude.behave(BL, healthy(absent))
        rude.behave("both.example", written({"both.example": ["A 192.0.2.1", "AAAA 2001:db8::1"]}))
        (tmp_path / "config.yml").write_text(config(rude.address, lists, ["192.0.2.1"]))
        found = check(tmp_path, "host:both.example")
    assert found.origins == {"192.0.2.1": ["both.example"]}
    assert [(skip["origin"], skip["what"], skip["reason"]) for skip in found.skipped] == [
        ("both.example", "2001:db8::1", "not_global")
    ]


# ---- exit codes


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["clean.names.example"], 0),
        (["host:clean.names.example"], 0),
        (["192.0.2.2/31"], 0),
        (["file:ours.txt", "--list", BL], 1),
        (["host:mail.names.example"], 1),
        (["192.0.2.0/30"], 1),
        (["twice.names.example"], 3),
        (["half.names.example"], 1),
        (["half.names.example", "--expand=spf"], 3),
        (["host:www.example.org"], 3),
        (["lapsed.names.example"], 3),
        (["host:empty.names.example"], 3),
        (["host:www.example.org", "192.0.2.1"], 1),
        (["host:www.example.org", "192.0.2.3"], 3),
        (["2001:db8::1", "192.0.2.3"], 3),
        (["2001:db8::/127", "192.0.2.3"], 3),
        (["2001:db8::1", "192.0.2.1"], 1),
        (["host:clean.names.example", "clean.names.example", "--list", DBL], 3),
    ],
)
def test_the_exit_code_is_that_of_the_whole_picture(folder: Path, args: list[str], code: int) -> None:
    """1 if anything is listed; else 3 if a target cannot be asked about, or an origin cannot be looked up or is broken."""
    ended = told(folder, *args)
    assert (ended.returncode, ended.stderr) == (code, "")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["2001:db8::1"], "2001:db8::1: none of these lists takes it (it is not a public address)"),
        (["2001:db8::/127"], "2001:db8::/127: none of these lists takes it (it is not a public address)"),
        (["host:mail.names.example", "--list", DBL], "it leads to addresses, and none of these lists takes any"),
        (["198.51.100.0/21"], "198.51.100.0/21"),
        (["198.51.96.0/22", "192.0.2.1"], "these are 1,025 addresses, and the command line takes 1,024"),
        (["host:192.0.2.1"], "'host:192.0.2.1': is an address: only names are looked up"),
        (["https://names.example/"], "'https://names.example/': is a URL: give its bare domain"),
        (["file:bad.txt"], "bad.txt:2: "),
        (["file:missing.txt"], "missing.txt: cannot be read: No such file or directory"),
        ([NAMES, "--expand=none", "--expand=mx"], "--expand=none excludes the others"),
        ([NAMES, "--expand=ptr"], "'ptr' is not one of"),
    ],
)
def test_a_picture_that_cannot_be_made_is_exit_2(folder: Path, args: list[str], said: str) -> None:
    """It is said in words, and nothing is printed to stdout."""
    ended = told(folder, *args)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_not_known_has_a_line_of_its_own(folder: Path) -> None:
    """An origin that fails, one that is broken and a target that no list takes, beside what the others lead to."""
    ended = told(folder, "half.names.example", "twice.names.example", "2001:db8::1")
    for line in (
        "Not known: half.names.example spf: A of www.example.org: refused_rcode",
        "Not known: twice.names.example spf: twice.names.example has 2 SPF records.",
        "Not asked: 2001:db8::1: none of these lists takes it (it is not a public address)",
    ):
        assert line in ended.stdout.splitlines()
    assert ["192.0.2.1", "half.names.example mx", BL, "listed"] in [row[:4] for row in rows(ended.stdout)]


def test_steps_for_more_than_a_few_listed_targets_stand_once(tmp_path: Path) -> None:
    """They are the same for all of them, so they are said of all of them."""
    with Rude() as rude:
        rude.behave(BL, healthy(zone_data({prefix(f"192.0.2.{number}"): "127.0.0.2" for number in range(4)})))
        (tmp_path / "config.yml").write_text(config(rude.address, [addresses_on(BL)], ["192.0.2.1"]))
        few, more = (told(tmp_path, target).stdout.splitlines() for target in ("192.0.2.2/31", "192.0.2.0/30"))
    assert [line for line in few if "most likely" in line and not line.startswith(" ")] == [
        "192.0.2.2: spam was sent, most likely",
        "192.0.2.3: spam was sent, most likely",
    ]
    assert [line for line in more if "most likely" in line and not line.startswith(" ")] == [
        "192.0.2.0, 192.0.2.1, 192.0.2.2 and 1 more: spam was sent, most likely"
    ]


def test_a_terminal_shows_that_names_are_looked_up(folder: Path) -> None:
    """Before lists are asked, by how many names."""
    seen = on_a_terminal("check", NAMES, "--config.file=config.yml", folder=folder)
    assert "looking up" in seen.raw
    assert "2/2" in seen.raw
    assert seen.raw.rindex("looking up") < seen.raw.index("asking")


# ---- resolvers that do not answer


@pytest.mark.parametrize("closed", [True, False], ids=["a closed port", "a silent one"])
def test_dead_resolvers_are_said_once_and_no_list_is_blamed(tmp_path: Path, closed: bool) -> None:
    """With who was asked and what to do; the JSON says it too."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("127.0.0.1", 0))
        port = free_port() if closed else silent.getsockname()[1]
        lists = [addresses_on(BL), {"zone": DBL, "kinds": ["domain"]}]
        query = {"timeout": "300ms", "attempts": 1}
        (tmp_path / "config.yml").write_text(config(f"127.0.0.1:{port}", lists, [NAMES], query=query))
        ended = told(tmp_path, NAMES, "192.0.2.1")
        found = check(tmp_path, NAMES, "192.0.2.1")
    said, cure = ended.stdout.splitlines()
    assert (ended.returncode, ended.stderr) == (3, "")
    assert said == f"The resolver has not answered anything: 127.0.0.1:{port}. So nothing is known."
    assert "recursive resolver" in cure
    assert found.answered is False
    assert found.resolvers == [f"127.0.0.1:{port}"]
    assert {each["verdict"] for each in found.results} == {"unknown"}


def test_a_resolver_that_answers_one_list_is_not_called_dead(tmp_path: Path) -> None:
    """The list that does not answer is the one that is shown as unreachable."""
    with Rude() as rude:
        rude.behave(BL, healthy(absent))
        rude.behave(DBL, lambda question: [])
        query = {"timeout": "300ms", "attempts": 1}
        lists = [addresses_on(BL), addresses_on(DBL)]
        (tmp_path / "config.yml").write_text(config(rude.address, lists, ["192.0.2.1"], query=query))
        ended = told(tmp_path, "192.0.2.1")
    assert ended.returncode == 3
    assert [row[:3] for row in rows(ended.stdout)] == [["192.0.2.1", DBL, "unknown"], ["192.0.2.1", BL, "not listed"]]
    assert "resolver has not answered" not in ended.stdout


# ---- text of others, and much of it


@pytest.mark.parametrize("args", [[], ["--json"]])
def test_no_control_character_of_a_record_reaches_the_terminal(folder: Path, args: list[str]) -> None:
    """Nor markup: hostile names in MX and SPF are shown escaped."""
    ended = told(folder, HOSTILE, *args)
    assert ended.returncode == 3
    assert r"\x1b[31mred\x07[bold]" in ended.stdout.replace("\\\\", "\\")
    assert not {character for character in ended.stdout if not character.isprintable()} - {"\n"}


def test_on_a_terminal_hostile_names_are_shown_escaped_too(folder: Path) -> None:
    """Colours are ours only."""
    seen = on_a_terminal("check", HOSTILE, "--config.file=config.yml", folder=folder)
    assert "\x1b[31mred" not in seen.raw
    assert "\x07" not in seen.raw


def test_a_large_check_shows_what_is_listed_and_counts_the_rest(folder: Path) -> None:
    """One row for what is listed, a sum for each list; the JSON has all."""
    ended = told(folder, "192.0.2.64/26")
    assert ended.returncode == 1
    assert [row[:4] for row in rows(ended.stdout)] == [["192.0.2.65", "192.0.2.64/26", BL, "listed"]]
    assert ended.stdout.splitlines()[-1] == f"{BL}: 1 listed, 63 not listed, of 64 targets"
    assert len(check(folder, "192.0.2.64/26").results) == 64


def test_many_listings_of_one_cause_are_one_case(tmp_path: Path) -> None:
    """First steps are said once, with a few of the targets."""
    with Rude() as rude:
        rude.behave(BL, healthy(zone_data({prefix(f"192.0.2.{last}"): "127.0.0.2" for last in range(64, 128)})))
        (tmp_path / "config.yml").write_text(config(rude.address, [addresses_on(BL)], ["192.0.2.1"]))
        ended = told(tmp_path, "192.0.2.64/26")
    assert [line for line in ended.stdout.splitlines() if line.endswith(", most likely")] == [
        "192.0.2.64, 192.0.2.65, 192.0.2.66 and 61 more: spam was sent, most likely"
    ]


def test_a_sick_list_is_one_row_of_a_large_check(tmp_path: Path) -> None:
    """It was asked about nothing, so nothing has to be said of each target."""
    with Rude() as rude:
        rude.behave(BL, absent)
        (tmp_path / "config.yml").write_text(config(rude.address, [addresses_on(BL)], ["192.0.2.1"]))
        ended = told(tmp_path, "192.0.2.64/26")
    ((count, _, zone, verdict, *_, why),) = rows(ended.stdout)
    assert (ended.returncode, count, zone, verdict) == (3, "64 targets", BL, "unknown")
    assert why.startswith("silent: ")


class Watch:
    """A list that notes when it was asked about which target, and answers after `delay` seconds."""

    def __init__(self, delay: float = 0.0) -> None:
        self.asked: dict[str, float] = {}
        self._delay = delay
        self._healthy = healthy(absent)

    def __call__(self, question: Question) -> list[Packet]:
        if question.prefix.endswith(".2.0.192"):
            self.asked.setdefault(question.prefix, time.monotonic())
            return [Packet(packet.wire, self._delay) for packet in absent(question)]
        return list(self._healthy(question))

    def most_within(self, seconds: float) -> int:
        """The most targets within any so long a time."""
        times = sorted(self.asked.values())
        return max(sum(first <= at < first + seconds for at in times) for first in times)


@pytest.mark.parametrize(
    ("settings", "delay", "seconds", "most"),
    [({"max_qps": 20}, 0.0, 0.75, 24), ({}, 0.2, 0.15, 8)],
    ids=["max_qps", "eight at once"],
)
def test_no_list_is_flooded(tmp_path: Path, settings: Mapping[str, object], delay: float, seconds: float, most: int) -> None:
    """One with `max_qps` is asked that often, another one about eight targets at a time."""
    watch = Watch(delay)
    with Rude() as rude:
        rude.behave(BL, watch)
        (tmp_path / "config.yml").write_text(config(rude.address, [addresses_on(BL, **settings)], ["192.0.2.1"]))
        ended = told(tmp_path, "192.0.2.0/27")
    assert ended.returncode == 0
    assert len(watch.asked) == 32
    assert watch.most_within(seconds) <= most
