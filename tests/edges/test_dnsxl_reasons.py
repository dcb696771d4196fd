"""What a list says in words: asked of the target's own name, and made harmless."""

from collections.abc import Sequence

import dns.name
import dns.rdata
import dns.rrset
import pytest

from tests.edges.lists import ADDRESSES, ATTEMPT_SECONDS, DOMAIN_ZONE, DOMAINS, NAME, TARGET, ZONE, dnsxl, run
from tests.servers import behaviour as honest
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, Packet, Question, sent, text_record, with_records
from tests.servers.garbage import GARBAGE
from tests.servers.rude import Asked, Rude

MOST = 500


def reason(rude: Rude, behaviour: Behaviour, timeout: float = 5.0) -> str:
    """The reason of the target when the list behaves like this."""
    rude.behave(ZONE, behaviour)
    return run(dnsxl(rude.address, timeout=timeout).reason(ADDRESSES, TARGET))


def texts(*records: Sequence[bytes]) -> Behaviour:
    """TXT records, each of some strings."""

    def answer(question: Question) -> list[Packet]:
        wires = [b"".join(bytes([len(string)]) + string for string in strings) for strings in records]
        found = [dns.rdata.from_wire("IN", "TXT", wire, 0, len(wire)) for wire in wires]
        return [sent(question, with_records(question, found))]

    return answer


def aliased(question: Question) -> list[Packet]:
    """An alias, and the reason at its end."""
    alias = dns.name.from_text(f"alias.{question.zone}")
    message = with_records(question, [dns.rdata.from_text("IN", "CNAME", alias.to_text())])
    message.answer.append(dns.rrset.from_rdata(alias, 60, text_record("because")))
    return [sent(question, message)]


def test_the_reason_is_asked_of_the_targets_own_name(rude: Rude) -> None:
    """TXT is asked once, of the same name as A, never of the return code's."""
    assert reason(rude, honest.listed("127.0.0.4", txt="because")) == "because"
    assert rude.questions == (Asked(NAME, "TXT", "udp"),)


def test_a_domains_reason_is_asked_of_its_name(rude: Rude) -> None:
    """`test` is asked as `test.` and the zone, absolute."""
    rude.behave(DOMAIN_ZONE, honest.listed("127.0.1.2", txt="because"))
    assert DOMAINS.test_entries is not None
    (target,) = DOMAINS.test_entries.listed
    assert run(dnsxl(rude.address).reason(DOMAINS, target)) == "because"
    assert rude.questions == (Asked(f"test.{DOMAIN_ZONE}", "TXT", "udp"),)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        pytest.param(texts([b"one ", b"sen", b"tence"]), "one sentence", id="several strings"),
        pytest.param(texts([b"b"], [b"a", b"1"]), "a1 b", id="several records, in an order of their own"),
        pytest.param(honest.listed("127.0.0.4", txt="x" * 300 + "y"), "x" * 300 + "y", id="longer than a string"),
        pytest.param(aliased, "because", id="behind an alias"),
        pytest.param(mischief.truncated(honest.listed("127.0.0.4", txt="because")), "because", id="over TCP"),
        pytest.param(
            texts(["gelistet: Spam über ".encode(), "Österreich".encode()]), "gelistet: Spam über Österreich", id="UTF-8"
        ),
        pytest.param(texts(["ö".encode()[:1], "ö".encode()[1:]]), "ö", id="a letter cut in two by the strings"),
        pytest.param(texts([b""]), "", id="an empty string"),
    ],
)
def test_records_become_one_text(rude: Rude, behaviour: Behaviour, expected: str) -> None:
    """The strings of a record are one text without gaps, the records one line."""
    assert reason(rude, behaviour) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"\x1b[31mred\x1b[0m \x1b]0;title\x07", "[31mred [0m ]0;title", id="terminal escapes"),
        pytest.param(b" two\r\nlines\tand a tab\x00\x7f ", "two lines and a tab", id="controls"),
        pytest.param("\u202egnp.exe\u2066\u200b\ufeff".encode(), "gnp.exe", id="turned round, hidden, of no width"),
        pytest.param("one\u2028two\u2029three\u0085four\u00a0five".encode(), "one two three four five", id="other line ends"),
        pytest.param(b"caf\xe9 \xff\xfe", "caf\ufffd \ufffd\ufffd", id="not UTF-8"),
        pytest.param("\U000e0041\ue000\ufffe".encode(), "", id="tags, private use, no characters"),
    ],
)
def test_nothing_in_a_reason_acts(rude: Rude, raw: bytes, expected: str) -> None:
    """Whatever a stranger writes, it comes out as one printable line."""
    found = reason(rude, texts([raw]))
    assert found == expected
    assert found.isprintable()


@pytest.mark.parametrize("size", [MOST + 1, 4000, 60000])
def test_a_huge_reason_is_cut_and_says_so(rude: Rude, size: int) -> None:
    """A reason of any size becomes one of 500 characters, the last of which tells that there was more."""
    assert reason(rude, honest.huge_txt("127.0.0.4", size=size)) == "x" * (MOST - 1) + "…"


def test_a_reason_that_just_fits_stays_whole(rude: Rude) -> None:
    """Five hundred characters are not cut."""
    assert reason(rude, honest.huge_txt("127.0.0.4", size=MOST)) == "x" * MOST


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(honest.nodata, id="none"),
        pytest.param(honest.absent, id="absent"),
        pytest.param(honest.servfail, id="SERVFAIL"),
        pytest.param(honest.refused, id="REFUSED"),
        pytest.param(mischief.cname_loop, id="CNAME loop"),
        pytest.param(mischief.truncated_then_closed, id="cut off, hung up over TCP"),
        pytest.param(mischief.silent, id="silence"),
        pytest.param(mischief.wrong_id("127.0.0.4"), id="wrong ID"),
        pytest.param(GARBAGE["random bytes"], id="garbage"),
    ],
)
def test_a_reason_that_does_not_come_is_empty(rude: Rude, behaviour: Behaviour) -> None:
    """Without its reason a listing is a listing all the same."""
    assert reason(rude, behaviour, ATTEMPT_SECONDS) == ""
