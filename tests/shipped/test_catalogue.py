"""The rules of the catalogue's data: every entry is one that a user could have written, and says where it is from."""

import re
from collections import Counter
from datetime import date
from ipaddress import IPv4Address
from itertools import combinations, product
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from exporter import catalogue
from exporter.blocklist import LISTING_NETWORK, Bit, Pattern
from exporter.config import load, schema
from exporter.config.document import read
from exporter.config.words import read_zone
from exporter.target import Kind, Target, parse
from tests.shipped.entries import FILES, ZONES, entry_of, list_of, text
from tests.unit.config.json_schema import faults

PROBE = {Kind.IPV4: "192.0.2.255", Kind.IPV6: "2001:db8::ffff", Kind.DOMAIN: "example.com"}


@pytest.mark.parametrize("file", FILES)
def test_a_file_reads_the_same_as_a_config_would(file: str) -> None:
    """The catalogue is read by plain YAML, a config by ours: entries may be copied from one to the other."""
    document = read(text(f"lists/{file}"))
    assert not document.problems
    assert isinstance(document.data, list)
    assert document.data == [catalogue.entries()[str(entry["zone"])] for entry in document.data if isinstance(entry, dict)]


@pytest.mark.parametrize("file", FILES)
def test_a_file_fits_the_schema_that_editors_use(file: str) -> None:
    """Its entries may stand in a config as they are."""
    lists = yaml.safe_load(text(f"lists/{file}"))
    assert not list(faults({"lists": lists, "targets": ["example.com"]}, schema(), schema()))


@pytest.mark.parametrize("file", FILES)
def test_a_file_opens_with_whose_lists_it_holds(file: str) -> None:
    """The first line says it, and all entries are of that operator."""
    assert re.match(r"# Lists? of .+\n", text(f"lists/{file}"))
    assert len({entry["operator"] for entry in yaml.safe_load(text(f"lists/{file}"))}) == 1


def test_each_zone_is_there_once() -> None:
    """Two files, or two entries of a file, never speak of the same zone."""
    zones = [entry["zone"] for file in FILES for entry in yaml.safe_load(text(f"lists/{file}"))]
    assert [zone for zone, count in Counter(zones).items() if count > 1] == []
    assert zones == ZONES


@pytest.mark.parametrize("zone", ZONES)
def test_an_entry_becomes_a_list_without_a_note(zone: str) -> None:
    """Nothing in it is wrong by the rules that hold for users."""
    blocklist = list_of(zone)
    assert blocklist.operator
    assert not blocklist.non_global


@pytest.mark.parametrize("zone", ZONES)
def test_an_entry_loads_by_its_name(zone: str, tmp_path: Path) -> None:
    """The name in a config is enough, together with a key where one is needed."""
    entry = entry_of(zone)
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
    for kind in list_of(zone).kinds:
        assert Target(PROBE[kind], kind).fits_under(f"{'k' * 63}.{zone}")


@pytest.mark.parametrize("zone", ZONES)
def test_codes_are_return_codes_and_mean_one_thing(zone: str) -> None:
    """All codes lie in 127.0.0.0/8; what refuses is no listing, nor is what is neutral."""
    blocklist = list_of(zone)
    groups = [[code.pattern for code in blocklist.codes], blocklist.refusal_codes, blocklist.neutral_codes]
    assert all(end in LISTING_NETWORK for group in groups for pattern in group for end in _ends(pattern))
    assert not [pair for one, other in combinations(groups, 2) for pair in product(one, other) if _meet(*pair)]


def _meet(one: Pattern, other: Pattern) -> bool:
    """Whether a code could be both, a bit standing for itself only."""
    (first, last), (other_first, other_last) = _ends(one), _ends(other)
    return first <= other_last and other_first <= last


def _ends(pattern: Pattern) -> tuple[IPv4Address, IPv4Address]:
    if isinstance(pattern, Bit):
        return LISTING_NETWORK[pattern.value], LISTING_NETWORK[pattern.value]
    return pattern.first, pattern.last


@pytest.mark.parametrize("zone", ZONES)
def test_the_test_entry_that_must_be_listed_is_a_listing(zone: str) -> None:
    """127.0.0.2, the usual answer to it, neither refuses nor is it neutral: the list could never be believed."""
    blocklist = list_of(zone)
    assert not [pattern for pattern in blocklist.refusal_codes + blocklist.neutral_codes if LISTING_NETWORK[2] in pattern]


@pytest.mark.parametrize("zone", ZONES)
def test_the_common_refusals_refuse(zone: str) -> None:
    """127.255.255.0/24 is a listing nowhere."""
    assert "127.255.255.0/24" in entry_of(zone).refusal_codes


@pytest.mark.parametrize("zone", ZONES)
def test_a_code_says_what_it_means(zone: str) -> None:
    """A listing is shown with a sentence, from the code or from the list."""
    blocklist = list_of(zone)
    assert all(blocklist.meaning_of(sublist.name) for sublist in blocklist.declared())


@pytest.mark.parametrize("zone", ZONES)
def test_links_lead_somewhere_safe(zone: str) -> None:
    """Where people are sent, if anywhere: https, a host, and no place-holder but the target."""
    entry = entry_of(zone)
    for link in filter(None, (entry.delist_url, entry.lookup_url)):
        parts = urlsplit(link.replace("{target}", PROBE[entry.kinds[0]]))
        assert parts.scheme == "https"
        assert parts.hostname is not None
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.hostname)
        assert (parts.username, parts.port) == (None, None)
        assert not set("{} ") & set(parts.geturl())


@pytest.mark.parametrize("zone", ZONES)
def test_an_entry_says_where_it_is_from(zone: str) -> None:
    """Facts have sources that can be opened, and a date on which they were checked."""
    entry = entry_of(zone)
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
    assert entry_of(zone).max_qps is not None


@pytest.mark.parametrize("zone", ZONES)
def test_a_list_that_needs_a_key_says_so_twice(zone: str) -> None:
    """In its status for people, and in the field that the loader reads."""
    assert entry_of(zone).needs_key == (entry_of(zone).status in ("key", "subscription"))


@pytest.mark.parametrize("zone", ZONES)
def test_entries_name_no_key(zone: str) -> None:
    """The catalogue is public; resolvers and private addresses are the user's own matter too."""
    entry = entry_of(zone)
    assert not {"key_file", "key_env", "resolvers", "non_global", "provider"} & entry.model_fields_set


@pytest.mark.parametrize("zone", [zone for zone in ZONES if entry_of(zone).registrable])
def test_a_list_of_registrable_domains_holds_nothing_else(zone: str) -> None:
    """Only domains, and its own test entries, which it is asked about as they stand."""
    blocklist = list_of(zone)
    assert blocklist.kinds == {Kind.DOMAIN}
    assert blocklist.test_entries is not None
    tests = blocklist.test_entries.listed + blocklist.test_entries.not_listed
    assert [blocklist.asked(entry) for entry in tests] == list(tests)


@pytest.mark.parametrize(
    ("zone", "asked"),
    [
        pytest.param("multi.uribl.com", "example.co.uk", id="URIBL: all host parts are stripped, says the operator"),
        pytest.param("white.uribl.com", "example.co.uk", id="URIBL, also what is no part of multi"),
        pytest.param("uribl.spameatingmonkey.net", "example.co.uk", id="SEM-URI: the operator's own rules cut names"),
        pytest.param("fresh15.spameatingmonkey.net", "example.co.uk", id="SEM-FRESH15: registrations"),
        pytest.param("dbl.spamhaus.org", "mail.example.co.uk", id="DBL: wildcards, and some host names"),
        pytest.param("zrd.dq.spamhaus.net", "mail.example.co.uk", id="ZRD: wildcards"),
        pytest.param("dblack.mail.abusix.zone", "mail.example.co.uk", id="Abusix: wildcards"),
        pytest.param("multi.surbl.org", "mail.example.co.uk", id="SURBL: some host names, and filters ask for them"),
        pytest.param("dwl.dnswl.org", "mail.example.co.uk", id="DNSWL: the domain of the signature"),
        pytest.param("dbl.nordspam.com", "mail.example.co.uk", id="nothing known: the name as it is, as RFC 5782 says"),
    ],
)
def test_a_list_is_asked_about_names_as_its_operator_says(zone: str, asked: str) -> None:
    """The sources are in the entries."""
    assert list_of(zone).asked(parse("mail.example.co.uk")) == parse(asked)
