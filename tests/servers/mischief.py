"""How a DNS server may answer, dishonestly: lies, forgeries, delays and silence.

Rule: one lie at a time. All else is right, the ID first of all, so a test knows what was refused.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import replace

import dns.flags
import dns.name
import dns.rcode
import dns.rdata
import dns.rrset

from tests.servers.behaviour import (
    TTL,
    Behaviour,
    Packet,
    Question,
    listed,
    records_by_type,
    reply,
    sent,
    with_records,
)


def silent(question: Question) -> list[Packet]:
    """Never answers; over TCP the connection stays open."""
    return []


def hang_up(question: Question) -> list[Packet]:
    """Closes the TCP connection instead of answering; never answers over UDP."""
    return [Packet(b"", hang_up=True)]


def truncated(inner: Behaviour) -> Behaviour:
    """Truncated and empty over UDP, `inner` over TCP."""

    def answer(question: Question) -> Iterable[Packet]:
        if question.transport == "tcp":
            return inner(question)
        message = reply(question)
        message.flags |= dns.flags.TC
        return [sent(question, message)]

    return answer


truncated_forever = truncated(silent)
truncated_then_closed = truncated(hang_up)


def wrong_question(*codes: str) -> Behaviour:
    """Listed, but another name than the one asked."""

    def answer(question: Question) -> list[Packet]:
        other = dns.name.from_text(f"other.{question.zone}")
        message = with_records(question, records_by_type(codes)["A"], other)
        asked = question.message.question[0]
        message.question = [dns.rrset.RRset(other, asked.rdclass, asked.rdtype)]
        return [sent(question, message)]

    return answer


def wrong_id(*codes: str) -> Behaviour:
    """Listed, but under another ID than the one asked with."""
    return lambda question: [
        replace(packet, wire=bytes([packet.wire[0] ^ 0x55]) + packet.wire[1:]) for packet in listed(*codes)(question)
    ]


def in_another_case(change: Callable[[bytes], bytes], inner: Behaviour) -> Behaviour:
    """`inner`, from one who repeats the name that was asked in another case: `bytes.lower`, `bytes.upper`."""

    def answer(question: Question) -> Iterable[Packet]:
        end = 12 + len(question.name) + 2
        for packet in inner(question):
            # The octets that tell how long a label is are no letters, so they stay.
            yield replace(packet, wire=packet.wire[:12] + change(packet.wire[12:end]) + packet.wire[end:])

    return answer


def not_a_response(inner: Behaviour) -> Behaviour:
    """The right answer, but with the QR bit of a query."""
    return lambda question: [
        replace(packet, wire=packet.wire[:2] + bytes([packet.wire[2] & 0x7F]) + packet.wire[3:]) for packet in inner(question)
    ]


def late(seconds: float, inner: Behaviour) -> Behaviour:
    """`inner`, so many seconds later."""
    return lambda question: [replace(packet, delay=packet.delay + seconds) for packet in inner(question)]


def from_elsewhere(inner: Behaviour) -> Behaviour:
    """`inner`, but over UDP from another port than the one asked."""
    return lambda question: [replace(packet, other_source=True) for packet in inner(question)]


def forged_first(fakes: Iterable[Behaviour], inner: Behaviour) -> Behaviour:
    """Some forgeries, and then the truth."""
    everything = (*fakes, inner)
    return lambda question: [packet for each in everything for packet in each(question)]


def sequence(*behaviours: Behaviour) -> Behaviour:
    """One behaviour after another, for each name and type; the last repeats."""
    seen: dict[tuple[str, str], int] = {}

    def answer(question: Question) -> Iterable[Packet]:
        key = (question.name.lower(), question.qtype)
        turn = seen.get(key, 0)
        seen[key] = turn + 1
        return behaviours[min(turn, len(behaviours) - 1)](question)

    return answer


def flaky(chance: random.Random, probability: float, inner: Behaviour) -> Behaviour:
    """Silent with this probability, else `inner`."""
    return lambda question: [] if chance.random() < probability else inner(question)


def cname_loop(question: Question) -> list[Packet]:
    """Two aliases of each other."""
    asked = question.message.question[0].name
    other = dns.name.from_text(f"loop.{question.zone}")
    message = with_records(question, [_cname(other)])
    message.answer.append(dns.rrset.from_rdata(other, TTL, _cname(asked)))
    return [sent(question, message)]


def error_with_empty_question(code: dns.rcode.Rcode) -> Behaviour:
    """A response code without the question, as some servers refuse."""

    def answer(question: Question) -> list[Packet]:
        message = reply(question)
        message.set_rcode(code)
        message.question = []
        return [sent(question, message)]

    return answer


def _cname(target: dns.name.Name) -> dns.rdata.Rdata:
    return dns.rdata.from_text("IN", "CNAME", target.to_text())


def together(zones: int, then: Behaviour) -> Behaviour:
    """Silence until so many zones have been asked, for all of them."""
    asked: set[str] = set()

    def behave(question: Question) -> Iterable[Packet]:
        asked.add(question.zone)
        return then(question) if len(asked) == zones else []

    return behave
