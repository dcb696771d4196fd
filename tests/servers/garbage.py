"""Answers that are no DNS messages.

Rule: what is long enough to have an ID has the right one, so that it gets as far as it can.
"""

import random
import struct

import dns.name

from tests.servers.behaviour import TTL, Behaviour, Packet, Question

HEADER = struct.Struct("!6H")
RESPONSE = 0x8580  # QR, AA, RD, RA


def empty_datagram(question: Question) -> list[Packet]:
    """Nothing, but sent."""
    return [Packet(b"")]


def five_bytes(question: Question) -> list[Packet]:
    """Less than a header."""
    return [Packet(question.wire[:5])]


def random_bytes(question: Question) -> list[Packet]:
    """The right ID, then noise (the same for the same query)."""
    return [Packet(question.wire[:2] + random.Random(question.wire).randbytes(80))]


def lying_counts(question: Question) -> list[Packet]:
    """A header alone that promises a question and an answer."""
    return [Packet(_header(question, 1, 1))]


def missing_answers(question: Question) -> list[Packet]:
    """The question, and a promise of 65535 answers."""
    return [Packet(_header(question, 1, 65535) + _question(question))]


def pointer_loop(question: Question) -> list[Packet]:
    """An answer whose owner is a compression pointer to itself."""
    start = _header(question, 1, 1) + _question(question)
    record = struct.pack("!3HIH", 0xC000 | len(start), 1, 1, TTL, 4) + bytes([127, 0, 0, 2])
    return [Packet(start + record)]


GARBAGE: dict[str, Behaviour] = {
    "empty datagram": empty_datagram,
    "five bytes": five_bytes,
    "random bytes": random_bytes,
    "lying counts": lying_counts,
    "missing answers": missing_answers,
    "pointer loop": pointer_loop,
}


def _header(question: Question, questions: int, answers: int) -> bytes:
    return HEADER.pack(question.message.id, RESPONSE, questions, answers, 0, 0)


def _question(question: Question) -> bytes:
    _, name_length = dns.name.from_wire(question.wire, HEADER.size)
    return question.wire[HEADER.size : HEADER.size + name_length + 4]
