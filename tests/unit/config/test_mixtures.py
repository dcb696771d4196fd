"""Any mixture of entries gives what a plain reading of the rule gives: lists and dictionaries, target by target."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.config import load
from exporter.config.target_files import read_target_file
from exporter.portions import Members
from tests.unit.builders import a_list

settled = settings(max_examples=150, deadline=None, derandomize=True, database=None)

REACHABLE = {"192.0.0.9", "192.0.0.10"}
"""All of 192.0.0.0/28 that is not special."""
_FIRSTS = ("9.9.9.0", "192.0.0.0", "2620:fe::")
_LABELS = st.dictionaries(st.sampled_from(["team", "rack"]), st.sampled_from("ab"), max_size=2)


def _address(first: str, number: int) -> str:
    return str(ip_address(first) + number)


@st.composite
def _networks(draw: st.DrawFn) -> str:
    first = ip_address(draw(st.sampled_from(_FIRSTS)))
    bits = draw(st.integers(0, 4))
    return str(ip_network((first + draw(st.integers(0, 15)), first.max_prefixlen - bits), strict=False))


_TEXTS = (
    st.builds(_address, st.sampled_from(_FIRSTS), st.integers(0, 15))
    | _networks()
    | st.sampled_from(["example.com", "example.org", "www.example.com"])
)


@dataclass(frozen=True)
class Entry:
    text: str
    labels: Mapping[str, str]

    def targets(self) -> Iterator[str]:
        """Each by its text."""
        yield from map(str, ip_network(self.text)) if "/" in self.text else (self.text,)

    def narrowness(self) -> tuple[bool, int]:
        """What comes first of two that disagree."""
        return "/" in self.text, len(list(self.targets()))

    def written(self) -> object:
        return {"target": self.text, "labels": self.labels} if self.labels else self.text


_ENTRIES = st.lists(st.builds(Entry, _TEXTS, _LABELS), min_size=1, max_size=8)


def _is_taken(text: str, *, non_global: bool) -> bool:
    return non_global or not text.startswith("192.0.0.") or text in REACHABLE


def _reference(
    entries: list[Entry], exclude: list[str], *, non_global: bool
) -> Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]:
    """Origins and labels by target."""
    excluded = {text for each in exclude for text in Entry(each, {}).targets()}
    found: dict[str, tuple[list[str], dict[str, str]]] = {}
    for entry in sorted(entries, key=Entry.narrowness):
        for text in entry.targets():
            if text not in excluded and _is_taken(text, non_global=non_global):
                origins, labels = found.setdefault(text, ([], {}))
                origin = entry.text if "/" in entry.text else ""
                origins += [origin] * (origin not in origins)
                for name, value in entry.labels.items():
                    labels.setdefault(name, value)
    return {text: (tuple(origins), labels) for text, (origins, labels) in found.items()}


@pytest.fixture(name="path", scope="module")
def _path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mixtures") / "config.yml"


@settled
@given(entries=_ENTRIES, exclude=st.lists(_TEXTS, max_size=4), non_global=st.booleans())
def test_any_mixture_of_entries(path: Path, entries: list[Entry], exclude: list[str], non_global: bool) -> None:
    """Overlapping networks, single targets in them, domains, labels that disagree, exclusions of parts."""
    entries = [entry for entry in entries if any(_is_taken(text, non_global=non_global) for text in entry.targets())]
    document: dict[str, object] = {
        "lists": [{"zone": "bl.example.net", "kinds": ["ipv4", "ipv6", "domain"], "non_global": non_global}],
        "targets": [*(entry.written() for entry in entries), "always.example"],
    }
    path.write_text(json.dumps(document | ({"exclude": exclude} if exclude else {})))
    found = load(path, {}).roster()
    expected = _reference([*entries, Entry("always.example", {})], exclude, non_global=non_global)
    assert {target.text: (share.origins, dict(share.labels)) for target, share in found.roster.shared()} == expected
    assert not found.left_out


@settled
@given(texts=st.lists(_TEXTS, max_size=10))
def test_any_file_in_any_form(texts: list[str]) -> None:
    """One a line, JSON and YAML of the same targets give equal members."""
    contents = {
        "a.txt": "".join(f"{text}\n" for text in texts) or "\n",
        "a.json": json.dumps(texts),
        "b.json": json.dumps([{"targets": texts}]),
        "a.yml": "".join(f"- {json.dumps(text)}\n" for text in texts) or "[]",
        "b.yml": "".join(f"- target: {json.dumps(text)}\n" for text in texts) or "[]",
    }
    lists = [a_list(non_global=True)]
    found = [read_target_file(name, content.encode(), (), lists) for name, content in contents.items()]
    given = [next((portion.members for portion in each.portions), Members((), (), (), ())) for each in found]
    tuples = [(each.networks, tuple(each.ipv4), tuple(each.ipv6), each.domains) for each in given]
    assert len(set(tuples)) == 1
    assert len(given[0]) == sum(len(list(Entry(text, {}).targets())) for text in texts)
