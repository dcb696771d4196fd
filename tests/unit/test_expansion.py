"""What names lead to by A, AAAA and MX, and what every expansion keeps to."""

import asyncio

import pytest

from exporter.expansion import Answer, Found, Limits, Question, Reason, RecordKind, Stopped, Way, expand, resolve
from exporter.target import parse
from exporter.verdict import Cause
from tests.unit.naming import NAME, WATCHING_ALL, World, answer_of, play

V4, OTHER_V4, V6 = "192.0.2.1", "192.0.2.2", "2001:db8::1"
BOTH = [f"A {V4}", f"AAAA {V6}"]
TWELVE = {
    NAME: [f"MX {number} mx{number:02}.example.com" for number in range(12)],
    **{f"mx{number:02}.example.com": [f"A 192.0.2.{number}"] for number in range(12)},
}
TEN_OF_TWELVE = [f"192.0.2.{number}" for number in range(10)]


@pytest.mark.parametrize(
    ("way", "world", "targets", "skipped", "questions"),
    [
        pytest.param(Way.HOST, {NAME: BOTH}, [V4, V6], [], 2, id="host with both"),
        pytest.param(Way.HOST, {NAME: [f"AAAA {V6}"]}, [V6], [], 2, id="host with IPv6 alone"),
        pytest.param(Way.HOST, {NAME: [f"A {OTHER_V4}", f"A {V4}"]}, [V4, OTHER_V4], [], 2, id="sorted, whatever the order"),
        pytest.param(Way.HOST, {NAME: [f"A {V4}", f"A {V4}"]}, [V4], [], 2, id="twice the same"),
        pytest.param(Way.HOST, {NAME: [f"A {V4}", f"AAAA ::ffff:{V4}"]}, [V4], [], 2, id="mapped is IPv4"),
        pytest.param(Way.HOST, {NAME: [f"A {V4}", "A nonsense"]}, [V4], ["bad_record: nonsense"], 2, id="no address"),
        pytest.param(Way.HOST, {NAME: [f"A {V4}", f"A {V6}"]}, [V4], [f"bad_record: {V6}"], 2, id="of the other version"),
        pytest.param(Way.HOST, {NAME: [f"A {V4}", "AAAA fe80::1%1"]}, [V4], ["bad_record: fe80::1%1"], 2, id="with a scope"),
        pytest.param(Way.A, {NAME: BOTH}, [V4, V6], [], 2, id="a domain's own"),
        pytest.param(Way.A, {NAME: ["TXT x"]}, [], [f"no_records: {NAME}"], 2, id="domain without address"),
        pytest.param(
            Way.MX,
            {NAME: ["MX 20 b.example.com", "MX 10 a.example.com"], "a.example.com": [f"A {OTHER_V4}"], "b.example.com": BOTH},
            [OTHER_V4, V4, V6],
            [],
            5,
            id="the preferred exchange first",
        ),
        pytest.param(
            Way.MX,
            {
                NAME: ["MX 10 b.example.com", "MX 10 a.example.com"],
                "a.example.com": [f"A {V4}"],
                "b.example.com": [f"A {OTHER_V4}"],
            },
            [V4, OTHER_V4],
            [],
            5,
            id="equally preferred, by name",
        ),
        pytest.param(
            Way.MX, {NAME: ["MX 10 A.Example.COM"], "a.example.com": [f"A {V4}"]}, [V4], [], 3, id="exchange in upper case"
        ),
        pytest.param(
            Way.MX,
            {NAME: ["MX 10 a.example.com", "MX 20 a.example.com"], "a.example.com": [f"A {V4}"]},
            [V4],
            [],
            3,
            id="an exchange twice is asked for once",
        ),
        pytest.param(Way.MX, {NAME: ["MX 0 ."]}, [], [f"null_mx: MX of {NAME}"], 1, id="null MX"),
        pytest.param(
            Way.MX,
            {NAME: ["MX 0 .", "MX 10 a.example.com"], "a.example.com": [f"A {V4}"]},
            [V4],
            ["bad_record: MX 0 ."],
            3,
            id="null MX that is not alone",
        ),
        pytest.param(Way.MX, {NAME: BOTH}, [V4, V6], [], 3, id="implicit MX"),
        pytest.param(Way.MX, {NAME: ["TXT x"]}, [], [f"no_records: {NAME}"], 3, id="neither MX nor address"),
        pytest.param(
            Way.MX,
            {NAME: ["MX 10 gone.example.com", "MX 20 a.example.com"], "a.example.com": [f"A {V4}"]},
            [V4],
            ["no_records: MX 10 gone.example.com"],
            5,
            id="exchange that does not exist",
        ),
        pytest.param(Way.MX, {NAME: [f"MX 10 {V4}"]}, [], [f"bad_record: MX 10 {V4}"], 1, id="exchange that is an address"),
        pytest.param(Way.MX, {NAME: ["MX 10 mail"]}, [], ["bad_record: MX 10 mail"], 1, id="exchange of one label"),
        pytest.param(Way.MX, {NAME: ["MX x"]}, [], ["bad_record: MX 65536 (x)"], 1, id="no MX record at all"),
        pytest.param(
            Way.MX, TWELVE, TEN_OF_TWELVE, [f"too_many_exchanges: 2 exchanges of {NAME}"], 21, id="the ten preferred exchanges"
        ),
    ],
)
def test_a_name_leads_to_its_addresses(way: Way, world: World, targets: list[str], skipped: list[str], questions: int) -> None:
    """Exactly these, in this order, with so many questions, and what is left out is said."""
    played = play(way, world)
    assert (played.targets, played.skipped, len(played.questions)) == (targets, skipped, questions)
    assert played.found.broken == ""


@pytest.mark.parametrize(
    ("name", "world", "broken"),
    [
        pytest.param(NAME, {}, "example.com does not exist.", id="no such host"),
        pytest.param(NAME, {NAME: ["TXT x"]}, "example.com has no address.", id="no address"),
        pytest.param("", {}, " is no name of a host or domain.", id="no name"),
        pytest.param(V4, {}, "192.0.2.1 is no name of a host or domain.", id="an address"),
        pytest.param("a..b", {}, "a..b is no name of a host or domain.", id="an empty label"),
        pytest.param("x\n.example", {}, "x\\n.example is no name of a host or domain.", id="a control character"),
    ],
)
def test_a_host_without_address_is_broken(name: str, world: World, broken: str) -> None:
    """The config says that it is a host, so this is a fault."""
    assert play(Way.HOST, world, name=name).found == Found((), (), broken)


@pytest.mark.parametrize("way", [Way.A, Way.MX, Way.SPF])
def test_a_domain_that_does_not_exist_is_broken(way: Way) -> None:
    """It was mistyped, or it lapsed: that is no domain without mail."""
    assert play(way, {}).found == Found((), (), "example.com does not exist.")


def test_a_name_is_asked_for_in_its_one_spelling() -> None:
    """Whatever its case, and with a final dot or without."""
    assert play(Way.HOST, {NAME: BOTH}, name="Example.COM.").questions == (
        Question(NAME, RecordKind.A),
        Question(NAME, RecordKind.AAAA),
    )


@pytest.mark.parametrize(
    ("way", "world", "question"),
    [
        (Way.HOST, {NAME: ["A !timeout", f"AAAA {V6}"]}, Question(NAME, RecordKind.A)),
        (Way.HOST, {NAME: [f"A {V4}", "AAAA !timeout"]}, Question(NAME, RecordKind.AAAA)),
        (Way.A, {NAME: ["A !timeout"]}, Question(NAME, RecordKind.A)),
        (Way.MX, {NAME: ["MX !timeout", f"A {V4}"]}, Question(NAME, RecordKind.MX)),
        (
            Way.MX,
            {NAME: ["MX 10 a.example.com", "MX 20 b.example.com"], "a.example.com": BOTH, "b.example.com": ["AAAA !timeout"]},
            Question("b.example.com", RecordKind.AAAA),
        ),
        (Way.SPF, {NAME: ["TXT !timeout"]}, Question(NAME, RecordKind.TXT)),
        (Way.SPF, {NAME: [f"TXT v=spf1 ip4:{V4} a -all", "A !timeout"]}, Question(NAME, RecordKind.A)),
        (Way.SPF, {NAME: [f"TXT v=spf1 ip4:{V4} mx -all", "MX !timeout"]}, Question(NAME, RecordKind.MX)),
        (
            Way.SPF,
            {NAME: [f"TXT v=spf1 ip4:{V4} -include:b.example.com -all"], "b.example.com": ["TXT !timeout"]},
            Question("b.example.com", RecordKind.TXT),
        ),
    ],
)
def test_a_failure_of_dns_stops_everything(way: Way, world: World, question: Question) -> None:
    """Half a set would look like a removal of the other half."""
    assert play(way, world).outcome == Stopped(Cause.TIMEOUT, question)


def test_addresses_that_strangers_cannot_list_are_left_out() -> None:
    """Of private, documentation, loopback and multicast addresses no public list has an opinion."""
    world = {NAME: ["A 10.0.0.1", "A 8.8.8.8", "A 192.0.2.1", "A 224.0.0.1", "A 127.0.0.1", "AAAA ::1", "AAAA fe80::1"]}
    played = play(Way.HOST, world, non_global=False)
    assert played.targets == ["8.8.8.8"]
    assert [skipped.why for skipped in played.found.skipped] == [
        "Strangers cannot list what is not globally reachable: 10.0.0.1, 127.0.0.1, 192.0.2.1 ….",
        "Strangers cannot list what is not globally reachable: ::1, fe80::1.",
    ]
    assert {skipped.reason for skipped in played.found.skipped} == {Reason.NOT_GLOBAL}


def test_a_host_of_private_addresses_alone_is_not_broken() -> None:
    """It has addresses, and what becomes of them is said."""
    played = play(Way.HOST, {NAME: ["A 10.0.0.1"]}, non_global=False)
    assert (played.targets, played.skipped, played.found.broken) == ([], [f"not_global: {NAME}"], "")


def test_so_many_addresses_are_watched_and_the_rest_is_counted() -> None:
    """The first in the order of preference."""
    world = {NAME: [f"A 192.0.2.{number}" for number in range(70)]}
    played = play(Way.HOST, world)
    assert played.targets == [f"192.0.2.{number}" for number in range(64)]
    assert [skipped.why for skipped in played.found.skipped] == ["Of 70 addresses the first 64 are watched (most_addresses: 64)."]


def test_what_is_left_out_is_bounded_and_the_rest_is_counted() -> None:
    """A hostile domain cannot fill the page."""
    world = {NAME: [f"A nonsense-{number}" for number in range(150)]}
    skipped = play(Way.A, world).skipped
    assert len(skipped) == 101
    assert skipped[-1] == "more: and 50 more"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        pytest.param("a\x00b\x1b[31m\r\n", r"a\x00b\x1b[31m\r\n", id="control characters"),
        pytest.param("a\u202eb", r"a\u202eb", id="right to left"),
        pytest.param("a\udcffb", r"a\udcffb", id="octets that are no UTF-8"),
        pytest.param("x" * 80, "x" * 80, id="80 characters"),
        pytest.param("x" * 81, "x" * 77 + "...", id="81 characters"),
        pytest.param("\x00" * 80, (r"\x00" * 80)[:77] + "...", id="long once escaped"),
    ],
)
def test_text_from_dns_is_shown_short_and_harmless(written: str, shown: str) -> None:
    """One line of ASCII."""
    [skipped] = play(Way.A, {NAME: [f"A {written}"]}).found.skipped
    assert skipped.what == shown


def test_thousands_of_exchanges_cost_no_more_than_ten() -> None:
    """A hostile domain makes us ask for ten."""
    world = {NAME: [f"MX 10 mx{number}.example.com" for number in range(4000)]}
    assert len(play(Way.MX, world).questions) == 21


def test_resolving_asks_until_there_is_nothing_more_to_ask() -> None:
    """The driver hands questions out and answers in."""
    asked: list[Question] = []

    async def ask(question: Question) -> Answer:
        asked.append(question)
        await asyncio.sleep(0)
        return answer_of({NAME: BOTH}, question)

    outcome = asyncio.run(resolve(expand(Way.HOST, NAME, WATCHING_ALL, non_global=True), ask))
    assert outcome == Found((parse(V4), parse(V6)))
    assert [question.kind for question in asked] == [RecordKind.A, RecordKind.AAAA]


def test_limits_skip_known_providers_by_default() -> None:
    """Their addresses are not the user's."""
    assert "_spf.google.com" in Limits().skip_includes
