"""The rules of the catalogue's data: every entry is one that a user could have written, and says where it is from."""

import re
from collections import Counter
from datetime import date
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from exporter import catalogue
from exporter.blocklist import LISTING_NETWORK, Bit, Blocklist, Pattern, Span
from exporter.config import load
from exporter.config.document import read
from exporter.config.model import Checks, ListEntry
from exporter.config.words import read_zone, to_blocklist
from exporter.target import Kind, Target

FILES = sorted(file.name for file in (resources.files(catalogue) / "lists").iterdir() if file.name.endswith(".yml"))
ZONES = list(catalogue.entries())
PROBE = {Kind.IPV4: "192.0.2.255", Kind.IPV6: "2001:db8::ffff", Kind.DOMAIN: "example.com"}


def _text(file: str) -> str:
    return (resources.files(catalogue) / "lists" / file).read_text("utf-8")


def _entry(zone: str) -> ListEntry:
    return ListEntry.model_validate(catalogue.entries()[zone])


def _blocklist(zone: str) -> Blocklist:
    """The list of an entry; a note, but that its key is missing, fails the test."""
    notes: list[str] = []
    entry = _entry(zone)
    blocklist = to_blocklist(entry, Checks(), Path(), {}, lambda path, message: notes.append(f"{path}: {message}"))
    said = [note.partition(";")[0] for note in notes]
    assert said == (["('zone',): needs a key: give key_file or key_env"] if entry.needs_key else [])
    return blocklist


@pytest.mark.parametrize("file", FILES)
def test_a_file_reads_the_same_as_a_config_would(file: str) -> None:
    """The catalogue is read by plain YAML, a config by ours: entries may be copied from one to the other."""
    document = read(_text(file))
    assert not document.problems
    assert isinstance(document.data, list)
    assert document.data == [catalogue.entries()[str(entry["zone"])] for entry in document.data if isinstance(entry, dict)]


@pytest.mark.parametrize("file", FILES)
def test_a_file_opens_with_whose_lists_it_holds(file: str) -> None:
    """The first line says it, and all entries are of that operator."""
    assert re.match(r"# Lists? of .+\n", _text(file))
    assert len({entry["operator"] for entry in yaml.safe_load(_text(file))}) == 1


def test_each_zone_is_there_once() -> None:
    """Two files, or two entries of a file, never speak of the same zone."""
    zones = [entry["zone"] for file in FILES for entry in yaml.safe_load(_text(file))]
    assert [zone for zone, count in Counter(zones).items() if count > 1] == []
    assert zones == ZONES


@pytest.mark.parametrize("zone", ZONES)
def test_an_entry_becomes_a_list_without_a_note(zone: str) -> None:
    """Nothing in it is wrong by the rules that hold for users."""
    blocklist = _blocklist(zone)
    assert blocklist.operator
    assert not blocklist.non_global


@pytest.mark.parametrize("zone", ZONES)
def test_an_entry_loads_by_its_name(zone: str, tmp_path: Path) -> None:
    """The name in a config is enough, together with a key where one is needed."""
    entry = _entry(zone)
    target = {Kind.IPV4: "9.9.9.9", Kind.IPV6: "2620:fe::fe", Kind.DOMAIN: "example.com"}[entry.kinds[0]]
    written = f"{{zone: {zone}, key_env: K}}" if entry.needs_key else zone
    (tmp_path / "config.yml").write_text(f"lists: [{written}]\ntargets: ['{target}']\n")
    assert [found.name for found in load(tmp_path / "config.yml", {"K": "hunter2"}).lists] == [zone]


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_is_written_in_its_one_spelling(zone: str) -> None:
    """Lower case, A-labels, no final dot, at least two labels, no key in it."""
    assert read_zone(zone) == zone
    assert "." in zone


@pytest.mark.parametrize("zone", ZONES)
def test_every_name_fits(zone: str) -> None:
    """The longest key and any address in front of the zone make a name that can be asked (RFC 1035 §2.3.4)."""
    for kind in _blocklist(zone).kinds:
        assert Target(PROBE[kind], kind).fits_under(f"{'k' * 63}.{zone}")


@pytest.mark.parametrize("zone", ZONES)
def test_codes_are_return_codes_and_mean_one_thing(zone: str) -> None:
    """All codes lie in 127.0.0.0/8; what refuses is no listing, nor is what is neutral."""
    blocklist = _blocklist(zone)
    listing = [code.pattern for code in blocklist.codes]
    for pattern in (*listing, *blocklist.refusal_codes, *blocklist.neutral_codes):
        assert isinstance(pattern, Bit) or (pattern.first in LISTING_NETWORK and pattern.last in LISTING_NETWORK)
    assert not [code for code in listing for other in blocklist.refusal_codes + blocklist.neutral_codes if _meet(code, other)]


def _meet(one: Pattern, other: Pattern) -> bool:
    """Whether a code could be both, a bit standing for itself only."""
    if isinstance(one, Span) and isinstance(other, Span):
        return one.first in other or other.first in one
    return one == other


@pytest.mark.parametrize("zone", ZONES)
def test_the_test_entry_that_must_be_listed_is_a_listing(zone: str) -> None:
    """With a code table, 127.0.0.2 as the usual answer to a test entry is no refusal: the list could never be believed."""
    blocklist = _blocklist(zone)
    assert not [pattern for pattern in blocklist.refusal_codes if LISTING_NETWORK[2] in pattern]


@pytest.mark.parametrize("zone", ZONES)
def test_the_common_refusals_refuse(zone: str) -> None:
    """127.255.255.0/24 is a listing nowhere."""
    assert "127.255.255.0/24" in _entry(zone).refusal_codes


@pytest.mark.parametrize("zone", ZONES)
def test_a_code_says_what_it_means(zone: str) -> None:
    """A listing is shown with a sentence, from the code or from the list."""
    blocklist = _blocklist(zone)
    assert all(blocklist.meaning_of(sublist.name) for sublist in blocklist.declared())


@pytest.mark.parametrize("zone", ZONES)
def test_links_lead_somewhere_safe(zone: str) -> None:
    """Where people are sent: https, a host, and no place-holder but the target."""
    entry = _entry(zone)
    for link in (entry.delist_url, entry.lookup_url):
        parts = urlsplit(link)
        assert parts.scheme == "https"
        assert parts.hostname is not None
        assert "." in parts.hostname
        assert parts.username is None
        assert not set("{} ") & set(link.replace("{target}", ""))


@pytest.mark.parametrize("zone", ZONES)
def test_an_entry_says_where_it_is_from(zone: str) -> None:
    """Facts have sources that can be opened, and a date on which they were checked."""
    entry = _entry(zone)
    assert entry.source
    assert len(set(entry.source)) == len(entry.source)
    for source in entry.source:
        parts = urlsplit(source)
        assert parts.scheme in ("https", "http")
        assert parts.hostname
    assert date.fromisoformat(entry.checked) >= date(2026, 1, 1)


@pytest.mark.parametrize("zone", ZONES)
def test_a_list_is_asked_politely(zone: str) -> None:
    """Each entry bounds how fast the list is asked."""
    assert _entry(zone).max_qps is not None


@pytest.mark.parametrize("zone", ZONES)
def test_parts_are_other_zones(zone: str) -> None:
    """A list is no part of itself; its parts are zones in their one spelling, each named once."""
    includes = _entry(zone).includes
    assert zone not in includes
    assert includes == [read_zone(part) for part in dict.fromkeys(includes)]


def test_no_two_lists_are_part_of_each_other() -> None:
    """One of the two must be the whole."""
    parts = {zone: set(_entry(zone).includes) for zone in ZONES}
    assert not [(one, other) for one in ZONES for other in ZONES if other in parts[one] and one in parts[other]]


@pytest.mark.parametrize("zone", ZONES)
def test_entries_name_no_key(zone: str) -> None:
    """The catalogue is public; resolvers and private addresses are the user's own matter too."""
    entry = _entry(zone)
    assert not {"key_file", "key_env", "resolvers", "non_global", "provider"} & entry.model_fields_set
