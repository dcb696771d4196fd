"""Names are asked for: what comes back of each type, and of each way in which an answer can be none."""

import asyncio
from itertools import pairwise

import dns.name
import dns.rcode
import pytest

from exporter.blocklist import Resolver
from exporter.expansion import Answer, Failed, Nothing, Question, RecordKind, Records
from exporter.providers import Asking
from exporter.providers.names import Names
from exporter.verdict import Cause
from tests.edges.lists import ATTEMPT_SECONDS, PATIENT_SECONDS, run
from tests.servers import mischief
from tests.servers.behaviour import (
    Behaviour,
    Packet,
    absent,
    formerr,
    listed,
    nodata,
    notimp,
    record,
    refused,
    sent,
    servfail,
    with_records,
    written,
)
from tests.servers.behaviour import Question as Asked
from tests.servers.daemon import wait_until
from tests.servers.garbage import GARBAGE
from tests.servers.ports import free_port
from tests.servers.rude import Rude

NAME = "a.example"
AT_ONCE = 16
QUESTIONS = {kind: Question(NAME, kind) for kind in RecordKind}
LONG = "v=spf1 " + "ip4:192.0.2.1 " * 400


def names(*resolvers: str, timeout: float = PATIENT_SECONDS, attempts: int = 1) -> Names:
    """What asks these resolvers."""
    return Names(Asking(tuple(Resolver(each) for each in resolvers), timeout, attempts))


def ask(rude: Rude, kind: RecordKind, behaviour: Behaviour, *, timeout: float = PATIENT_SECONDS) -> Answer:
    """The answer to a question that is answered like this."""
    rude.behave("example", behaviour)
    return run(names(rude.address, timeout=timeout).ask(QUESTIONS[kind]))


@pytest.mark.parametrize(
    ("rows", "kind", "values"),
    [
        pytest.param(["A 192.0.2.2", "A 192.0.2.1"], RecordKind.A, {"192.0.2.1", "192.0.2.2"}, id="A"),
        pytest.param(["AAAA 2001:db8:0::1"], RecordKind.AAAA, {"2001:db8::1"}, id="AAAA"),
        pytest.param(["MX 10 Mx.Test.", "MX 20 b."], RecordKind.MX, {"10 Mx.Test", "20 b"}, id="MX"),
        pytest.param(["MX 0 ."], RecordKind.MX, {"0 ."}, id="null MX"),
        pytest.param(["TXT v=spf1 -all", "TXT x"], RecordKind.TXT, {"v=spf1 -all", "x"}, id="TXT"),
        pytest.param([f"TXT {LONG}"], RecordKind.TXT, {LONG}, id="TXT of many strings, over TCP"),
        pytest.param(["TXT \x00\n\u00fc\""], RecordKind.TXT, {"\x00\n\u00fc\""}, id="TXT of odd characters"),
    ],
)  # fmt: skip
def test_records_are_read(rude: Rude, rows: list[str], kind: RecordKind, values: set[str]) -> None:
    """Each type as the expansion takes it, and nothing of other types."""
    answer = ask(rude, kind, written({NAME: [*rows, "A 203.0.113.1"] if kind is not RecordKind.A else rows}))
    assert isinstance(answer, Records)
    assert set(answer.values) == values


def test_octets_that_are_no_text_are_kept(rude: Rude) -> None:
    """Nothing is lost, and nothing is raised."""
    answer = ask(rude, RecordKind.TXT, listed(txt=b"v=spf1 \xff\xc3"))
    assert isinstance(answer, Records)
    assert [value.encode("utf-8", "surrogateescape") for value in answer.values] == [b"v=spf1 \xff\xc3"]


def test_an_odd_name_of_an_exchange_is_kept_as_text(rude: Rude) -> None:
    """It is refused where it is read, not here."""
    assert ask(rude, RecordKind.MX, written({NAME: [r"MX 10 a\.b\000.example."]})) == Records((r"10 a\.b\000.example",))


def test_an_alias_is_followed_to_its_end(rude: Rude) -> None:
    """The records of the last name are the answer."""
    assert ask(rude, RecordKind.A, _chain("A 192.0.2.1")) == Records(("192.0.2.1",))


def test_an_alias_of_nothing_has_nothing(rude: Rude) -> None:
    """The alias exists, and at its end there is no record of this type."""
    assert ask(rude, RecordKind.AAAA, _chain()) == Nothing(exists=True)


def _chain(*rows: str) -> Behaviour:
    """Three aliases that end in these records."""
    aliases = [f"{letter}.example." for letter in "abcd"]

    def answer(question: Asked) -> list[Packet]:
        message = with_records(question, [record("CNAME", aliases[1])])
        for owner, target in pairwise(aliases[1:]):
            message.answer += with_records(question, [record("CNAME", target)], dns.name.from_text(owner)).answer
        found = [record(*row.split(" ", 1)) for row in rows]
        message.answer += with_records(question, found, dns.name.from_text(aliases[-1])).answer
        return [sent(question, message)]

    return answer


def _absent_with_records(question: Asked) -> list[Packet]:
    message = with_records(question, [record("A", "192.0.2.1")])
    message.set_rcode(dns.rcode.NXDOMAIN)
    return [sent(question, message)]


@pytest.mark.parametrize(
    ("behaviour", "answer"),
    [
        pytest.param(absent, Nothing(exists=False), id="no such name"),
        pytest.param(nodata, Nothing(exists=True), id="no such record"),
        pytest.param(servfail, Failed(Cause.SERVFAIL), id="SERVFAIL"),
        pytest.param(refused, Failed(Cause.REFUSED_RCODE), id="REFUSED"),
        pytest.param(formerr, Failed(Cause.FORMERR), id="FORMERR"),
        pytest.param(notimp, Failed(Cause.OTHER_RCODE), id="NOTIMP"),
        pytest.param(mischief.truncated_forever, Failed(Cause.TIMEOUT), id="cut off, and silent over TCP"),
        pytest.param(mischief.truncated_then_closed, Failed(Cause.MALFORMED), id="cut off, and hangs up over TCP"),
        pytest.param(mischief.silent, Failed(Cause.TIMEOUT), id="silence"),
        pytest.param(mischief.wrong_id("192.0.2.1"), Failed(Cause.MALFORMED), id="a wrong ID"),
        pytest.param(mischief.wrong_question("192.0.2.1"), Failed(Cause.MALFORMED), id="another question"),
        pytest.param(mischief.cname_loop, Failed(Cause.MALFORMED), id="aliases in a circle"),
        pytest.param(_absent_with_records, Failed(Cause.MALFORMED), id="NXDOMAIN with records"),
    ],
)
def test_what_is_no_answer_has_its_cause(rude: Rude, behaviour: Behaviour, answer: Answer) -> None:
    """And nothing is raised."""
    assert ask(rude, RecordKind.A, behaviour, timeout=ATTEMPT_SECONDS) == answer


@pytest.mark.parametrize("kind", RecordKind)
@pytest.mark.parametrize("behaviour", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_no_answer_to_any_question(rude: Rude, kind: RecordKind, behaviour: Behaviour) -> None:
    """Whatever comes, it is a failure, and nothing is raised."""
    assert isinstance(ask(rude, kind, behaviour, timeout=ATTEMPT_SECONDS / 4), Failed)


def test_where_nobody_listens_is_a_failure_of_the_network() -> None:
    """A refused port is not a silent one."""
    assert run(names(f"127.0.0.1:{free_port()}").ask(QUESTIONS[RecordKind.A])) == Failed(Cause.NETWORK)


def test_the_next_resolver_is_asked_when_one_does_not_answer(rude: Rude) -> None:
    """As for lists."""
    rude.behave("example", written({NAME: ["A 192.0.2.1"]}))
    asking = names(f"127.0.0.1:{free_port()}", rude.address, attempts=2)
    assert run(asking.ask(QUESTIONS[RecordKind.A])) == Records(("192.0.2.1",))


def test_a_name_that_dns_cannot_carry_is_a_failure(rude: Rude) -> None:
    """It is not sent."""
    assert run(names(rude.address).ask(Question(f"{'x' * 64}.example", RecordKind.A))) == Failed(Cause.MALFORMED)
    assert rude.questions == ()


def test_so_many_questions_are_under_way_at_once_and_no_more(rude: Rude) -> None:
    """The others wait until one is answered."""
    rude.behave("example", mischief.silent)

    async def flood() -> int:
        asking = names(rude.address)
        tasks = [asyncio.create_task(asking.ask(Question(f"n{number}.example", RecordKind.A))) for number in range(3 * AT_ONCE)]
        await asyncio.to_thread(wait_until, lambda: len(rude.questions) >= AT_ONCE, "as many are asked as may be")
        arrived = len(rude.questions)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return arrived

    assert run(flood()) == AT_ONCE
