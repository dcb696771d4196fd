"""Whether a list may be believed."""

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.blocklist import ListingClass, TestEntries
from exporter.health import Health, TestResult, assess, questions, trust
from exporter.target import Kind, parse_test_entry
from exporter.verdict import Cause, NotListed, Unknown, Verdict
from tests.unit.builders import a_list, on, quick

LISTED = on(SBL="127.0.0.2")
CLEAN = NotListed()
OTHER_CAUSES = sorted(set(Cause) - {Cause.REFUSED, Cause.REFUSED_RCODE, Cause.BOGUS, Cause.NO_DATA})
VERDICTS = st.one_of(st.just(LISTED), st.just(CLEAN), st.sampled_from(Cause).map(Unknown))
RESULTS = st.lists(st.builds(TestResult, st.booleans(), VERDICTS), max_size=5).map(tuple)


def results(positive: Verdict, *negatives: Verdict) -> tuple[TestResult, ...]:
    """What came of an entry that must be listed, and of those that must not be."""
    return (TestResult(True, positive), *(TestResult(False, verdict) for verdict in negatives))


@pytest.mark.parametrize(
    ("positive", "negatives", "health"),
    [
        pytest.param(LISTED, [CLEAN, CLEAN], Health.OK, id="as it must be"),
        pytest.param(on(SUOMI="127.0.0.99"), [CLEAN, CLEAN], Health.OK, id="another code than 127.0.0.2"),
        pytest.param(CLEAN, [CLEAN, CLEAN], Health.SILENT, id="NXDOMAIN for all: emptied, or a resolver that drops it"),
        pytest.param(Unknown(Cause.NO_DATA), [CLEAN, CLEAN], Health.SILENT, id="rebinding protection"),
        pytest.param(LISTED, [LISTED, LISTED], Health.EVERYTHING, id="lists the world"),
        pytest.param(LISTED, [CLEAN, LISTED], Health.EVERYTHING, id="lists the world but for 127.0.0.1"),
        pytest.param(LISTED, [LISTED, CLEAN], Health.EVERYTHING, id="lists 127.0.0.1"),
        pytest.param(Unknown(Cause.REFUSED), [CLEAN, CLEAN], Health.REFUSED, id="refusal code"),
        pytest.param(Unknown(Cause.REFUSED_RCODE), [CLEAN, CLEAN], Health.REFUSED, id="REFUSED"),
        pytest.param(LISTED, [CLEAN, Unknown(Cause.REFUSED)], Health.REFUSED, id="refusal of a negative"),
        pytest.param(Unknown(Cause.BOGUS), [Unknown(Cause.BOGUS), CLEAN], Health.BOGUS, id="parked"),
        pytest.param(LISTED, [CLEAN, Unknown(Cause.BOGUS)], Health.BOGUS, id="wildcard outside 127/8"),
        pytest.param(Unknown(Cause.TIMEOUT), [Unknown(Cause.TIMEOUT), CLEAN], Health.UNREACHABLE, id="time-outs"),
        pytest.param(LISTED, [CLEAN, Unknown(Cause.TIMEOUT)], Health.UNREACHABLE, id="one time-out"),
        pytest.param(LISTED, [Unknown(Cause.NO_DATA), CLEAN], Health.UNREACHABLE, id="negative without an A"),
        pytest.param(CLEAN, [Unknown(Cause.REFUSED), CLEAN], Health.REFUSED, id="a refusal explains silence"),
        pytest.param(Unknown(Cause.BOGUS), [Unknown(Cause.REFUSED), CLEAN], Health.REFUSED, id="refused before bogus"),
        pytest.param(Unknown(Cause.BOGUS), [LISTED, CLEAN], Health.BOGUS, id="bogus before everything"),
        pytest.param(CLEAN, [LISTED, CLEAN], Health.EVERYTHING, id="everything before silent"),
        pytest.param(Unknown(Cause.TIMEOUT), [LISTED, CLEAN], Health.EVERYTHING, id="everything before unreachable"),
        pytest.param(CLEAN, [Unknown(Cause.TIMEOUT), CLEAN], Health.SILENT, id="silent before unreachable"),
    ],
)
def test_results_of_a_test_show_the_health(positive: Verdict, negatives: list[Verdict], health: Health) -> None:
    """What says most about the cause decides."""
    assert assess(results(positive, *negatives)) is health


@pytest.mark.parametrize("cause", OTHER_CAUSES)
def test_an_answer_that_never_came_shows_nothing_else(cause: Cause) -> None:
    """Every other cause on a test entry makes the list unreachable."""
    assert assess(results(Unknown(cause), NotListed(), NotListed())) is Health.UNREACHABLE


def test_one_of_several_positives_missing_is_silence() -> None:
    """Each entry that must be listed has to be, not one of them."""
    assert assess((TestResult(True, LISTED), TestResult(True, CLEAN), TestResult(False, CLEAN))) is Health.SILENT


def test_no_results_are_untested() -> None:
    """A list without test entries is untested, not ok."""
    assert assess(()) is Health.UNTESTED


@quick
@given(RESULTS)
def test_only_what_is_all_right_is_ok(shown: tuple[TestResult, ...]) -> None:
    """A list is ok exactly if there are results and each is what it must be."""
    right = [result.verdict == (LISTED if result.must_be_listed else CLEAN) for result in shown]
    assert (assess(shown) is Health.OK) is (bool(right) and all(right))


@quick
@given(RESULTS)
def test_the_order_of_results_means_nothing(shown: tuple[TestResult, ...]) -> None:
    """The same results the other way round show the same health."""
    assert assess(shown[::-1]) is assess(shown)


def test_the_entries_of_the_list_are_asked_with_what_they_must_be() -> None:
    """The questions are the list's own entries, each with its due result, and one negative more."""
    entries = TestEntries(
        (parse_test_entry("127.0.0.2"), parse_test_entry("127.0.0.5")),
        (parse_test_entry("127.0.0.1"), parse_test_entry("192.0.2.1")),
    )
    asked = questions(a_list(test_entries=entries), 5)
    assert [(target.text, must) for target, must in asked[:-1]] == [
        ("127.0.0.2", True),
        ("127.0.0.5", True),
        ("127.0.0.1", False),
        ("192.0.2.1", False),
    ]
    assert not asked[-1][1]


def test_an_untested_list_is_asked_nothing() -> None:
    """A list without test entries has no questions, no second negative either."""
    assert questions(a_list(test_entries=None), 5) == ()


@pytest.mark.parametrize("randomness", [0, 1, 2**17 - 1, 2**17, 2**64 - 1, 2**64, 2**80 - 1, 2**80, 2**96 - 1])
@pytest.mark.parametrize("listed", ["127.0.0.2", "::ffff:7f00:2", "test"])
def test_the_second_negative_is_one_that_nobody_lists(listed: str, randomness: int) -> None:
    """The second negative is of the entries' kind, in benchmarking space or under .invalid."""
    entry = parse_test_entry(listed)
    target, _ = questions(a_list(test_entries=TestEntries((entry,), ())), randomness)[-1]
    assert target.kind is entry.kind
    match target.kind:
        case Kind.IPV4:
            assert ip_address(target.text) in IPv4Network("198.18.0.0/15")
        case Kind.IPV6:
            assert ip_address(target.text) in IPv6Network("2001:2::/48")
        case Kind.DOMAIN:
            assert len(target.text.removesuffix(".invalid")) == 16
            assert target == parse_test_entry(target.text)


@pytest.mark.parametrize("listed", ["127.0.0.2", "::ffff:7f00:2", "test"])
def test_the_second_negative_is_new_each_time(listed: str) -> None:
    """Other randomness gives another second negative, and the same gives the same."""
    blocklist = a_list(test_entries=TestEntries((parse_test_entry(listed),), ()))
    assert len({questions(blocklist, randomness)[-1] for randomness in [*range(100), *range(100)]}) == 100


@pytest.mark.parametrize(("listed", "not_listed"), [("192.168.1.1", "8.8.8.8"), ("2001:db8::242", "2620:fe::fe")])
def test_a_list_of_bogons_has_no_second_negative(listed: str, not_listed: str) -> None:
    """Benchmarking space is a bogon itself: such a list would seem to list everything."""
    entries = TestEntries((parse_test_entry(listed),), (parse_test_entry(not_listed),))
    blocklist = a_list(test_entries=entries)
    bogons = replace(blocklist, default=replace(blocklist.default, listing_class=ListingClass.BOGON))
    assert questions(bogons, 5) == ((entries.listed[0], True), (entries.not_listed[0], False))


@pytest.mark.parametrize("verdict", [LISTED, CLEAN, Unknown(Cause.TIMEOUT)], ids=["listed", "clean", "unknown"])
@pytest.mark.parametrize(
    ("health", "trusted"),
    [
        (Health.OK, True),
        (Health.UNTESTED, True),
        (Health.SILENT, False),
        (Health.EVERYTHING, False),
        (Health.REFUSED, False),
        (Health.BOGUS, False),
        (Health.UNREACHABLE, False),
    ],
)
def test_only_a_list_that_is_ok_or_untested_is_trusted(health: Health, trusted: bool, verdict: Verdict) -> None:
    """A trusted list's verdict stands; any other list's is unknown for being unhealthy, listing and clean alike."""
    assert health.trusted is trusted
    assert trust(verdict, health) == (verdict if trusted else Unknown(Cause.UNHEALTHY))
