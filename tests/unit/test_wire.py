"""Queries and replies, octet for octet. dnspython is the second opinion: it reads what we write and writes what we read."""

import random
from collections import Counter
from ipaddress import IPv4Address

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.providers.wire import ODD, PAYLOAD, Reading, Suffix, labels, query, read
from exporter.verdict import Absent, Cause, Codes, Failure, NoData
from tests.unit.builders import quick

IDENTITY = b"\x12\x34"
PREFIX = labels("7.2.0.192")
ZONE = "Zen.bl-1.example"
QUESTION = PREFIX + Suffix(ZONE).plain
MIXED = PREFIX + bytes([3]) + b"zEN" + bytes([4]) + b"bL-1" + bytes([7]) + b"EXAmplE" + b"\0\0\x01\0\x01"


def reply(question: bytes = QUESTION) -> dns.message.QueryMessage:
    """dnspython's answer to our query, without records."""
    message = dns.message.make_response(dns.message.from_wire(query(IDENTITY, question)), recursion_available=True)
    assert isinstance(message, dns.message.QueryMessage)
    return message


def add(message: dns.message.Message, kind: str, *texts: str, name: str = "", section: str = "answer") -> dns.message.Message:
    """The message with records of one kind, of the question's own name unless another is said."""
    owner = dns.name.from_text(name) if name else message.question[0].name
    {"answer": message.answer, "authority": message.authority, "additional": message.additional}[section].append(
        dns.rrset.from_text(owner, 60, "IN", kind, *texts)
    )
    return message


def rcode(code: dns.rcode.Rcode) -> dns.message.Message:
    message = reply()
    message.set_rcode(code)
    return message


def soa(message: dns.message.Message) -> dns.message.Message:
    return add(message, "SOA", "ns.example. hostmaster.example. 1 3600 600 86400 60", name="bl-1.example.", section="authority")


def flagged(message: dns.message.Message, flag: dns.flags.Flag) -> dns.message.Message:
    message.flags |= flag
    return message


def without_edns(message: dns.message.Message) -> dns.message.Message:
    message.use_edns(-1)
    return message


def with_option(message: dns.message.Message) -> dns.message.Message:
    message.use_edns(0, payload=PAYLOAD, options=[dns.edns.EDEOption(dns.edns.EDECode.STALE_ANSWER, "stale")])
    return message


def without_question(message: dns.message.Message) -> dns.message.Message:
    message.question = []
    return message


def codes(*texts: str) -> Codes:
    return Codes(tuple(IPv4Address(text) for text in texts))


NXDOMAIN, NOERROR = dns.rcode.NXDOMAIN, dns.rcode.NOERROR
SIXTY = [f"127.0.{number // 256}.{number % 256}" for number in range(2, 62)]

READ: dict[str, tuple[dns.message.Message, Reading]] = {
    "NXDOMAIN": (without_edns(rcode(NXDOMAIN)), Absent()),
    "NXDOMAIN with OPT": (rcode(NXDOMAIN), Absent()),
    "NXDOMAIN with SOA and OPT": (soa(rcode(NXDOMAIN)), Absent()),
    "NXDOMAIN with an EDNS option": (with_option(soa(rcode(NXDOMAIN))), Absent()),
    "NXDOMAIN, authenticated": (flagged(soa(rcode(NXDOMAIN)), dns.flags.AD), Absent()),
    "one code": (add(reply(), "A", "127.0.0.2"), codes("127.0.0.2")),
    "codes are sorted, each once": (
        add(reply(), "A", "127.0.0.10", "127.0.0.2", "127.0.0.4"),
        codes("127.0.0.2", "127.0.0.4", "127.0.0.10"),
    ),
    "a code with authority and glue": (
        add(
            add(add(reply(), "A", "127.0.0.2"), "NS", "ns.example.", section="authority"),
            "A",
            "192.0.2.1",
            name="ns.example.",
            section="additional",
        ),
        codes("127.0.0.2"),
    ),
    "sixty codes": (add(reply(), "A", *SIXTY), codes(*SIXTY)),
    "outside 127/8": (add(reply(), "A", "192.0.2.1"), codes("192.0.2.1")),
    "no records": (reply(), NoData()),
    "no records but SOA": (soa(reply()), NoData()),
    "SERVFAIL": (rcode(dns.rcode.SERVFAIL), Failure(Cause.SERVFAIL)),
    "REFUSED": (rcode(dns.rcode.REFUSED), Failure(Cause.REFUSED_RCODE)),
    "FORMERR": (rcode(dns.rcode.FORMERR), Failure(Cause.FORMERR)),
    "NOTIMP": (rcode(dns.rcode.NOTIMP), Failure(Cause.OTHER_RCODE)),
    "SERVFAIL with records": (add(rcode(dns.rcode.SERVFAIL), "A", "127.0.0.2"), Failure(Cause.SERVFAIL)),
    "SERVFAIL without question": (without_question(rcode(dns.rcode.SERVFAIL)), Failure(Cause.SERVFAIL)),
    "REFUSED without question": (without_question(rcode(dns.rcode.REFUSED)), Failure(Cause.REFUSED_RCODE)),
    "FORMERR without question": (without_question(rcode(dns.rcode.FORMERR)), Failure(Cause.FORMERR)),
    "BADVERS looks like NOERROR": (rcode(dns.rcode.BADVERS), Failure(Cause.OTHER_RCODE)),
    "19 looks like NXDOMAIN": (rcode(dns.rcode.Rcode(19)), Failure(Cause.OTHER_RCODE)),
    "cut off": (flagged(reply(), dns.flags.TC), ODD),
    "NXDOMAIN cut off": (flagged(rcode(NXDOMAIN), dns.flags.TC), ODD),
    "alias": (add(reply(), "CNAME", "a.example."), ODD),
    "alias and code": (add(add(reply(), "CNAME", "a.example."), "A", "127.0.0.2", name="a.example."), ODD),
    "alias to nothing": (add(rcode(NXDOMAIN), "CNAME", "a.example."), ODD),
    "NXDOMAIN with a code": (add(rcode(NXDOMAIN), "A", "127.0.0.2"), ODD),
    "another kind": (add(reply(), "TXT", '"Listed"'), ODD),
    "another kind after a code": (add(add(reply(), "A", "127.0.0.2"), "TXT", '"Listed"'), ODD),
    "a code of another name": (add(reply(), "A", "127.0.0.2", name="other.example."), ODD),
    "NXDOMAIN without question": (without_question(rcode(NXDOMAIN)), None),
    "no records, no question": (without_question(reply()), None),
}


FLIPS = [
    *((2, bit) for bit in range(3, 8)),  # QR and opcode
    *((4, bit) for bit in range(8)),  # how many questions; none would be another matter
    *((5, bit) for bit in range(1, 8)),
    *((12 + at, bit) for at in range(len(QUESTION)) for bit in range(8)),
]
FAILURES = [Failure(cause) for cause in (Cause.SERVFAIL, Cause.REFUSED_RCODE, Cause.FORMERR, Cause.OTHER_RCODE)]


def wire(message: dns.message.Message) -> bytes:
    return message.to_wire(max_size=65535)


@pytest.mark.parametrize(("message", "reading"), READ.values(), ids=READ)
def test_a_reply_is_read_as_its_table_says(message: dns.message.Message, reading: Reading) -> None:
    """Common replies become answers, errors their cause, what is sound but uncommon is odd, the rest is none."""
    assert read(wire(message), QUESTION) == reading


@pytest.mark.parametrize(("message", "reading"), READ.values(), ids=READ)
def test_a_reply_that_is_cut_short_is_dropped(message: dns.message.Message, reading: Reading) -> None:
    """However much of its end is missing, a reply is no answer; one that says it is cut off stays odd."""
    packet = wire(message)
    short = {read(packet[:end], QUESTION) for end in range(len(packet))}
    assert short <= ({None, ODD} if message.flags & dns.flags.TC else {None})


@pytest.mark.parametrize(("message", "reading"), READ.values(), ids=READ)
def test_a_reply_to_another_question_is_dropped(message: dns.message.Message, reading: Reading) -> None:
    """One flipped bit in the question, its count, or the bits that say it is a reply, and it is no answer."""
    packet = wire(message)
    for at, bit in FLIPS if message.question else ():
        flipped = bytearray(packet)
        flipped[at] ^= 1 << bit
        assert read(bytes(flipped), QUESTION) is None, (at, bit)


def test_the_case_of_the_question_is_part_of_it() -> None:
    """A reply in another case than the query's is none, though DNS itself ignores case (RFC 4343)."""
    assert read(wire(reply(MIXED)), MIXED) == NoData()
    assert read(wire(reply(MIXED)), QUESTION) is None
    assert read(wire(reply(QUESTION)), MIXED) is None


def test_our_own_query_is_no_reply() -> None:
    """A packet that only comes back is dropped."""
    assert read(query(IDENTITY, QUESTION), QUESTION) is None


@pytest.mark.parametrize("owner", [b"\xc0\x0c", QUESTION[:-4]], ids=["pointer", "in full"])
def test_the_owner_of_a_code_may_be_written_in_full(owner: bytes) -> None:
    """A record belongs to the question by a pointer to it, or by repeating its name."""
    record = owner + bytes.fromhex("0001 0001 0000003c 0004 7f000002")
    header = IDENTITY + bytes.fromhex("8180 0001 0001 0000 0000")
    assert read(header + QUESTION + record, QUESTION) == codes("127.0.0.2")
    assert read(header + QUESTION + record[:-5] + b"\x05" + record[-4:] + b"\0", QUESTION) is ODD, "five octets are no address"


@given(st.binary(max_size=80), st.binary(max_size=80))
@quick
def test_no_garbage_raises(noise: bytes, more: bytes) -> None:
    """Noise is no answer, and after a good beginning it is at least no exception."""
    assert read(noise, QUESTION) in (None, *FAILURES)
    read(IDENTITY + b"\x80" + noise, QUESTION)
    read(IDENTITY + b"\x81\x80\0\x01" + noise[:6].ljust(6, b"\0") + QUESTION + more, QUESTION)


@given(st.sampled_from([wire(message) for message, _ in READ.values()]), st.data())
@quick
def test_no_damage_raises(packet: bytes, draw: st.DataObject) -> None:
    """Nor does a good reply with some octets changed."""
    damaged = bytearray(packet)
    for at in draw.draw(st.lists(st.integers(0, len(packet) - 1), max_size=4)):
        damaged[at] = draw.draw(st.integers(0, 255))
    read(bytes(damaged), QUESTION)


@given(st.lists(st.ip_addresses(v=4), max_size=30), st.lists(st.integers(0, 255), min_size=1, max_size=4), st.booleans())
@quick
def test_what_dnspython_writes_is_read(addresses: list[IPv4Address], octets: list[int], edns: bool) -> None:
    """Whatever the name and the codes, we read what an independent server writes."""
    question = labels(".".join(map(str, octets))) + Suffix(ZONE).mixed(0)
    message = reply(question)
    message.use_edns(0 if edns else -1)
    if addresses:
        add(message, "A", *map(str, addresses))
    assert read(wire(message), question) == (Codes(tuple(sorted(set(addresses)))) if addresses else NoData())


@given(st.lists(st.text("abz019-", min_size=1, max_size=63), min_size=1, max_size=3), st.integers(0, 255))
@quick
def test_what_we_write_is_read_by_dnspython(texts: list[str], choice: int) -> None:
    """A query asks for the A record of the name under the zone, wants recursion, and takes a reply of 1232 octets."""
    question = labels(".".join(texts)) + Suffix(ZONE).mixed(choice)
    message = dns.message.from_wire(query(IDENTITY, question))
    assert message.id == 0x1234
    assert message.opcode() == dns.opcode.QUERY
    assert message.flags == dns.flags.RD
    assert [asked.to_text().lower() for asked in message.question] == [f"{'.'.join(texts)}.{ZONE}. in a".lower()]
    assert (message.edns, message.payload) == (0, PAYLOAD)


def test_a_zone_is_spelled_in_many_ways() -> None:
    """Each spelling is the zone in random case, every letter is as often large as small, and nothing else changes."""
    suffix = Suffix(ZONE, random.Random(7).randbytes)
    spelled = [suffix.mixed(choice) for choice in range(256)]
    assert {text.lower() for text in spelled} == {suffix.plain}
    assert len(set(spelled)) > 50
    large = Counter(at for text in set(spelled) for at, octet in enumerate(text) if octet != suffix.plain[at])
    assert all(10 < large[at] < 54 for at, octet in enumerate(suffix.plain) if chr(octet).isalpha())


def test_spellings_are_renewed() -> None:
    """After some thousand questions the spellings are others."""
    suffix = Suffix(ZONE)
    first = {suffix.mixed(choice) for choice in range(64)}
    for choice in range(5000):
        suffix.mixed(choice)
    assert len(first & {suffix.mixed(choice) for choice in range(64)}) < 32


def test_a_zone_may_be_asked_as_it_is() -> None:
    """For resolvers that change the case there is the zone in lower case."""
    assert {Suffix(ZONE).as_is(choice) for choice in range(9)} == {labels(ZONE.lower()) + b"\0\0\x01\0\x01"}


@pytest.mark.parametrize(
    ("name", "wire"),
    [("a.bc", b"\x01a\x02bc"), ("a.bc.", b"\x01a\x02bc"), ("_x-1", b"\x04_x-1"), ("a" * 63, b"\x3f" + b"a" * 63)],
)
def test_a_name_is_its_labels(name: str, wire: bytes) -> None:
    """Each label after its length, with or without the final dot."""
    assert labels(name) == wire


@pytest.mark.parametrize("name", ["", ".", "a..b", ".a", "a" * 64, "bücher"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """A name is refused rather than asked as another one."""
    with pytest.raises(ValueError, match=r"."):
        labels(name)
