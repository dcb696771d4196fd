"""DNS packets of blocklist checks, written and read without a library. Pure: randomness is an argument.

A query (RFC 1035 §4.1) is put together from four pieces, of which only the first is new each time:

::

    ID       header                      question                                   OPT (RFC 6891 §6.1.2)
    2        10                          prefix, zone, root, A, IN                  11
    ab cd    RD, one question, one OPT   1 7 1 2 1 0 3 192 | 3 zEn 8 spAmhAUs 3 ...   .  OPT 1232

Rules:

1. A reply counts only if it repeats the question octet for octet, case included. The zone is written in random case
   (draft-vixie-dnsext-dns0x20), so a forger has to guess that too, unless the resolver is known to change it. An error may leave
   the question out (RFC 1035 §4.1.1: a server that could not read it).
2. What common servers send is read here: NXDOMAIN, no records, A records of the very name, errors. Anything else that is sound is
   :data:`ODD`: cut off (TC), an alias, records of other kinds in the answer. To a question for TXT every record is.
3. A reply whose records do not end within it is no reply. No octet of a stranger makes this raise.
"""

import os
import string
import struct
from collections.abc import Callable
from enum import Enum
from ipaddress import IPv4Address

from exporter.verdict import Absent, Answer, Cause, Codes, Failure, NoData

PAYLOAD = 1232
"""The largest reply asked for: with its headers it fits the 1280 octets that any IPv6 path takes whole (RFC 8200 §5)."""

_HEADER_OCTETS = 12
_A_IN = b"\0\x01\0\x01"
_TXT_IN = b"\0\x10\0\x01"
_ROOT = b"\0"
_OPT_TYPE = b"\0\x29"

_RD_ONE_QUESTION_ONE_OPT = b"\x01\0\0\x01\0\0\0\0\0\x01"
_OPT = _ROOT + _OPT_TYPE + PAYLOAD.to_bytes(2) + bytes(6)

_ONE = b"\0\x01"
_NONE = b"\0\0"
_NO_RECORDS = bytes(6)
_COUNTS = struct.Struct("!3H")
_QR_OPCODE = 0xF8
_QR = 0x80
_TC = 0x02
_RCODE = 0x0F
_NOERROR = 0
_NXDOMAIN = 3

_POINTER_BITS = 0xC0
_A_AT_QUESTION = b"\xc0\x0c" + _A_IN
"""An A record's first octets, its owner a pointer to the name of the question (RFC 1035 §4.1.4)."""
_FOUR = b"\0\x04"

_SPELLINGS = 64
_RENEW_AFTER = 4096
_CASE_BIT = 0x20
_LETTERS = string.ascii_lowercase.encode()


class Odd(Enum):
    """A sound reply to the question that is not read here."""

    ODD = "odd"


ODD = Odd.ODD

Reading = Answer | Odd | None
"""``None``: not a reply to the question at all."""

_ABSENT = Absent()
_NO_DATA = NoData()
_CAUSES = {1: Cause.FORMERR, 2: Cause.SERVFAIL, 5: Cause.REFUSED_RCODE}
_FAILURES = tuple(Failure(_CAUSES.get(rcode, Cause.OTHER_RCODE)) for rcode in range(_RCODE + 1))


def labels(name: str) -> bytes:
    """A name as its labels, without the root (RFC 1035 §3.1): a prefix, or a zone.

    Raises ``ValueError`` if it is none.
    """
    texts = name.encode("ascii").removesuffix(b".").split(b".")
    if not all(0 < len(text) < 64 for text in texts):
        raise ValueError("a label has 1 to 63 octets")
    return b"".join(len(text).to_bytes() + text for text in texts)


class Suffix:
    """A zone as the end of a question for A, or for TXT, in one plain and many random spellings. These are made in bulk, and made
    anew after :data:`_RENEW_AFTER` questions; ``randomness`` gives so many random octets."""

    __slots__ = ("_end", "_fresh", "_labels", "_letters", "_mixed", "_randomness", "name", "plain", "repeats", "text")

    def __init__(self, zone: str, randomness: Callable[[int], bytes] = os.urandom, *, text: bool = False) -> None:
        self.text = text
        self._end = _ROOT + (_TXT_IN if text else _A_IN)
        self._labels = labels(zone.lower())
        self._letters = int.from_bytes(_CASE_BIT if octet in _LETTERS else 0 for octet in self._labels)
        self._randomness = randomness
        self._mixed: tuple[bytes, ...] = ()
        self._fresh = 0
        self.name = self._labels + _ROOT
        self.plain = self._labels + self._end
        self.repeats = 0
        """How many packets asked for names in it that had been asked for before: what lookups cost the list's budget beyond their
        first packets. Counted by who sends."""

    def as_is(self, choice: int) -> bytes:
        """In lower case."""
        return self.plain

    def mixed(self, choice: int) -> bytes:
        """In one of the random spellings; ``choice`` is any number."""
        if not self._fresh:
            self._mixed, self._fresh = self._spell(), _RENEW_AFTER
        self._fresh -= 1
        return self._mixed[choice % _SPELLINGS]

    def repeated(self) -> None:
        """Count a packet that asks once more."""
        self.repeats += 1

    def _spell(self) -> tuple[bytes, ...]:
        size, lower, letters = len(self._labels), int.from_bytes(self._labels), self._letters
        noise = self._randomness(size * _SPELLINGS)
        # Length octets are below 64 and in no letter's place, so they stay.
        flips = (int.from_bytes(noise[start : start + size]) & letters for start in range(0, len(noise), size))
        return tuple((lower ^ flip).to_bytes(size) + self._end for flip in flips)


def query(identity: bytes, question: bytes) -> bytes:
    """The packet that asks ``question`` (a prefix and a suffix) under this ID."""
    return b"".join((identity, _RD_ONE_QUESTION_ONE_OPT, question, _OPT))


def read(packet: bytes, question: bytes) -> Reading:
    """What ``packet`` answers to ``question``. That its ID and its sender are right is the caller's to know."""
    if len(packet) < _HEADER_OCTETS or packet[2] & _QR_OPCODE != _QR:
        return None
    rcode = packet[3] & _RCODE
    if packet[4:6] != _ONE or not packet.startswith(question, _HEADER_OCTETS):
        return _read_unread(packet, rcode)
    if packet[2] & _TC:
        return ODD
    if rcode == _NXDOMAIN and packet.startswith(_NO_RECORDS, 6):  # what a list itself says of nearly everything
        return _ABSENT
    return _read_records(packet, question, rcode)


def _read_unread(packet: bytes, rcode: int) -> Reading:
    """An error of a server that does not repeat the question."""
    sound = packet[4:6] == _NONE and _skip(packet, _HEADER_OCTETS, sum(_counts(packet))) is not None
    return _FAILURES[rcode] if sound and rcode not in (_NOERROR, _NXDOMAIN) else None


def _counts(packet: bytes) -> tuple[int, int]:
    """How many records there are in the answer, and how many more."""
    answers, authority, additional = _COUNTS.unpack_from(packet, 6)
    return answers, authority + additional


def _read_records(packet: bytes, question: bytes, rcode: int) -> Reading:
    answers, others = _counts(packet)
    addresses, end = _read_addresses(packet, question, answers)
    strangers = answers - len(addresses)
    extended = _skip(packet, end, strangers + others)
    if extended is None:
        return None
    if rcode not in (_NOERROR, _NXDOMAIN):
        return _FAILURES[rcode]
    if extended:  # RFC 6891 §6.1.3: the upper bits of the rcode, so NOERROR is none
        return _FAILURES[_RCODE]
    if strangers or (addresses and rcode == _NXDOMAIN):
        return ODD
    if addresses:
        return Codes(tuple(sorted({IPv4Address(address) for address in addresses})))
    return _ABSENT if rcode == _NXDOMAIN else _NO_DATA


def _read_addresses(packet: bytes, question: bytes, count: int) -> tuple[list[bytes], int]:
    """The A records of the question's name that the answer begins with, and where they end."""
    addresses: list[bytes] = []
    at = _HEADER_OCTETS + len(question)
    while len(addresses) < count and question.endswith(_A_IN):
        if packet.startswith(_A_AT_QUESTION, at):
            ttl = at + len(_A_AT_QUESTION)
        elif packet.startswith(question, at):  # the name in full: with A and IN, a record begins as a question
            ttl = at + len(question)
        else:
            break
        address = packet[ttl + 6 : ttl + 10]
        if packet[ttl + 4 : ttl + 6] != _FOUR or len(address) < 4:
            break
        addresses.append(address)
        at = ttl + 10
    return addresses, at


def _skip(packet: bytes, at: int, count: int) -> int | None:
    """Go over ``count`` records; the extended rcode that an OPT among them holds, or nothing if they do not end in the packet."""
    extended = 0
    try:
        for _ in range(count):
            while 0 < packet[at] < _POINTER_BITS:
                at += 1 + packet[at]
            at += 2 if packet[at] else 1
            if packet[at : at + 2] == _OPT_TYPE:
                extended |= packet[at + 4]
            at += 10 + int.from_bytes(packet[at + 8 : at + 10])
    except IndexError:
        return None
    return extended if at <= len(packet) else None
