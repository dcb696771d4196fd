"""Whatever stands in the file: it is a config, or one `ConfigError` with lines that a person can read."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config import Config, ConfigError, load
from exporter.config.faults import keys_of
from exporter.config.model import (
    Checks,
    CodeEntry,
    ConfigFile,
    DomainEntry,
    Expansion,
    FilesEntry,
    History,
    HostEntry,
    ListEntry,
    Metrics,
    Query,
    ResolverEntry,
    TargetEntry,
    TestEntriesEntry,
)
from exporter.config.target_files import TargetFileError, read_target_file
from exporter.target import Kind
from tests.unit.builders import a_list

EXAMPLE = (Path(__file__).parents[3] / "config.example.yml").read_text("utf-8")
SECRET = "hunter2"
SECRET_NAMES = ("key", "password", "api_key", "Token", "client-secret")
UNTRANSLATED = re.compile(
    "Input should|String should|List should|Value error|valid string|validation|is not what is expected here"
)

quick = settings(max_examples=40, deadline=None, derandomize=True, database=None)

_SECTIONS = (ConfigFile, ResolverEntry, Query, Checks, Expansion, Metrics, History, ListEntry, CodeEntry, TestEntriesEntry)
_TARGETS = (TargetEntry, HostEntry, DomainEntry, FilesEntry)
_KEYS = sorted({key for section in (*_SECTIONS, *_TARGETS) for key in keys_of(section)} | {"", "127.0.0.2", "8", "\0", "<<"})
_WORDS = [
    "system",
    "none",
    "default",
    "all",
    "zen.spamhaus.org",
    "dnsbl.sorbs.net",
    "bl.example.net",
    "ipv4",
    "bitmask",
    "127.0.0.2",
    "::1",
    "16.0.0.0/12",
    "::ffff:10.0.0.0/104",
    "9.9.9.9:25",
    "mx",
    "30s",
    "²",
    "\ud800",
]
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-2, 300)
    | st.floats()
    | st.sampled_from(_WORDS)
    | st.text(max_size=10)
    | st.just("9" * 5000)
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(_KEYS) | st.text(max_size=5), inner, max_size=5),
    max_leaves=15,
)
_ENTRY = st.dictionaries(st.sampled_from(keys_of(ListEntry)), _VALUES, max_size=8)
_TARGET = st.fixed_dictionaries({}, optional={key: _VALUES for section in _TARGETS for key in keys_of(section)})
_FILES = st.fixed_dictionaries(
    {"lists": st.lists(_ENTRY | _VALUES, max_size=3), "targets": st.lists(_TARGET | _VALUES, max_size=3)},
    optional={key: _VALUES for key in keys_of(ConfigFile) if key not in ("lists", "targets")},
)


@pytest.fixture(name="path", scope="module")
def _path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz") / "config.yml"


def _problems(path: Path, content: bytes) -> list[str]:
    """What is said of a file; checks that it is said as promised."""
    path.write_bytes(content)
    try:
        assert isinstance(load(path, {"K": SECRET}), Config)
        return []
    except ConfigError as error:
        lines = str(error).split("\n")
    assert lines
    for line in lines:
        assert re.match(rf"{re.escape(str(path))}:[1-9][0-9]*: .", line)
        assert line.isprintable()
        assert not UNTRANSLATED.search(line)
    assert lines == sorted(lines, key=lambda line: int(line.removeprefix(f"{path}:").split(":")[0]))
    return lines


@quick
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes(path: Path, content: bytes) -> None:
    """Noise is no config."""
    assert _problems(path, content)


@quick
@given(content=st.text(alphabet="-?:,[]{}#&*!|>'\"%@` \n\tab0~.<=", max_size=60).map(str.encode))
def test_any_marks_of_yaml(path: Path, content: bytes) -> None:
    """Nor is what only looks like YAML."""
    assert _problems(path, content)


@quick
@given(data=_VALUES | _FILES)
def test_any_structure(path: Path, data: object) -> None:
    """Known keys with values of any kind, in any place."""
    _problems(path, json.dumps(data).encode())


@quick
@given(data=st.data())
def test_any_mutation_of_the_example(path: Path, data: st.DataObject) -> None:
    """Slips of the hand in a good file."""
    text = EXAMPLE
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + data.draw(st.text(max_size=4)) + text[end:]
    _problems(path, text.encode())


@quick
@given(data=st.data())
def test_any_order_of_the_lines_of_the_example(path: Path, data: st.DataObject) -> None:
    """Lines lost, doubled, and put elsewhere."""
    lines = [line for line in EXAMPLE.split("\n") if line.strip() and not line.lstrip().startswith("#")]
    for _ in range(data.draw(st.integers(1, 6))):
        taken = lines.pop(data.draw(st.integers(0, len(lines) - 1)))
        for _ in range(data.draw(st.integers(0, 2))):
            lines.insert(data.draw(st.integers(0, len(lines))), taken)
    _problems(path, "\n".join(lines).encode())


@quick
@given(entry=_ENTRY, name=st.sampled_from(SECRET_NAMES), value=st.sampled_from([SECRET, [SECRET], {"value": SECRET}]))
def test_no_inline_secret_is_repeated(path: Path, entry: dict[str, object], name: str, value: object) -> None:
    """Whatever else is wrong with an entry: a secret in it is refused, and not shown."""
    lines = _problems(path, json.dumps({"lists": [{**entry, name: value}], "targets": ["example.com"]}).encode())
    assert lines
    assert not [line for line in lines if SECRET in line]


_ITEMS = st.lists(
    _VALUES
    | st.sampled_from(_WORDS)
    | st.fixed_dictionaries({}, optional=dict.fromkeys(("target", "targets", "labels", "host", "__x"), _VALUES))
    | st.fixed_dictionaries({"targets": st.lists(_VALUES | st.sampled_from(_WORDS), max_size=4), "labels": _VALUES}),
    max_size=4,
)


@quick
@given(
    content=st.binary(max_size=100)
    | st.text(max_size=100).map(str.encode)
    | st.text(alphabet="-:,[]{}#\"'/% \r\n\ufeff019ab.", max_size=60).map(str.encode)
    | st.lists(st.sampled_from(_WORDS[:-1]) | st.text(max_size=8), max_size=6).map(
        lambda texts: "\n".join([*texts, ""]).encode("utf-8", "replace")
    )
    | (_ITEMS | _VALUES).map(lambda data: json.dumps(data).encode()),
    name=st.sampled_from(["a.txt", "a.json", "a.yml"]),
)
def test_any_file_of_targets(content: bytes, name: str) -> None:
    """It gives targets, or one error of lines that a person can read."""
    try:
        found = read_target_file(name, content, (), [a_list(kinds=(Kind.IPV4,))])
    except TargetFileError as error:
        lines = str(error).split("\n")
        assert all(re.match(rf"{name}:([1-9][0-9]*:)? .", line) and line.isprintable() for line in lines)
        assert not [line for line in lines if UNTRANSLATED.search(line)]
    else:
        assert all(skipped.what.isprintable() for skipped in found.skipped)
        assert all(notice.isprintable() for notice in found.notices)
