"""Files of targets: what each form gives, and what makes a file unusable as a whole."""

import itertools
import json
from collections.abc import Mapping, Sequence
from ipaddress import ip_network

import pytest

from exporter.blocklist import Blocklist
from exporter.config import document, sifting, target_files
from exporter.config.target_files import FileFound, TargetFileError, read_target_file
from exporter.expansion import Reason
from exporter.portions import Members
from exporter.target import Kind
from tests.unit.builders import a_list

OWN = (("team", "outbound"),)
EVERYTHING = (a_list("bl.example.net", kinds=tuple(Kind), non_global=True),)
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
FEW = Members(
    (ip_network("9.9.9.0/30"), ip_network("2620:fe::/127")), (0x08080808, 0x09090909), (0x2620 << 112 | 1,), ("example.com",)
)
TEXTS = ["9.9.9.0/30", "8.8.8.8", "Example.COM.", "::ffff:9.9.9.9", "2620::1", "2620:fe::/127"]


def _read(name: str, content: str | bytes, lists: Sequence[Blocklist] = EVERYTHING) -> FileFound:
    return read_target_file(name, content.encode() if isinstance(content, str) else content, OWN, lists)


def _given(found: FileFound) -> Mapping[tuple[tuple[str, str], ...], Members]:
    """What there is by labels, as tuples."""
    assert {portion.origin for portion in found.portions} <= {"a.txt", "a.json", "a.yml", "a.yaml", "A.JSON", "a"}
    return {
        portion.labels: Members(
            portion.members.networks, tuple(portion.members.ipv4), tuple(portion.members.ipv6), portion.members.domains
        )
        for portion in found.portions
    }


def _single(*texts: str) -> str:
    return "".join(f"{text}\n" for text in texts)


# ---- forms


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", _single(*TEXTS)),
        ("a", _single(*TEXTS)),
        ("a.txt", BYTE_ORDER_MARK + _single(*TEXTS).encode()),
        ("a.txt", _single(*TEXTS).replace("\n", "\r\n")),
        ("a.txt", "# ours\n\n" + "".join(f"\t {text}  # the {place}th\n\n" for place, text in enumerate(TEXTS))),
        ("a.json", json.dumps(TEXTS)),
        ("A.JSON", BYTE_ORDER_MARK + json.dumps(TEXTS, indent=2).encode()),
        ("a.json", json.dumps([{"target": text} for text in TEXTS])),
        ("a.json", json.dumps([{"target": text, "labels": {}} for text in TEXTS])),
        ("a.json", json.dumps([{"targets": TEXTS[:3]}, *TEXTS[3:4], {"targets": TEXTS[4:], "labels": {}}, {"targets": []}])),
        ("a.yml", "".join(f"- {text}\n" for text in TEXTS)),
        ("a.yaml", BYTE_ORDER_MARK + "\r\n".join(f"- target: {text}" for text in TEXTS).encode()),
        ("a.yml", json.dumps([{"targets": TEXTS}])),
    ],
)
def test_forms_of_the_same_targets(name: str, content: str | bytes) -> None:
    """One a line, a list, mappings and groups: all give the same members, with the labels of the entry."""
    assert _given(_read(name, content)) == {OWN: FEW}


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.txt", "\n"), ("a.txt", "# nothing yet\n"), ("a.json", "[]"), ("a.yml", "[]"), ("a.json", '[{"targets": []}]')],
)
def test_a_file_may_hold_no_target(name: str, content: str) -> None:
    """If it says so."""
    assert _read(name, content) == FileFound(())


def test_labels_of_a_group_are_laid_over_those_of_the_entry() -> None:
    """A target by itself has those of the entry only."""
    items = [{"targets": ["9.9.9.9"], "labels": {"team": "inbound", "rack": "4"}}, "8.8.8.8"]
    items += [{"target": "1.1.1.1", "labels": {"rack": "4"}}] * 2
    found = _given(_read("a.json", json.dumps(items)))
    assert {labels: members.ipv4 for labels, members in found.items()} == {
        OWN: (0x08080808,),
        (("rack", "4"), ("team", "inbound")): (0x09090909,),
        (("rack", "4"), ("team", "outbound")): (0x01010101,) * 2,
    }


def test_labels_of_service_discovery_are_left_out_and_said() -> None:
    """As Prometheus does with what starts with two underscores, however many there are; and what it sets when it scrapes."""
    labels = {f"__meta_{number}": "x" for number in range(30)} | {"rack": "4", "job": "mail", "instance": "a"}
    found = _read("a.json", json.dumps([{"targets": ["9.9.9.9"], "labels": labels}]))
    assert [portion.labels for portion in found.portions] == [(("rack", "4"), *OWN)]
    few = ", ".join(sorted(f"__meta_{number}" for number in range(30))[:10])
    assert found.notices == (f"labels that are Prometheus's own are left out: {few}",)


def test_a_label_that_is_left_out_is_shown_on_one_line() -> None:
    """Whatever its name is."""
    found = _read("a.json", '[{"targets": ["9.9.9.9"], "labels": {"__a\\n\\u001b[2J": "x"}}]')
    assert found.notices == (r"labels that are Prometheus's own are left out: ['__a\n\x1b[2J']",)


# ---- files that are not used

HALF_WRITTEN = "is empty: it may be half written. Write [] or a comment for no targets"
NO_SHAPE = "must be a target as text, a mapping with target, or a group with targets"
TEXT = "must be text, in quotes if it looks like a number"
CONFIG_ONLY = "stands in the config only: a file holds targets and networks"
PORT = "has a port: give the address or the domain alone"
RANGE = "is a range of addresses: give the networks that make it up, such as 198.51.100.0/30"
SCOPED = "has a scope (%…): only global addresses can be listed"
BITS = "has bits beyond its prefix: write 9.9.9.0/24 for the network, or the address alone"
TOO_LARGE = "and each would be a target: list the parts that are in use, each a /12 or smaller"
ANOTHER = "choose another name"
NO_ADDRESS = "is not a valid IP address"

BAD: Sequence[tuple[str, str | bytes, tuple[str, ...]]] = (
    ("a.txt", "", (f": {HALF_WRITTEN}",)),
    ("a.json", "", (f": {HALF_WRITTEN}",)),
    ("a.yml", "", (f": {HALF_WRITTEN}",)),
    ("a.txt", "9.9.9.9\n9.9.9", (": does not end with a newline: its last line may be half written",)),
    ("a.txt", b"9.9.9.9\nb\xfccher.example\n", (":2: is not UTF-8 text",)),
    ("a.txt", b"9.9.9.9\n" * 9999 + b"\xff\n", (":10000: is not UTF-8 text",)),
    ("a.json", b'["b\xfccher.example"]', (":1: is not UTF-8 text",)),
    ("a.yml", b"- b\xfccher.example\n", (":1: is not UTF-8 text",)),
    ("a.txt", "9.9.9.9\n".encode("utf-16"), (":1: the control character U+0000",)),
    ("a.txt", "9.9.9.9\n8.8.8.8\0\n", (":2: the control character U+0000",)),
    ("a.txt", "9.9.9.9\r8.8.8.8\n", (":1: the control character U+000D",)),
    ("a.txt", "9.9.9.9\n# \x1b[2J\n", (":2: the control character U+001B",)),
    ("a.yml", "- 9.9.9.9\n- 8.8.8.8\0\n", (":2: not valid YAML: the control character U+0000",)),
    ("a.json", '["9.9.9.9\n"]', (":1: not valid JSON: Invalid control character at",)),
    ("a.json", '["\\u0000"]', (": [0]: '\\x00' is not a domain: the label '\\x00' is not allowed",)),
    ("a.json", '["\\ud800.example"]', (": [0]: '\\ud800.example' is not a valid internationalised domain",)),
    (
        "a.txt",
        "9.9.9.9\n\n9.9.9.256 # typo\nlocalhost\n",
        (f":3: '9.9.9.256' {NO_ADDRESS}", ":4: 'localhost' is neither an IP address nor a domain (no dot)"),
    ),
    ("a.txt", "9.9.9.9, 8.8.8.8\n", (":1: '9.9.9.9, 8.8.8.8' is not a domain: the label '9, 8' is not allowed",)),
    ("a.txt", "fe80::1%eth0\nfe80::%eth0/112\n", (f":1: 'fe80::1%eth0' {SCOPED}", f":2: 'fe80::%eth0/112' {SCOPED}")),
    ("a.txt", "9.9.9.1-5\n9.9.9.1-9.9.9.5\n2001:db8::1-2001:db8::5\n", tuple(f":{line}: {RANGE}" for line in (1, 2, 3))),
    ("a.txt", "9.9.9.9/24\n", (f":1: '9.9.9.9/24' {BITS}",)),
    ("a.txt", "0.0.0.0/0\n", (f":1: 0.0.0.0/0 holds 4,294,967,296 addresses, {TOO_LARGE}",)),
    (
        "a.txt",
        "9.9.9.09\n0x9.9.9.9\n151587081\n",
        (
            f":1: '9.9.9.09' {NO_ADDRESS}",
            ":2: '0x9.9.9.9' is neither an IP address nor a domain (its last label is a number)",
            f":3: '151587081' {NO_ADDRESS}",
        ),
    ),
    ("a.txt", f"{'a' * 64}.example\n", (f":1: '{'a' * 64}.example' is not a domain: the label '{'a' * 64}' is not allowed",)),
    ("a.txt", f"{'ü' * 3000}\n", (":1: must not be longer than 2000 characters",)),
    (
        "a.txt",
        "x\n" * 7,
        (*(f":{line}: 'x' is neither an IP address nor a domain (no dot)" for line in range(1, 6)), ": and more"),
    ),
    ("a.json", "null", (": holds nothing: write [] for no targets",)),
    ("a.yml", "# nothing\n", (": holds nothing: write [] for no targets",)),
    ("a.yml", "~\n", (": holds nothing: write [] for no targets",)),
    ("a.json", '{"targets": ["9.9.9.9"]}', (": must be a list",)),
    ("a.yml", "9.9.9.9\n", (": must be a list",)),
    ("a.json", '["9.9.9.9",\n', (":2: not valid JSON: Expecting value",)),
    ("a.json", '["9.9.9.9"]\n["8.8.8.8"]', (":2: not valid JSON: Extra data",)),
    ("a.json", '["9.9.9.9", NaN]', (": not valid JSON: NaN",)),
    ("a.json", "[" * 100_000, (": nested too deep",)),
    (
        "a.json",
        json.dumps({str(key): 0 for key in range(50_000)})[:-1] + ', "7": 0}',
        (": the key [7] is given twice in a mapping",),
    ),
    ("a.json", '[{"target": "9.9.9.9", "target": "8.8.8.8"}]', (": the key target is given twice in a mapping",)),
    ("a.yml", "- target: 9.9.9.9\n  target: 8.8.8.8\n", (":2: [0].target: is given twice, first in line 1",)),
    ("a.yml", "- targets: [9.9.9.9\n", (":2: not valid YAML: did not find expected ',' or ']'",)),
    ("a.json", f"[5, true, null, [], {'9' * 5000}]", tuple(f": [{place}]: {NO_SHAPE}" for place in range(5))),
    ("a.yml", "- 9.9.9.9\n- 5\n- []\n", (f":2: [1]: {NO_SHAPE}", f":3: [2]: {NO_SHAPE}")),
    ("a.json", '[{}, {"labels": {}}, {"target": 5}]', (f": [0]: {NO_SHAPE}", f": [1]: {NO_SHAPE}", f": [2].target: {TEXT}")),
    ("a.json", '[{"targets": "9.9.9.9"}]', (": [0].targets: must be a list",)),
    ("a.json", '[{"targets": ["9.9.9.9", 5, null]}]', (f": [0].targets[1]: {TEXT}",)),
    ("a.json", '[{"target": "9.9.9.9", "lables": {}}]', (": [0].lables: unknown key; did you mean labels?",)),
    ("a.json", '[{"targets": ["9.9.9.9"], "source": "x"}]', (": [0].source: unknown key",)),
    ("a.json", '[{"tagets": ["9.9.9.9"]}]', (": [0].tagets: unknown key; did you mean targets?",)),
    ("a.json", '[{"target": "9.9.9.9", "labels": {"team": ["a"]}}]', (f": [0].labels.team: {TEXT}",)),
    (
        "a.json",
        '[{"target": "9.9.9.9", "labels": {"job": "a"}}]',
        (f": [0].labels.job: is set by Prometheus when it scrapes: {ANOTHER}",),
    ),
    (
        "a.json",
        '[{"target": "9.9.9.9", "labels": {"__a": "a"}}]',
        (f": [0].labels.__a: starts with __, which Prometheus keeps for itself: {ANOTHER}",),
    ),
    ("a.yml", "- targets: [9.9.9.9]\n  labels:\n    rack: 4\n", (f":3: [0].labels.rack: {TEXT}",)),
    (
        "a.json",
        '[{"target": "9.9.9.9", "labels": {"a": "\\u0007"}}]',
        (": [0].labels.a: must be one line, without control characters",),
    ),
    ("a.json", '[{"target": "9.9.9.9", "labels": {"a": "\\ud800"}}]', (": [0].labels.a: must be text",)),
    (
        "a.yml",
        "- host: mail.example.com\n- {files: [a]}\n- {domain: example.com}\n",
        (f":1: [0].host: {CONFIG_ONLY}", f":2: [1].files: {CONFIG_ONLY}", f":3: [2].domain: {CONFIG_ONLY}"),
    ),
    (
        "a.json",
        '[{"targets": ["9.9.9.9:25", "example.com:443", "[2620:fe::fe]:25"]}]',
        tuple(f": [0].targets[{place}]: {PORT}" for place in range(3)),
    ),
    ("a.yml", "- targets:\n    - 9.9.9.9\n    - 9.9.9.256\n", (f":3: [0].targets[1]: '9.9.9.256' {NO_ADDRESS}",)),
    ("a.json", json.dumps(["16.0.0.0/12"] * 5), (": holds more than 4,194,304 targets",)),
    ("a.txt", "16.0.0.0/12\n" * 4 + "9.9.9.9\n", (": holds more than 4,194,304 targets",)),
    (
        "a.json",
        json.dumps([{"targets": ["16.0.0.0/12"], "labels": {"a": str(number)}} for number in range(5)]),
        (": holds more than 4,194,304 targets",),
    ),
)


@pytest.mark.parametrize(("name", "content", "messages"), BAD)
def test_a_bad_file(name: str, content: str | bytes, messages: tuple[str, ...]) -> None:
    """One that holds a fault gives nothing, and the first faults are said, with their lines where there are lines."""
    with pytest.raises(TargetFileError) as caught:
        _read(name, content)
    assert str(caught.value).split("\n") == [f"{name}{message}" for message in messages]
    assert all(line.isprintable() for line in str(caught.value).split("\n"))


@pytest.mark.parametrize("name", ["a.txt", "a.json", "a.yml"])
def test_a_file_that_is_too_large(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it is looked at; YAML, which takes long, sooner."""
    monkeypatch.setattr(target_files, "MAX_BYTES", 1 << 20)
    monkeypatch.setattr(target_files, "MAX_YAML_BYTES", 1 << 10)
    with pytest.raises(TargetFileError, match=r"is larger than 1 MiB$|is YAML and larger than 0 MiB: write one target a line"):
        _read(name, "#" * (1 << 20) + "\n")


def test_a_billion_laughs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Aliases count as often as they are used, here too."""
    monkeypatch.setattr(document, "MAX_VALUES", 10_000)
    bomb = "\n".join(
        [
            "- &a [x, x, x, x]",
            *(f"- &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in itertools.pairwise("abcdef")),
        ]
    )
    with pytest.raises(TargetFileError, match=r"the file holds more than 10000 values$"):
        _read("a.yml", bomb)


def test_json_of_endless_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Values cost more than their text, so they are counted before they are read."""
    monkeypatch.setattr(target_files, "_MAX_COMMAS", 1000)
    with pytest.raises(TargetFileError, match=r"^a\.json: holds more than 1,000 values$"):
        _read("a.json", "[" + "[]," * 1001 + "[]]")


def test_a_set_that_is_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after the last target that is watched may be anything."""
    monkeypatch.setattr(sifting, "MAX_TARGETS", 1000)
    monkeypatch.setattr(target_files, "_AT_ONCE", 500)
    with pytest.raises(TargetFileError, match="holds more than"):
        _read("a.txt", "9.9.9.9\n" * 2000 + "no target\n")


# ---- what no list takes

MAIL = (a_list("bl.example.net", kinds=(Kind.IPV4,)),)


def test_what_no_list_takes_is_named() -> None:
    """It is no fault: whoever makes the file may not know the lists."""
    found = _read("a.txt", _single("9.9.9.9", "10.0.0.1", "example.com", "2620:fe::1", "10.0.0.0/30", "2620:fe::/127"), MAIL)
    assert [(skipped.reason, skipped.what) for skipped in found.skipped] == [
        (Reason.NOT_GLOBAL, "10.0.0.1"),
        (Reason.NOT_GLOBAL, "4 addresses of 10.0.0.0/30"),
        (Reason.NO_LIST, "2620:fe::1"),
        (Reason.NO_LIST, "2620:fe::/127"),
        (Reason.NO_LIST, "example.com"),
    ]


def test_of_much_that_no_list_takes_a_few_are_named() -> None:
    """And how many more there are, for the same reason."""
    found = _read("a.json", json.dumps([{"targets": [f"10.0.0.{number}"]} for number in range(100)]), MAIL)
    assert [skipped.what for skipped in found.skipped] == [*(f"10.0.0.{number}" for number in range(10)), "90 more"]
    assert {skipped.reason for skipped in found.skipped} == {Reason.NOT_GLOBAL}
    assert sum(skipped.count for skipped in found.skipped) == 100


@pytest.mark.parametrize("form", ["10.0.{}.0/30", "10.0.0.{}", "a{}.example"])
@pytest.mark.parametrize("lists", [MAIL, (a_list("bl.example.net", kinds=(Kind.IPV6,)),)], ids=["of IPv4", "of IPv6"])
def test_the_order_of_a_file_changes_nothing_that_is_said(form: str, lists: Sequence[Blocklist]) -> None:
    """Programs write sets, in another order each time, and that is no news."""
    groups = [{"targets": [form.format(number)], "labels": {"rack": str(number % 3)}} for number in range(99)]
    there, back = (_read("a.json", json.dumps(items), lists) for items in (groups, groups[::-1]))
    assert there.skipped == back.skipped
    assert len(there.skipped) == 11


@pytest.mark.parametrize("name", ["dqs.key", "a.json", "a.yml"])
@pytest.mark.parametrize("text", ["{}", "{}.", "-.{}.zen.dq.spamhaus.net"])
def test_a_key_in_the_place_of_a_target_is_not_repeated(name: str, text: str) -> None:
    """A pattern may name the file of a key as well, and what is wrong with a file stands in the log."""
    key = "abcdefghijklmnopqrstuvwxy2"
    content = {"dqs.key": _single(text.format(key)), "a.json": json.dumps([text.format(key)]), "a.yml": f'- "{text.format(key)}"'}
    with pytest.raises(TargetFileError, match=r"\*{8}") as error:
        _read(name, content[name])
    assert key not in str(error.value)


def test_a_domain_that_no_list_can_hold_is_left_out() -> None:
    """It would look watched: whether a list can hold a domain is up to the domain, and nobody else looks at each."""
    lists = (a_list(".".join(["x" * 60] * 3), kinds=(Kind.DOMAIN,)),)
    long = f"{'y' * 60}.{'y' * 20}.example"
    found = _read("a.txt", _single("example.com", long), lists)
    assert [portion.members.domains for portion in found.portions] == [("example.com",)]
    assert [skipped.what for skipped in found.skipped] == [long]


def test_a_file_of_keys_that_is_taken_for_one_of_targets_gives_none_away() -> None:
    """A pattern may take in more than was meant: the fault has its line, and not the key."""
    key = "abcdefghij0123456789kl"
    for content in (f"{key}\n", f"dqs {key}\n", f"x={key};\n", f'["{key}"]'):
        name = "keys.json" if content.startswith("[") else "dqs.key"
        with pytest.raises(TargetFileError) as refused:
            read_target_file(name, content.encode(), (), [a_list()])
        assert key not in str(refused.value)
