"""What the data of a list says of it: its sublists, their meaning, where to ask for removal."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from exporter.blocklist import Bit, Blocklist, Code, Facts, Impact, ListingClass, Scope, Span, Sublist, TestEntries
from exporter.target import parse, parse_test_entry
from tests.unit.builders import a_list, a_pattern

SBL = Sublist("SBL", ListingClass.ABUSE, Impact.CRITICAL, Scope.ADDRESS)
PBL = Sublist("PBL", ListingClass.POLICY, Impact.LOW, Scope.RANGE)
WITH_TABLE = replace(
    a_list(),
    codes=(
        Code(a_pattern("127.0.0.10"), PBL, "says its provider"),
        Code(a_pattern("127.0.0.2"), SBL, "source of spam"),
        Code(a_pattern("127.0.0.11"), PBL, "says the list"),
        Code(a_pattern("127.0.0.12"), PBL, "says the list"),
    ),
    default=Sublist("", ListingClass.ESCALATION, Impact.INFO, Scope.ASN),
    meaning="listed",
)
WITHOUT_TABLE = replace(WITH_TABLE, codes=())


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        ("127.0.0.3", False),
        ("127.0.0.4", True),
        ("127.0.0.5", True),
        ("127.0.0.7", True),
        ("127.0.0.8", False),
        ("127.0.1.5", False),
    ],
)
def test_a_span_holds_both_its_ends(code: str, inside: bool) -> None:
    """A range of codes is inclusive."""
    assert (IPv4Address(code) in Span(IPv4Address("127.0.0.4"), IPv4Address("127.0.0.7"))) is inside


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        ("127.0.0.8", True),
        ("127.0.0.255", True),
        ("127.0.0.7", False),
        ("127.0.1.8", False),
        ("127.1.0.8", False),
        ("126.0.0.8", False),
    ],
)
def test_a_bit_is_of_the_last_octet_only(code: str, inside: bool) -> None:
    """A bit is looked for in 127.0.0.0/24 and nowhere else."""
    assert (IPv4Address(code) in Bit(8)) is inside


def test_declared_sublists_are_those_of_the_table() -> None:
    """Each sublist of the table is declared once, in its order; a list without a table has the empty-named one."""
    assert WITH_TABLE.declared() == (PBL, SBL)
    assert WITHOUT_TABLE.declared() == (WITHOUT_TABLE.default,)


@pytest.mark.parametrize(
    ("name", "sublist"),
    [
        pytest.param("SBL", SBL, id="declared"),
        pytest.param("PBL", PBL, id="declared in several rows"),
        pytest.param(
            "127.0.0.99", Sublist("127.0.0.99", ListingClass.ESCALATION, Impact.INFO, Scope.ASN), id="named by an answer"
        ),
    ],
)
def test_a_sublist_has_facts_also_if_only_an_answer_named_it(name: str, sublist: Sublist) -> None:
    """A declared sublist has the facts of its row, any other those of the list."""
    assert WITH_TABLE.sublist(name) == sublist


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        pytest.param("SBL", "source of spam", id="one row"),
        pytest.param("PBL", "says its provider; says the list", id="several rows, each meaning once"),
        pytest.param("127.0.0.99", "listed", id="no row: that of the list"),
    ],
)
def test_a_sublist_means_what_its_rows_say(name: str, meaning: str) -> None:
    """The meaning of a sublist is that of its rows, or of the list if it has none."""
    assert WITH_TABLE.meaning_of(name) == meaning


def test_a_row_without_a_meaning_says_nothing() -> None:
    """An empty meaning is left out."""
    silent = replace(WITH_TABLE, codes=(Code(a_pattern("127.0.0.2"), SBL, ""), *WITH_TABLE.codes))
    assert silent.meaning_of("SBL") == "source of spam"


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://example.net/remove?ip={target}", "https://example.net/remove?ip=192.0.2.1"),
        ("https://example.net/", "https://example.net/"),
        ("", ""),
    ],
)
def test_a_link_names_the_target(url: str, link: str) -> None:
    """Where the list's link has a place for the target, the target stands in it, for removal and for looking it up."""
    assert replace(a_list(), delist_url=url).delist_url_for(parse("192.0.2.1")) == link
    assert replace(a_list(), facts=Facts(lookup_url=url)).lookup_url_for(parse("192.0.2.1")) == link


REGISTRABLE = a_list(
    registrable=True,
    test_entries=TestEntries(
        tuple(map(parse_test_entry, ("test", "test.uribl.com", "127.0.0.2"))), (parse_test_entry("no.invalid.co.uk"),)
    ),
)
PLAIN = replace(REGISTRABLE, registrable=False)


@pytest.mark.parametrize(
    ("blocklist", "target", "asked"),
    [
        pytest.param(REGISTRABLE, "mail.example.co.uk", "example.co.uk", id="below a registrable domain"),
        pytest.param(REGISTRABLE, "example.co.uk", "example.co.uk", id="a registrable domain"),
        pytest.param(REGISTRABLE, "b\u00fccher.xn--55qx5d.cn", "xn--bcher-kva.xn--55qx5d.cn", id="of other letters"),
        pytest.param(REGISTRABLE, "9.9.9.9", "9.9.9.9", id="ipv4"),
        pytest.param(REGISTRABLE, "2620:fe::fe", "2620:fe::fe", id="ipv6"),
        pytest.param(REGISTRABLE, "www.uribl.com", "uribl.com", id="beside a test entry"),
        pytest.param(PLAIN, "mail.example.co.uk", "mail.example.co.uk", id="a list of any names"),
        pytest.param(PLAIN, "co.uk", "co.uk", id="a list of any names, a public suffix"),
    ],
)
def test_a_list_is_asked_about_what_it_can_hold(blocklist: Blocklist, target: str, asked: str) -> None:
    """A list of registrable domains is asked about those, every other one about the target itself."""
    assert blocklist.asked(parse(target)) == parse(asked)


@pytest.mark.parametrize("text", ["test", "test.uribl.com", "127.0.0.2", "no.invalid.co.uk"])
def test_a_test_entry_is_asked_as_it_stands(text: str) -> None:
    """Those that must be listed and those that must not be, also below a registrable domain or above all of them."""
    assert REGISTRABLE.asked(parse_test_entry(text)).text == text


@pytest.mark.parametrize(
    ("blocklist", "target", "accepted"),
    [
        pytest.param(REGISTRABLE, "mail.example.co.uk", True, id="below a registrable domain"),
        pytest.param(REGISTRABLE, "co.uk", False, id="a public suffix"),
        pytest.param(REGISTRABLE, "github.io", False, id="a public suffix of a company"),
        pytest.param(REGISTRABLE, "9.9.9.9", True, id="an address"),
        pytest.param(PLAIN, "co.uk", True, id="a public suffix, on a list of any names"),
        pytest.param(REGISTRABLE, f"{'a.' * 120}co.uk", True, id="too long, but not what is asked"),
        pytest.param(PLAIN, f"{'a.' * 120}co.uk", False, id="too long"),
    ],
)
def test_a_list_takes_what_it_can_hold_something_of(blocklist: Blocklist, target: str, accepted: bool) -> None:
    """A public suffix is no registrable domain and below none; the length that counts is that of what is asked."""
    assert blocklist.accepts(parse(target)) is accepted


def test_a_link_names_what_the_list_was_asked_about() -> None:
    """The list's pages know no more names than its zone."""
    linked = replace(REGISTRABLE, delist_url="https://x/{target}", facts=Facts(lookup_url="https://y/{target}"))
    target = parse("mail.example.co.uk")
    assert (linked.delist_url_for(target), linked.lookup_url_for(target)) == (
        "https://x/example.co.uk",
        "https://y/example.co.uk",
    )
