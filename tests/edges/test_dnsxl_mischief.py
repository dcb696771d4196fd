"""Servers that lie, stay silent or talk nonsense: each answer has its verdict, and none is ever clean."""

import asyncio
import random
import socket
from collections.abc import Iterable
from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import pytest

from exporter.blocklist import Blocklist
from exporter.target import parse
from exporter.verdict import Cause, Listed, NotListed, Unknown, Verdict
from tests.edges.lists import (
    ADDRESSES,
    ATTEMPT_SECONDS,
    CLEAN,
    DOMAINS,
    NAME,
    TARGET,
    ZONE,
    ask,
    dnsxl,
    listed,
    run,
    unknown,
    verdict,
)
from tests.servers import behaviour as honest
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, Packet, Question, absent, reply, sent
from tests.servers.garbage import GARBAGE
from tests.servers.ports import bound_pair
from tests.servers.rude import Asked, Rude

LIE = "127.0.0.9"


def codes(count: int) -> Verdict:
    """What `honest.many` lists with."""
    return listed(*(f"127.0.{number // 256}.{number % 256}" for number in range(2, count + 2)))


def absent_and_listed(question: Question) -> list[Packet]:
    """NXDOMAIN that holds a code all the same."""
    message = honest.with_records(question, honest.records_by_type([LIE])["A"])
    message.set_rcode(dns.rcode.NXDOMAIN)
    return [sent(question, message)]


def code_of_another_name(question: Question) -> list[Packet]:
    """The right question, and the code of a name that was not asked for."""
    other = dns.name.from_text(f"other.{question.zone}")
    return [sent(question, honest.with_records(question, honest.records_by_type([LIE])["A"], other))]


def alias_that_does_not_exist(question: Question) -> list[Packet]:
    """NXDOMAIN of the name that an alias leads to."""
    message = honest.with_records(question, [dns.rdata.from_text("IN", "CNAME", f"alias.{question.zone}.")])
    message.set_rcode(dns.rcode.NXDOMAIN)
    return [sent(question, message)]


def in_capitals(inner: Behaviour) -> Behaviour:
    """`inner`, from one who does not know the case in which the name was asked (draft-vixie-dnsext-dns0x20)."""
    return mischief.in_another_case(bytes.upper, inner)


def cut_inside_a_record(question: Question) -> list[Packet]:
    """Over UDP the first 300 octets, marked as cut off, as servers older than RFC 2181 do; whole over TCP."""
    whole = honest.many(60)(question)
    if question.transport == "tcp":
        return list(whole)
    return [Packet(packet.wire[:2] + bytes([packet.wire[2] | 0x02]) + packet.wire[3:300]) for packet in whole]


def cut_off_everywhere(question: Question) -> list[Packet]:
    """Marked as cut off and empty, over TCP too."""
    message = reply(question)
    message.flags |= dns.flags.TC
    return [sent(question, message)]


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        pytest.param(honest.listed("127.0.0.4"), listed("127.0.0.4"), id="listed"),
        pytest.param(absent, CLEAN, id="clean"),
        pytest.param(honest.nodata, unknown(Cause.NO_DATA), id="NOERROR without A"),
        pytest.param(honest.servfail, unknown(Cause.SERVFAIL), id="SERVFAIL"),
        pytest.param(honest.refused, unknown(Cause.REFUSED_RCODE), id="REFUSED"),
        pytest.param(honest.formerr, unknown(Cause.FORMERR), id="FORMERR"),
        pytest.param(honest.notimp, unknown(Cause.OTHER_RCODE), id="NOTIMP"),
        pytest.param(mischief.error_with_empty_question(dns.rcode.REFUSED), unknown(Cause.REFUSED_RCODE), id="bare REFUSED"),
        pytest.param(mischief.error_with_empty_question(dns.rcode.SERVFAIL), unknown(Cause.SERVFAIL), id="bare SERVFAIL"),
        pytest.param(mischief.error_with_empty_question(dns.rcode.FORMERR), unknown(Cause.FORMERR), id="bare FORMERR"),
        pytest.param(honest.many(60), codes(60), id="60 codes"),
        pytest.param(honest.many(200), codes(200), id="200 codes, cut off, over TCP"),
        pytest.param(mischief.truncated(honest.many(60)), codes(60), id="cut off, 60 codes over TCP"),
        pytest.param(mischief.truncated(absent), CLEAN, id="cut off, clean over TCP"),
        pytest.param(mischief.truncated(honest.servfail), unknown(Cause.SERVFAIL), id="cut off, SERVFAIL over TCP"),
        pytest.param(mischief.truncated(mischief.wrong_id(LIE)), unknown(Cause.MALFORMED), id="cut off, wrong ID over TCP"),
        pytest.param(
            mischief.truncated(mischief.wrong_question(LIE)), unknown(Cause.MALFORMED), id="cut off, wrong name over TCP"
        ),
        pytest.param(mischief.truncated_then_closed, unknown(Cause.MALFORMED), id="cut off, hung up over TCP"),
        pytest.param(cut_inside_a_record, codes(60), id="cut off inside a record, 60 codes over TCP"),
        pytest.param(honest.listed("192.0.2.1"), unknown(Cause.BOGUS), id="A outside 127/8"),
        pytest.param(honest.listed("127.0.0.2", "192.0.2.1"), unknown(Cause.BOGUS), id="a code and an A outside 127/8"),
        pytest.param(honest.listed("127.255.255.254"), unknown(Cause.REFUSED), id="refusal code"),
        pytest.param(honest.listed("127.0.0.2", "127.255.255.255"), unknown(Cause.REFUSED), id="a code and a refusal code"),
        pytest.param(honest.cname_then("127.0.0.4"), listed("127.0.0.4"), id="CNAME and A"),
        pytest.param(honest.cname_then("192.0.2.1"), unknown(Cause.BOGUS), id="CNAME and A outside 127/8"),
        pytest.param(honest.cname_then(), unknown(Cause.NO_DATA), id="CNAME to nothing"),
        pytest.param(alias_that_does_not_exist, CLEAN, id="CNAME to a name that does not exist"),
        pytest.param(mischief.cname_loop, unknown(Cause.MALFORMED), id="CNAME loop"),
        pytest.param(absent_and_listed, unknown(Cause.MALFORMED), id="NXDOMAIN with a code"),
        pytest.param(code_of_another_name, unknown(Cause.NO_DATA), id="code of another name"),
    ],
)
def test_an_answer_has_the_verdict_of_the_table(rude: Rude, behaviour: Behaviour, expected: Verdict) -> None:
    """Whatever a server answers, it means what the table says, and at once."""
    rude.behave(ZONE, behaviour)
    assert ask(dnsxl(rude.address)) == expected


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        pytest.param(mischief.silent, Cause.TIMEOUT, id="silence"),
        pytest.param(mischief.late(60, honest.listed(LIE)), Cause.TIMEOUT, id="too late"),
        pytest.param(mischief.from_elsewhere(honest.listed(LIE)), Cause.TIMEOUT, id="from another port"),
        pytest.param(mischief.truncated_forever, Cause.TIMEOUT, id="cut off, silent over TCP"),
        pytest.param(mischief.wrong_question(LIE), Cause.MALFORMED, id="another name"),
        pytest.param(mischief.wrong_id(LIE), Cause.MALFORMED, id="a wrong ID"),
        pytest.param(in_capitals(honest.listed(LIE)), Cause.MALFORMED, id="the name in capitals"),
        pytest.param(in_capitals(absent), Cause.MALFORMED, id="clean, with the name in capitals"),
        pytest.param(mischief.not_a_response(honest.listed(LIE)), Cause.MALFORMED, id="a query for an answer"),
        pytest.param(mischief.not_a_response(absent), Cause.MALFORMED, id="a query that says NXDOMAIN"),
        pytest.param(mischief.error_with_empty_question(dns.rcode.NOERROR), Cause.MALFORMED, id="bare NOERROR"),
        pytest.param(mischief.error_with_empty_question(dns.rcode.NXDOMAIN), Cause.MALFORMED, id="bare NXDOMAIN"),
        *(pytest.param(behaviour, Cause.MALFORMED, id=name) for name, behaviour in GARBAGE.items()),
    ],
)
def test_what_is_no_answer_is_waited_past(rude: Rude, behaviour: Behaviour, cause: Cause) -> None:
    """A packet that is no answer to our question counts for nothing; the cause says whether any came."""
    rude.behave(ZONE, behaviour)
    assert ask(dnsxl(rude.address, timeout=ATTEMPT_SECONDS)) == unknown(cause)


@pytest.mark.parametrize("blocklist", [ADDRESSES, DOMAINS])
def test_an_answer_cut_off_over_tcp_too_is_malformed(rude: Rude, blocklist: Blocklist) -> None:
    """What is cut off over TCP as well is no answer: least of all the clean one that an empty answer of a domain list is."""
    rude.behave(blocklist.zone, cut_off_everywhere)
    target = TARGET if blocklist is ADDRESSES else parse("bad.example")
    assert ask(dnsxl(rude.address), blocklist, target) == unknown(Cause.MALFORMED)


def test_an_empty_answer_about_a_domain_is_clean(rude: Rude) -> None:
    """NOERROR without A says of a domain that only names below it are listed."""
    rude.behave(DOMAINS.zone, honest.nodata)
    assert ask(dnsxl(rude.address), DOMAINS, parse("bad.example")) == CLEAN


@pytest.mark.parametrize(("truth", "expected"), [(honest.listed("127.0.0.4"), listed("127.0.0.4")), (absent, CLEAN)])
def test_the_truth_wins_over_forgeries_before_it(rude: Rude, truth: Behaviour, expected: Verdict) -> None:
    """Forged answers neither count nor keep the true one out."""
    fakes = [
        mischief.wrong_id(LIE),
        mischief.from_elsewhere(honest.listed(LIE)),
        mischief.wrong_question(LIE),
        mischief.not_a_response(honest.listed(LIE)),
        mischief.error_with_empty_question(dns.rcode.NXDOMAIN),
        *GARBAGE.values(),
    ]
    rude.behave(ZONE, mischief.forged_first(fakes, truth))
    assert ask(dnsxl(rude.address)) == expected


def test_the_truth_wins_over_one_who_does_not_know_the_case(rude: Rude) -> None:
    """An answer with everything right but the case of the name neither counts nor keeps the true one out."""
    rude.behave(ZONE, mischief.forged_first([in_capitals(honest.listed(LIE)), in_capitals(absent)], honest.listed("127.0.0.4")))
    assert ask(dnsxl(rude.address)) == listed("127.0.0.4")
    assert rude.count(ZONE) == 1


def test_a_late_answer_is_not_taken_for_that_of_a_later_question(rude: Rude) -> None:
    """What comes after the time-out is lost, also while the same question is being asked again."""
    provider = dnsxl(rude.address, timeout=0.9)

    async def under(behaviour: Behaviour) -> Verdict:
        rude.behave(ZONE, behaviour)
        return await verdict(provider)

    async def twice() -> list[Verdict]:
        return [await under(mischief.late(1.2, honest.listed(LIE))), await under(mischief.late(0.6, absent))]

    assert run(twice()) == [unknown(Cause.TIMEOUT), CLEAN]


def test_answers_do_not_mix_when_all_are_asked_at_once(rude: Rude) -> None:
    """Of hundred questions in flight each gets its own answer."""
    listings = {f"{octet}.2.0.192": f"127.0.1.{octet}" for octet in range(0, 100, 2)}
    rude.behave(ZONE, honest.zone_data(listings))

    async def all_at_once() -> list[Verdict]:
        provider = dnsxl(rude.address)
        return await asyncio.gather(*(verdict(provider, target=parse(f"192.0.2.{octet}")) for octet in range(100)))

    assert run(all_at_once()) == [CLEAN if octet % 2 else listed(f"127.0.1.{octet}") for octet in range(100)]


def test_without_tcp_a_cut_off_answer_is_a_network_error() -> None:
    """When nobody listens on TCP, what was cut off is not taken for the answer."""
    udp, tcp = bound_pair()
    tcp.close()

    async def ask_it() -> Verdict:
        udp.setblocking(False)
        answering = asyncio.create_task(_answer_cut_off(udp))
        found = await verdict(dnsxl(f"127.0.0.1:{udp.getsockname()[1]}"))
        answering.cancel()
        return found

    with udp:
        assert run(ask_it()) == unknown(Cause.NETWORK)


async def _answer_cut_off(udp: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        wire, peer = await loop.sock_recvfrom(udp, 65535)
        message = dns.message.make_response(dns.message.from_wire(wire))
        message.flags |= dns.flags.TC
        await loop.sock_sendto(udp, message.to_wire(), peer)


def mutated(question: Question) -> Iterable[Packet]:
    """An honest answer with a few octets changed, behind the ID; the same for the same name."""
    chance = random.Random(question.name.lower())
    honest_ones = [honest.listed("127.0.0.4", LIE), absent, honest.cname_then("127.0.0.4"), honest.nodata]
    for packet in chance.choice(honest_ones)(question):
        wire = bytearray(packet.wire)
        for _ in range(chance.randint(1, 6)):
            wire[chance.randrange(2, len(wire))] = chance.randrange(256)
        yield Packet(bytes(wire[: chance.randint(12, len(wire))] if chance.random() < 0.2 else wire))


def test_no_broken_answer_breaks_the_asking(rude: Rude) -> None:
    """Hundreds of answers that were changed on the way: each gives a verdict, and none an exception."""
    rude.behave(ZONE, mutated)

    async def all_of_them() -> list[Verdict]:
        provider = dnsxl(rude.address, timeout=ATTEMPT_SECONDS / 8)
        found: list[Verdict] = []
        for octet in range(4):
            asked = (verdict(provider, target=parse(f"10.0.{octet}.{last}")) for last in range(75))
            found += await asyncio.gather(*asked)
        return found

    found = run(all_of_them())
    assert {type(each) for each in found} == {Listed, NotListed, Unknown}


def test_only_the_question_itself_is_asked(rude: Rude) -> None:
    """One question is one packet: an A, of the absolute name, over UDP, and no TXT."""
    rude.behave(ZONE, honest.listed("127.0.0.4", txt="because"))
    ask(dnsxl(rude.address, attempts=3))
    assert [replace(asked, name=asked.name.lower()) for asked in rude.questions] == [Asked(NAME, "A", "udp")]
