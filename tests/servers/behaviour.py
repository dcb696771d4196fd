"""How a DNS server may answer, honestly: a behaviour is a function from a question to packets.

Rule 1: a reply repeats its question; over UDP it is truncated to what the asker takes.
Rule 2: behaviours nest: `healthy(listed("127.0.0.4"))`. Some need no argument: `absent`.
Rule 3: they run in the server's thread, one at a time, so they may remember without a lock.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rrset
from dns.rdataclass import IN
from dns.rdatatype import TXT

from tests.servers.ask import prefix

Transport = Literal["udp", "tcp"]

TTL = 60
LISTED_TESTS = frozenset({prefix("127.0.0.2"), prefix("::ffff:7f00:2"), "test"})
UNLISTED_TESTS = frozenset({prefix("127.0.0.1"), prefix("::ffff:7f00:1"), "invalid"})
# Where a checker may draw names that no list holds: RFC 2544, RFC 5180, RFC 2606.
UNLISTED_RANGES = (".18.198", ".19.198", prefix("2001:2::").removeprefix("0." * 20), ".invalid")


@dataclass(frozen=True, slots=True)
class Question:
    """One query as it arrived; `prefix` is what stands in front of the zone, in lower case."""

    message: dns.message.Message
    wire: bytes
    transport: Transport
    name: str
    qtype: str
    zone: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Packet:
    """One thing to send: after `delay` seconds, over UDP from another socket when `other_source`.

    With `hang_up` the TCP connection is closed after it; an empty packet is then not sent at all.
    """

    wire: bytes
    delay: float = 0.0
    other_source: bool = False
    hang_up: bool = False


Behaviour = Callable[[Question], Iterable[Packet]]


def reply(question: Question) -> dns.message.Message:
    """An answer without records, to be filled; fit for a client (RA) and for a resolver (AA)."""
    message = dns.message.make_response(question.message, recursion_available=True)
    message.flags |= dns.flags.AA  # without it unbound calls the server lame
    return message


def sent(question: Question, message: dns.message.Message) -> Packet:
    """A message as a packet, truncated as an honest server does."""
    size = max(512, question.message.payload) if question.transport == "udp" else 65535
    return Packet(message.to_wire(max_size=size, prefer_truncation=True))


def records_by_type(codes: Iterable[str], txt: str | bytes = "") -> defaultdict[str, list[dns.rdata.Rdata]]:
    """Return codes as A records, a reason as a TXT record, and none of any other type."""
    records = defaultdict[str, list[dns.rdata.Rdata]](list)
    records["A"] = [dns.rdata.from_text("IN", "A", code) for code in codes]
    records["TXT"] = [text_record(txt)] if txt else []
    return records


def text_record(text: str | bytes) -> dns.rdata.Rdata:
    """A reason as a TXT record, cut into strings of 255 octets."""
    raw = text.encode() if isinstance(text, str) else text
    strings = [raw[start : start + 255] for start in range(0, len(raw), 255)] or [b""]
    wire = b"".join(bytes([len(string)]) + string for string in strings)
    return dns.rdata.from_wire(IN, TXT, wire, 0, len(wire))


def with_records(
    question: Question, records: Sequence[dns.rdata.Rdata], owner: dns.name.Name | None = None
) -> dns.message.Message:
    """An answer with these records at the name asked, or at another owner."""
    message = reply(question)
    if records:
        owner = owner or question.message.question[0].name
        message.answer.append(dns.rrset.from_rdata_list(owner, TTL, records))
    return message


def listed(*codes: str, txt: str | bytes = "") -> Behaviour:
    """Every name is listed with these codes, and with this reason."""
    records = records_by_type(codes, txt)
    return lambda question: [sent(question, with_records(question, records[question.qtype]))]


def zone_data(entries: Mapping[str, str | Sequence[str]], txt: str | bytes = "") -> Behaviour:
    """Listed with these codes at these prefixes (`2.0.0.127`, `bad.example`), absent otherwise."""
    answers = {
        entry.lower(): listed(*([codes] if isinstance(codes, str) else codes), txt=txt) for entry, codes in entries.items()
    }
    return lambda question: answers.get(question.prefix, absent)(question)


def many(count: int) -> Behaviour:
    """Listed with so many codes; over UDP, and without EDNS, about 28 fit."""
    return listed(*(f"127.0.{number // 256}.{number % 256}" for number in range(2, count + 2)))


def huge_txt(*codes: str, size: int = 4000) -> Behaviour:
    """Listed with a reason of so many octets."""
    return listed(*codes, txt="x" * size)


def echo_txt(*codes: str) -> Behaviour:
    """Listed with a reason that repeats the whole query name, and so any key in it."""
    url = "https://list.example/?q="
    return lambda question: listed(*codes, txt=f"Blocked, see {url}{question.name}")(question)


def cname_then(*codes: str, txt: str | bytes = "") -> Behaviour:
    """Listed by way of an alias, as a local copy of Spamhaus DQS answers."""
    records = records_by_type(codes, txt)

    def answer(question: Question) -> list[Packet]:
        alias = dns.name.from_text(f"alias.{question.zone}")
        target = dns.rdata.from_text("IN", "CNAME", alias.to_text())
        message = with_records(question, [target])
        if records[question.qtype]:
            message.answer.append(dns.rrset.from_rdata_list(alias, TTL, records[question.qtype]))
        return [sent(question, message)]

    return answer


def written(world: Mapping[str, Sequence[str]]) -> Behaviour:
    """Names with these records, `MX 10 mx.example.`, `TXT any text`; a CNAME answers for all types. Others are absent."""

    def answer(question: Question) -> Iterable[Packet]:
        rows = [row.partition(" ") for row in world.get(question.name.lower(), ())]
        found = [record(kind, text) for kind, _, text in rows if kind in (question.qtype, "CNAME")]
        if question.name.lower() not in world:
            return absent(question)
        return [sent(question, with_records(question, found))]

    return answer


def record(kind: str, text: str) -> dns.rdata.Rdata:
    """A record of this type; a text is taken as it is."""
    return text_record(text) if kind == "TXT" else dns.rdata.from_text("IN", kind, text)


def rcode(code: dns.rcode.Rcode) -> Behaviour:
    """Nothing but a response code."""

    def answer(question: Question) -> list[Packet]:
        message = reply(question)
        message.set_rcode(code)
        return [sent(question, message)]

    return answer


absent = rcode(dns.rcode.NXDOMAIN)
nodata = rcode(dns.rcode.NOERROR)
servfail = rcode(dns.rcode.SERVFAIL)
refused = rcode(dns.rcode.REFUSED)
formerr = rcode(dns.rcode.FORMERR)
notimp = rcode(dns.rcode.NOTIMP)


def healthy(inner: Behaviour) -> Behaviour:
    """Right about RFC 5782's test entries and names no list can hold; `inner` about the rest."""
    test_entry = listed("127.0.0.2", txt="Test entry")

    def answer(question: Question) -> Iterable[Packet]:
        asked = question.prefix
        if asked in LISTED_TESTS:
            return test_entry(question)
        if asked in UNLISTED_TESTS or asked.endswith(UNLISTED_RANGES):
            return absent(question)
        return inner(question)

    return answer
