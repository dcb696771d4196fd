"""What an answer means: the table of ``judge``, row by row."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.blocklist import Blocklist
from exporter.target import Kind
from exporter.verdict import Absent, Answer, Cause, Codes, Failure, Listed, NoData, NotListed, Unknown, Verdict, judge
from tests.unit.builders import a_list, answered, on, quick

ZEN = a_list(
    "zen.example",
    codes={"127.0.0.2": "SBL", "127.0.0.4-127.0.0.7": "XBL", "127.0.0.10": "PBL", "127.0.0.11": "PBL"},
)
PLAIN = a_list("plain.example")
SURBL = a_list("surbl.example", codes={8: "PH", 16: "MW", 64: "ABUSE", 128: "CR"}, refusal=(1, "127.255.255.0/24"))
URIBL = a_list("uribl.example", codes={2: "BLACK", 4: "GREY", 8: "RED"}, refusal=(1,))
KARMA = a_list("karma.example", codes={"127.0.0.2": "BLACK"}, neutral=("127.0.0.1", "127.0.0.3", "127.0.1.0/24"))
VALIDITY = a_list("rpbl.example", codes={1: "BOTNET", 2: "HIJACKED"})
DRONE = a_list("drone.example", codes={"127.0.0.3-127.0.0.255": "DRONE"})
WHITE = a_list("white.example", neutral=("127.0.0.0-127.0.15.3",), refusal=("127.0.0.255",))
NEUTRAL_BIT = a_list("bits.example", codes={2: "SPAM"}, neutral=(4,), refusal=())
LISTS = (ZEN, PLAIN, SURBL, URIBL, KARMA, VALIDITY, DRONE, WHITE, NEUTRAL_BIT)

INSIDE = st.ip_addresses(v=4, network=IPv4Network("127.0.0.0/8"))
NEAR = st.integers(0, 255).map(lambda octet: IPv4Address(f"127.0.0.{octet}"))
OUTSIDE = st.ip_addresses(v=4).filter(lambda address: not address.is_loopback)
ADDRESSES = st.lists(st.one_of(NEAR, INSIDE), min_size=1, max_size=5)


@pytest.mark.parametrize(
    ("blocklist", "kind", "answer", "verdict"),
    [
        pytest.param(ZEN, Kind.IPV4, Absent(), NotListed(), id="NXDOMAIN"),
        pytest.param(ZEN, Kind.DOMAIN, Absent(), NotListed(), id="NXDOMAIN, domain"),
        pytest.param(ZEN, Kind.IPV4, NoData(), Unknown(Cause.NO_DATA), id="no A, IPv4"),
        pytest.param(ZEN, Kind.IPV6, NoData(), Unknown(Cause.NO_DATA), id="no A, IPv6"),
        pytest.param(ZEN, Kind.DOMAIN, NoData(), NotListed(), id="no A, domain"),
        pytest.param(ZEN, Kind.IPV4, answered(), Unknown(Cause.NO_DATA), id="codes that are none"),
        pytest.param(ZEN, Kind.DOMAIN, answered(), NotListed(), id="codes that are none, domain"),
        pytest.param(PLAIN, Kind.IPV4, answered("54.72.130.67"), Unknown(Cause.BOGUS), id="outside 127/8, table or none"),
        pytest.param(ZEN, Kind.IPV4, answered("127.255.255.254"), Unknown(Cause.REFUSED), id="refusal code"),
        pytest.param(KARMA, Kind.IPV4, answered("127.0.0.1"), NotListed(), id="neutral code"),
        pytest.param(KARMA, Kind.IPV4, answered("127.0.0.1", "127.0.0.3", "127.0.1.9"), NotListed(), id="only neutral codes"),
        pytest.param(ZEN, Kind.IPV4, answered("127.0.0.2"), on(SBL="127.0.0.2"), id="exact code"),
        pytest.param(ZEN, Kind.IPV4, answered("127.0.0.6"), on(XBL="127.0.0.6"), id="range code"),
        pytest.param(SURBL, Kind.DOMAIN, answered("127.0.0.8"), on(PH="127.0.0.8"), id="bitmask code"),
        pytest.param(ZEN, Kind.IPV4, answered("127.0.0.99"), on(**{"127.0.0.99": "127.0.0.99"}), id="code in no table"),
        pytest.param(ZEN, Kind.IPV4, Failure(Cause.SERVFAIL), Unknown(Cause.SERVFAIL), id="SERVFAIL"),
        pytest.param(ZEN, Kind.IPV4, Failure(Cause.REFUSED_RCODE), Unknown(Cause.REFUSED_RCODE), id="REFUSED"),
        pytest.param(ZEN, Kind.IPV4, Failure(Cause.FORMERR), Unknown(Cause.FORMERR), id="FORMERR"),
        pytest.param(ZEN, Kind.IPV4, Failure(Cause.TIMEOUT), Unknown(Cause.TIMEOUT), id="time-out"),
        pytest.param(ZEN, Kind.IPV4, Failure(Cause.NETWORK), Unknown(Cause.NETWORK), id="network error"),
        pytest.param(ZEN, Kind.IPV4, Failure(Cause.MALFORMED), Unknown(Cause.MALFORMED), id="malformed or wrong question"),
        pytest.param(ZEN, Kind.DOMAIN, Failure(Cause.TIMEOUT), Unknown(Cause.TIMEOUT), id="time-out, domain"),
    ],
)
def test_every_row_of_the_table(blocklist: Blocklist, kind: Kind, answer: Answer, verdict: Verdict) -> None:
    """Each row of the table of design §4 holds."""
    assert judge(blocklist, kind, answer) == verdict


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param(("54.72.130.67",), id="parked domain"),
        pytest.param(("91.195.240.117",), id="parked domain, another"),
        pytest.param(("216.120.147.200",), id="lapsed domain"),
        pytest.param(("146.112.61.108",), id="block page of a resolver"),
        pytest.param(("128.0.0.2",), id="just above 127/8"),
        pytest.param(("126.255.255.255",), id="just below 127/8"),
        pytest.param(("0.0.0.0",), id="sinkhole"),
        pytest.param(("127.0.0.2", "192.0.2.1"), id="after a listing"),
        pytest.param(("192.0.2.1", "127.0.0.2"), id="before a listing"),
        pytest.param(("127.255.255.254", "192.0.2.1"), id="beside a refusal"),
    ],
)
def test_one_address_outside_127_poisons_the_whole_answer(addresses: tuple[str, ...]) -> None:
    """An A record outside 127/8 makes the whole answer bogus, whatever stands beside it."""
    assert judge(ZEN, Kind.IPV4, answered(*addresses)) == Unknown(Cause.BOGUS)


@pytest.mark.parametrize(
    ("blocklist", "addresses"),
    [
        pytest.param(ZEN, ("127.0.0.2", "127.0.0.4", "127.255.255.254"), id="among listings"),
        pytest.param(WHITE, ("127.0.0.255", "127.0.4.1"), id="among neutral codes, and inside their range"),
        pytest.param(SURBL, ("127.0.0.1",), id="refusal bit"),
        pytest.param(SURBL, ("127.0.0.9",), id="refusal bit beside a listing bit"),
        pytest.param(SURBL, ("127.0.0.8", "127.0.0.1"), id="refusal bit in another record"),
        pytest.param(URIBL, ("127.0.0.255",), id="every bit set"),
    ],
)
def test_a_refusal_code_refuses_the_whole_answer(blocklist: Blocklist, addresses: tuple[str, ...]) -> None:
    """A refusal code among the records makes the whole answer unknown."""
    assert judge(blocklist, Kind.IPV4, answered(*addresses)) == Unknown(Cause.REFUSED)


@pytest.mark.parametrize(
    ("blocklist", "addresses", "hits"),
    [
        pytest.param(
            ZEN,
            ("127.0.0.4", "127.0.0.10", "127.0.0.2"),
            {"PBL": "127.0.0.10", "SBL": "127.0.0.2", "XBL": "127.0.0.4"},
            id="three",
        ),
        pytest.param(ZEN, ("127.0.0.11", "127.0.0.10"), {"PBL": "127.0.0.10 127.0.0.11"}, id="two codes of one sublist"),
        pytest.param(ZEN, ("127.0.0.7", "127.0.0.4"), {"XBL": "127.0.0.4 127.0.0.7"}, id="ends of a range"),
        pytest.param(ZEN, ("127.0.0.3",), {"127.0.0.3": "127.0.0.3"}, id="just before a range"),
        pytest.param(ZEN, ("127.0.0.8", "127.0.0.2"), {"127.0.0.8": "127.0.0.8", "SBL": "127.0.0.2"}, id="unknown beside known"),
        pytest.param(PLAIN, ("127.0.0.2",), {"": "127.0.0.2"}, id="no table"),
        pytest.param(PLAIN, ("127.9.9.9", "127.0.0.2"), {"": "127.0.0.2 127.9.9.9"}, id="no table, two codes"),
        pytest.param(KARMA, ("127.0.0.1", "127.0.0.2"), {"BLACK": "127.0.0.2"}, id="neutral beside a listing"),
        pytest.param(SURBL, ("127.0.0.80",), {"MW": "127.0.0.80", "ABUSE": "127.0.0.80"}, id="SURBL sum of two bits"),
        pytest.param(
            URIBL,
            ("127.0.0.14",),
            {"BLACK": "127.0.0.14", "GREY": "127.0.0.14", "RED": "127.0.0.14"},
            id="URIBL sum of three bits",
        ),
        pytest.param(
            SURBL, ("127.0.0.8", "127.0.0.24"), {"PH": "127.0.0.24 127.0.0.8", "MW": "127.0.0.24"}, id="a bit in two records"
        ),
        pytest.param(SURBL, ("127.0.0.4",), {"127.0.0.4": "127.0.0.4"}, id="undeclared bit"),
        pytest.param(
            SURBL,
            ("127.0.0.46",),
            {"PH": "127.0.0.46", "127.0.0.2": "127.0.0.46", "127.0.0.4": "127.0.0.46", "127.0.0.32": "127.0.0.46"},
            id="undeclared bits beside a declared one",
        ),
        pytest.param(SURBL, ("127.0.1.8",), {"127.0.1.8": "127.0.1.8"}, id="bitmask code outside 127.0.0.x"),
        pytest.param(SURBL, ("127.1.0.1",), {"127.1.0.1": "127.1.0.1"}, id="refusal bit outside 127.0.0.x means nothing"),
        pytest.param(SURBL, ("127.0.0.0",), {"127.0.0.0": "127.0.0.0"}, id="bitmask without a bit"),
        pytest.param(NEUTRAL_BIT, ("127.0.0.6",), {"SPAM": "127.0.0.6"}, id="neutral bit beside a listing bit"),
        pytest.param(VALIDITY, ("127.0.0.1",), {"BOTNET": "127.0.0.1"}, id="127.0.0.1 is a listing at Validity"),
        pytest.param(DRONE, ("127.0.0.255",), {"DRONE": "127.0.0.255"}, id="127.0.0.255 is a listing at DroneBL"),
    ],
)
def test_codes_are_sorted_into_sublists(blocklist: Blocklist, addresses: tuple[str, ...], hits: dict[str, str]) -> None:
    """Every listing code counts for each sublist that it names, and for no other."""
    verdict = judge(blocklist, Kind.IPV4, answered(*addresses))
    assert isinstance(verdict, Listed)
    assert {hit.sublist: set(hit.codes) for hit in verdict.hits} == {name: set(codes.split()) for name, codes in hits.items()}


@pytest.mark.parametrize(
    ("code", "verdicts"),
    [
        pytest.param(
            "127.0.0.1",
            {SURBL: Unknown(Cause.REFUSED), KARMA: NotListed(), VALIDITY: on(BOTNET="127.0.0.1")},
            id="127.0.0.1",
        ),
        pytest.param(
            "127.0.0.255",
            {WHITE: Unknown(Cause.REFUSED), DRONE: on(DRONE="127.0.0.255"), PLAIN: on(**{"": "127.0.0.255"})},
            id="127.0.0.255",
        ),
    ],
)
def test_a_code_means_what_its_own_list_says(code: str, verdicts: dict[Blocklist, Verdict]) -> None:
    """One code is a refusal, a good word or a listing, depending on the list alone."""
    assert {blocklist: judge(blocklist, Kind.IPV4, answered(code)) for blocklist in verdicts} == verdicts


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        pytest.param("127.0.0.4", NotListed(), id="neutral bit alone"),
        pytest.param("127.0.0.8", on(EIGHT="127.0.0.8"), id="value before bits"),
        pytest.param("127.0.0.2", NotListed(), id="neutral value before bits"),
        pytest.param("127.0.0.18", on(TWO="127.0.0.18", SIXTEEN="127.0.0.18"), id="bits of a sum that is no value"),
    ],
)
def test_values_are_tried_before_bits(code: str, verdict: Verdict) -> None:
    """A list with values and bits matches the whole code first, and its bits only if no value matches."""
    blocklist = a_list(codes={2: "TWO", 16: "SIXTEEN", "127.0.0.8": "EIGHT"}, neutral=(4, "127.0.0.2"), refusal=())
    assert judge(blocklist, Kind.IPV4, answered(code)) == verdict


def test_a_neutral_bit_counts_without_a_code_table() -> None:
    """A bit that the list calls neutral is no listing, also if the list names no other bit."""
    assert judge(a_list(neutral=(1,)), Kind.IPV4, answered("127.0.0.1")) == NotListed()


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [(Kind.IPV4, Unknown(Cause.NO_DATA)), (Kind.IPV6, Unknown(Cause.NO_DATA)), (Kind.DOMAIN, NotListed())],
)
def test_an_empty_answer_is_judged_by_the_target_not_by_the_list(kind: Kind, verdict: Verdict) -> None:
    """On a list that holds both, an empty answer is unknown for an address and clean for a domain."""
    assert judge(a_list(kinds=tuple(Kind)), kind, NoData()) == verdict


@quick
@given(st.sampled_from(LISTS), st.sampled_from(Kind), st.sampled_from(Cause))
def test_a_failure_is_unknown_of_its_cause(blocklist: Blocklist, kind: Kind, cause: Cause) -> None:
    """No list and no kind of target makes anything else of a failure."""
    assert judge(blocklist, kind, Failure(cause)) == Unknown(cause)


@quick
@given(st.sampled_from(LISTS), ADDRESSES)
def test_listed_is_never_empty_and_sorted(blocklist: Blocklist, addresses: list[IPv4Address]) -> None:
    """A listing names at least one sublist, each once and in order, with codes that the answer held."""
    verdict = judge(blocklist, Kind.IPV4, Codes(tuple(addresses)))
    if isinstance(verdict, Listed):
        names = [hit.sublist for hit in verdict.hits]
        assert names
        assert names == sorted(set(names))
        for hit in verdict.hits:
            codes = [IPv4Address(code) for code in hit.codes]
            assert codes
            assert codes == sorted(set(codes) & set(addresses))


@quick
@given(st.sampled_from(LISTS), ADDRESSES, OUTSIDE, st.integers(0, 5))
def test_an_address_outside_127_anywhere_is_bogus(
    blocklist: Blocklist, addresses: list[IPv4Address], outside: IPv4Address, place: int
) -> None:
    """Wherever it stands, one address outside 127/8 makes the answer bogus for every list."""
    answer = Codes((*addresses[:place], outside, *addresses[place:]))
    assert judge(blocklist, Kind.IPV4, answer) == Unknown(Cause.BOGUS)


@quick
@given(st.sampled_from(LISTS), ADDRESSES, st.data())
def test_the_order_of_records_means_nothing(blocklist: Blocklist, addresses: list[IPv4Address], data: st.DataObject) -> None:
    """The same records in another order, or twice, give the same verdict."""
    shuffled = data.draw(st.permutations(addresses))
    assert judge(blocklist, Kind.IPV4, Codes((*shuffled, *addresses))) == judge(blocklist, Kind.IPV4, Codes(tuple(addresses)))
