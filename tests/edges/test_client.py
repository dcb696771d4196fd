"""The DNS client against servers that answer, lie, die and come back."""

import asyncio
import itertools
import logging
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextlib import closing
from ipaddress import IPv4Address
from pathlib import Path

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest

from exporter.providers.awaiting import Awaiting
from exporter.providers.client import Client
from exporter.providers.resolvers import Address, read_address
from exporter.providers.wire import Suffix, labels
from exporter.verdict import Absent, Answer, Cause, Codes, Failure, NoData
from tests.servers import behaviour as honest
from tests.servers.behaviour import Behaviour, Packet, Question, absent, listed, records_by_type, sent, with_records
from tests.servers.daemon import wait_until
from tests.servers.garbage import GARBAGE
from tests.servers.mischief import (
    cname_loop,
    error_with_empty_question,
    flaky,
    forged_first,
    from_elsewhere,
    late,
    not_a_response,
    sequence,
    silent,
    truncated,
    truncated_forever,
    wrong_id,
    wrong_question,
)
from tests.servers.ports import free_port
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.relay import Relay, Weather
from tests.servers.rude import Rude
from tests.servers.zones import addresses

ZONE = "bl.example"
SUFFIX = Suffix(ZONE)
MANY_LETTERS = Suffix("a-list-whose-name-has-so-many-letters.example")
PREFIX = labels("7.2.0.192")
BRIEF = 0.3
"""For what is not to answer."""
PATIENT = 10.0
"""For what is to answer: a machine under load must not make it a time-out."""
FORGED = "127.0.0.66"


def codes(*texts: str) -> Codes:
    return Codes(tuple(sorted(map(IPv4Address, texts))))


async def by_dnspython(name: bytes, suffix: Suffix, address: Address) -> Answer:
    """The slow way: dnspython, over TCP if need be."""
    question = dns.message.make_query(dns.name.from_wire(name, 0)[0], "A")
    try:
        message, _ = await dns.asyncquery.udp_with_fallback(question, address.host, 1.0, address.port)
        assert isinstance(message, dns.message.QueryMessage)
        answer = message.resolve_chaining().answer
    except (dns.exception.DNSException, EOFError, OSError):
        return Failure(Cause.MALFORMED)
    return codes(*(str(record) for record in answer or ()))


class Offset:
    """A clock that can be put forward."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


def client(
    *texts: str,
    patience: float = PATIENT,
    attempts: int = 1,
    clock: Callable[[], float] = time.monotonic,
    slow: Callable[[bytes, Suffix, Address], Awaitable[Answer]] = by_dnspython,
    lower_case: Collection[str] = (),
) -> Client:
    lower = tuple(map(read_address, lower_case))
    return Client(tuple(map(read_address, texts)), patience, attempts, clock=clock, slow=slow, lower_case=lower)


def ask(*texts: str, patience: float = PATIENT, attempts: int = 1, lower_case: Collection[str] = ()) -> Answer:
    """One answer, from a client of its own."""

    async def asking() -> Answer:
        with closing(client(*texts, patience=patience, attempts=attempts, lower_case=lower_case)) as asker:
            answer, _ = await Awaiting(asker).ask(PREFIX, SUFFIX)
            return answer

    return asyncio.run(asking())


Name = tuple[str, str]


async def sweep(asker: Client, names: Iterable[Name]) -> dict[Name, Answer]:
    """All answers, asked as fast as they come."""
    answers: dict[Name, Answer] = {}
    work = list(names)
    suffixes = {zone: Suffix(zone) for _, zone in work}
    over = asyncio.Event()

    def done(name: Name, answer: Answer, seconds: float) -> None:
        assert name not in answers, "each answer is told once"
        answers[name] = answer
        if len(answers) == len(work):
            over.set()

    for prefix, zone in work:
        asker.submit(labels(prefix), suffixes[zone], (prefix, zone), done)
    await over.wait()
    return answers


# ---- one answer


ANSWERED: dict[str, tuple[Behaviour, Answer]] = {
    "absent": (absent, Absent()),
    "no data": (honest.nodata, NoData()),
    "listed": (listed("127.0.0.2"), codes("127.0.0.2")),
    "several codes": (listed("127.0.0.10", "127.0.0.2"), codes("127.0.0.2", "127.0.0.10")),
    "outside 127/8": (listed("192.0.2.1"), codes("192.0.2.1")),
    "refusal code": (listed("127.255.255.254"), codes("127.255.255.254")),
    "sixty codes": (honest.many(60), codes(*(f"127.0.0.{number}" for number in range(2, 62)))),
    "two hundred codes, over TCP": (honest.many(200), codes(*(f"127.0.0.{number}" for number in range(2, 202)))),
    "truncated, then TCP": (truncated(listed("127.0.0.2")), codes("127.0.0.2")),
    "alias": (honest.cname_then("127.0.0.2"), codes("127.0.0.2")),
    "SERVFAIL": (honest.servfail, Failure(Cause.SERVFAIL)),
    "REFUSED": (honest.refused, Failure(Cause.REFUSED_RCODE)),
    "FORMERR": (honest.formerr, Failure(Cause.FORMERR)),
    "NOTIMP": (honest.notimp, Failure(Cause.OTHER_RCODE)),
    "SERVFAIL, empty question": (error_with_empty_question(dns.rcode.SERVFAIL), Failure(Cause.SERVFAIL)),
    "REFUSED, empty question": (error_with_empty_question(dns.rcode.REFUSED), Failure(Cause.REFUSED_RCODE)),
    "FORMERR, empty question": (error_with_empty_question(dns.rcode.FORMERR), Failure(Cause.FORMERR)),
    "aliases of each other": (cname_loop, Failure(Cause.MALFORMED)),
    "truncated, TCP silent": (truncated_forever, Failure(Cause.MALFORMED)),
    "a pointer to itself": (GARBAGE["pointer loop"], Failure(Cause.MALFORMED)),
    "the second time": (sequence(silent, absent), Absent()),
}


@pytest.mark.parametrize(("behaviour", "answer"), ANSWERED.values(), ids=ANSWERED)
def test_an_answer_is_told_as_it_is(rude: Rude, behaviour: Behaviour, answer: Answer) -> None:
    """What a server says is the answer, whether it is read at once or the slow way."""
    rude.behave(ZONE, behaviour)
    assert ask(rude.address) == answer


def spelled(spell: Callable[[str], str], *texts: str) -> Behaviour:
    """Listed, with the question repeated in another case. The opposite one is never what was asked; all lower case may be."""

    def answer(question: Question) -> list[Packet]:
        asked = question.message.question[0]
        other = dns.name.from_text(spell(question.name))
        message = with_records(question, records_by_type(texts)["A"], other)
        message.question = [dns.rrset.RRset(other, asked.rdclass, asked.rdtype)]
        return [sent(question, message)]

    return answer


UNANSWERED: dict[str, tuple[Behaviour, Cause]] = {
    "silence": (silent, Cause.TIMEOUT),
    "too late": (late(2 * BRIEF, listed(FORGED)), Cause.TIMEOUT),
    "from another port": (from_elsewhere(listed(FORGED)), Cause.TIMEOUT),
    "another question": (wrong_question(FORGED), Cause.MALFORMED),
    "another ID": (wrong_id(FORGED), Cause.MALFORMED),
    "another case": (spelled(str.swapcase, FORGED), Cause.MALFORMED),
    "a query": (not_a_response(listed(FORGED)), Cause.MALFORMED),
    **{name: (garbage, Cause.MALFORMED) for name, garbage in GARBAGE.items() if name != "pointer loop"},
}


@pytest.mark.parametrize(("behaviour", "cause"), UNANSWERED.values(), ids=UNANSWERED)
def test_what_is_no_answer_is_waited_out(rude: Rude, behaviour: Behaviour, cause: Cause) -> None:
    """Packets that are no answer are dropped; if nothing else came, the cause says whether there were any."""
    rude.behave(ZONE, behaviour)
    began = time.monotonic()
    assert ask(rude.address, patience=BRIEF) == Failure(cause)
    assert time.monotonic() - began >= BRIEF


def test_a_resolver_that_changes_case_can_be_used(rude: Rude) -> None:
    """Without mixed case the question is asked, and taken back, in lower case."""
    rude.behave(ZONE, spelled(str.lower, "127.0.0.2"))
    assert ask(rude.address, lower_case=[rude.address]) == codes("127.0.0.2")
    assert rude.questions[0].name == f"7.2.0.192.{ZONE}"


def test_the_zone_is_asked_in_random_case(rude: Rude) -> None:
    """Questions for one zone are spelled in many ways."""
    rude.behave(ZONE, absent)

    async def asking() -> None:
        with closing(client(rude.address)) as asker:
            await sweep(asker, [(f"{number}.2.0.192", ZONE) for number in range(64)])

    asyncio.run(asking())
    assert len({asked.name.partition("192.")[2] for asked in rude.questions}) > 30
    assert {asked.name.lower().partition("192.")[2] for asked in rude.questions} == {ZONE}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_where_nobody_listens_is_a_network_error_at_once(host: str) -> None:
    """A port where nobody listens is known without waiting."""
    port = free_port(host)
    began = time.monotonic()
    assert ask(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", patience=600, attempts=3) == Failure(Cause.NETWORK)
    assert time.monotonic() - began < 5


def test_where_no_way_leads_is_a_network_error() -> None:
    """An address that cannot be reached at all is no exception."""
    assert ask("255.255.255.255:53", patience=600, attempts=2) == Failure(Cause.NETWORK)


# ---- again


def test_an_answer_to_an_earlier_packet_counts(rude: Rude) -> None:
    """A server that is slower than the first time-out is asked again, and its first answer is taken."""
    rude.behave(ZONE, late(0.5, listed("127.0.0.2")))
    began = time.monotonic()
    assert ask(rude.address) == codes("127.0.0.2")
    assert 0.5 <= time.monotonic() - began < 0.8
    assert rude.count(ZONE) == 2


class Recorder(asyncio.DatagramProtocol):
    """Remembers what came from where, and says NXDOMAIN to it, or nothing."""

    def __init__(self, answering: bool) -> None:
        self.packets: list[tuple[bytes, tuple[str, int]]] = []
        self._answering = answering

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.packets.append((data, addr))
        if self._answering:
            self.transport.sendto(data[:2] + b"\x85\x83\0\1" + bytes(6) + data[12:-11], addr)

    @property
    def address(self) -> str:
        host, port = self.transport.get_extra_info("sockname")
        return f"{host}:{port}"


async def recorder(*, answering: bool) -> Recorder:
    _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: Recorder(answering), ("127.0.0.1", 0))
    return protocol


def test_a_repetition_has_an_id_a_socket_and_a_spelling_of_its_own() -> None:
    """Who saw one packet knows nothing about the next but the name; waits double up to the length of an attempt."""

    async def asking() -> None:
        server = await recorder(answering=False)
        with closing(server.transport), closing(client(server.address, patience=0.6, attempts=4)) as asker:
            answer, seconds = await Awaiting(asker).ask(PREFIX, MANY_LETTERS)
        assert answer == Failure(Cause.TIMEOUT)
        assert 2.4 <= seconds < 3.5
        assert len(server.packets) == 5  # after 0, 0.3, 0.9, 1.5 and 2.1 seconds
        assert len({packet[:2] for packet, _ in server.packets}) == 5
        assert len({packet[12:] for packet, _ in server.packets}) > 1
        assert {packet[12:-11].lower() for packet, _ in server.packets} == {PREFIX + MANY_LETTERS.plain}

    asyncio.run(asking())


def test_source_ports_are_many_and_renewed() -> None:
    """Packets come from sixteen ports of the kernel's choice; after a while these are others, and none is left open."""

    async def asking() -> None:
        server = await recorder(answering=True)
        clock = Offset()
        seen: list[set[int]] = []
        before = descriptors()
        with closing(server.transport), closing(client(server.address, clock=clock)) as asker:
            for _ in range(3):
                answers = await sweep(asker, [(f"{number}.2.0.192", ZONE) for number in range(200)])
                assert set(answers.values()) == {Absent()}
                await asyncio.to_thread(wait_until, lambda: descriptors() <= before + 16, "those not in use are closed")
                seen.append({port for _, (_, port) in server.packets})
                server.packets.clear()
                clock.ahead += 11
        assert {len(ports) for ports in seen} == {16}
        assert not seen[0] & seen[1]
        assert not seen[1] & seen[2]

    asyncio.run(asking())


# ---- forgeries


def test_no_forgery_is_believed(rude: Rude) -> None:
    """Each true answer comes after five forgeries: another ID, another question, another case, a query, another port."""
    fakes = [
        wrong_id(FORGED),
        wrong_question(FORGED),
        spelled(str.swapcase, FORGED),
        not_a_response(listed(FORGED)),
        from_elsewhere(listed(FORGED)),
    ]
    rude.behave(ZONE, forged_first(fakes, absent))

    async def asking() -> Counter[Answer]:
        with closing(client(rude.address)) as asker:
            answers = await sweep(asker, [(f"{number}.2.0.192", ZONE) for number in range(250)])
            return Counter(answers.values())

    assert asyncio.run(asking()) == {Absent(): 250}


# ---- several resolvers


def test_an_error_is_taken_to_the_next_resolver(rude: Rude) -> None:
    """What one resolver cannot find out another may; each is asked once."""
    with Rude() as other:
        rude.behave(ZONE, honest.servfail)
        other.behave(ZONE, listed("127.0.0.2"))
        assert ask(rude.address, other.address) == codes("127.0.0.2")
        other.behave(ZONE, honest.refused)
        assert ask(rude.address, other.address) == Failure(Cause.REFUSED_RCODE)
        assert (rude.count(ZONE), other.count(ZONE)) == (2, 2)


def test_an_error_says_more_than_silence(rude: Rude) -> None:
    """If the next resolver does not answer, the error of the first is what is known."""
    with Rude() as other:
        rude.behave(ZONE, honest.servfail)
        other.behave(ZONE, silent)
        assert ask(rude.address, other.address, patience=BRIEF, attempts=2) == Failure(Cause.SERVFAIL)


@pytest.mark.parametrize("dead", ["refusing", "silent"])
def test_a_dead_resolver_is_left_for_the_next_and_tried_again_after_a_rest(rude: Rude, dead: str) -> None:
    """All answers come from the other, and nobody waits long; after half a minute the first is tried, and used if it is back."""
    with Rude() as other:
        rude.behave(ZONE, silent)
        other.behave(ZONE, absent)
        first = rude.address if dead == "silent" else f"127.0.0.1:{free_port()}"
        clock = Offset()

        async def asking() -> None:
            with closing(client(first, other.address, clock=clock)) as asker:
                began = time.monotonic()
                while asker.resolvers.up()[first]:
                    answers = await sweep(asker, [(f"{number}.2.0.192", ZONE) for number in range(200)])
                    assert set(answers.values()) == {Absent()}
                    await asyncio.sleep(0.11)
                assert time.monotonic() - began < 5
                assert asker.resolvers.up()[other.address]
                assert rude.count(ZONE) <= 40, "only the first window of packets went to it"
                rude.behave(ZONE, listed("127.0.0.2"))
                clock.ahead += 31
                if dead == "silent":
                    assert (await Awaiting(asker).ask(PREFIX, SUFFIX))[0] == codes("127.0.0.2")
                    assert asker.resolvers.up()[first]
                else:
                    assert (await Awaiting(asker).ask(PREFIX, SUFFIX))[0] == Absent()

        asyncio.run(asking())


# ---- many answers


TARGETS = [f"{number}.2.0.192" for number in range(1, 201)]
ZONES = [f"bl{number}.example" for number in range(20)]
NAMES = [(target, zone) for target in TARGETS for zone in ZONES]


def truth(name: Name) -> Answer:
    """What the lists hold: one target in twenty, another in each zone."""
    target, zone = name
    hit = int(target.partition(".")[0]) % 20 == ZONES.index(zone)
    return codes("127.0.0.2") if hit else Absent()


@pytest.fixture(name="rbldnsd", scope="module")
def _rbldnsd(tmp_path_factory: pytest.TempPathFactory) -> Iterable[Rbldnsd]:
    hits = {zone: [f"192.0.2.{n}" for n in range(1, 201) if truth((f"{n}.2.0.192", zone)) != Absent()] for zone in ZONES}
    with Rbldnsd(tmp_path_factory.mktemp("lists"), {zone: addresses(listed) for zone, listed in hits.items()}) as rbldnsd:
        yield rbldnsd


def swept(*texts: str, attempts: int = 3, during: Callable[[], None] | None = None) -> dict[Name, Answer]:
    """The answers to all names, while something is done in another thread."""

    async def sweeping() -> dict[Name, Answer]:
        with closing(client(*texts, patience=PATIENT, attempts=attempts)) as asker:
            meanwhile = asyncio.create_task(asyncio.to_thread(during or (lambda: None)))
            answers = await sweep(asker, NAMES)
            await meanwhile
            assert (asker.in_flight, asker.waiting) == (0, 0)
            return answers

    return asyncio.run(sweeping())


PATHS: dict[str, Weather] = {
    "long": Weather(delay=0.005),
    "lossy": Weather(delay=0.005, loss=0.02),
    "very lossy": Weather(loss=0.15),
    "doubling": Weather(double=0.3),
    "reordering": Weather(hold=0.2),
    "bad in every way": Weather(delay=0.005, loss=0.03, double=0.05, hold=0.1),
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
def test_a_bad_path_costs_time_but_no_answer(rbldnsd: Rbldnsd, tmp_path: Path, path: Weather) -> None:
    """Delay, loss, doubling and reordering: every answer comes, once, and is the true one."""
    with Relay(tmp_path, rbldnsd.address, path) as relay:
        answers = swept(relay.address)
    assert answers == {name: truth(name) for name in NAMES}


def test_a_direct_sweep_loses_nothing(rbldnsd: Rbldnsd) -> None:
    """Every answer is the true one."""
    assert swept(rbldnsd.address) == {name: truth(name) for name in NAMES}


@pytest.mark.parametrize("way", ["direct", "relayed"])
def test_an_outage_is_sat_out(rbldnsd: Rbldnsd, tmp_path: Path, way: str) -> None:
    """A resolver that dies amid a sweep, with a refusal or in silence, and comes back within the patience, costs no answer."""

    def outage() -> None:
        time.sleep(0.01)
        rbldnsd.stop()
        time.sleep(0.3)
        rbldnsd.start()

    with Relay(tmp_path, rbldnsd.address, Weather()) as relay:
        answers = swept(rbldnsd.address if way == "direct" else relay.address, attempts=5, during=outage)
    assert answers == {name: truth(name) for name in NAMES}


@pytest.mark.parametrize("way", ["direct", "relayed"])
def test_a_sweep_goes_on_with_the_next_resolver(rbldnsd: Rbldnsd, tmp_path: Path, way: str) -> None:
    """When the first resolver dies amid a sweep, what was on its way to it is asked of the next, as is all the rest."""
    with (
        Rbldnsd(tmp_path, {zone: addresses() for zone in ZONES}) as dying,
        Relay(tmp_path, dying.address, Weather(delay=0.002)) as relay,
    ):

        def death() -> None:
            time.sleep(0.02)
            dying.stop()

        first = dying.address if way == "direct" else relay.address
        answers = swept(first, rbldnsd.address, attempts=5, during=death)
    assert Counter(map(type, answers.values())).keys() <= {Absent, Codes}


def test_a_silent_list_does_not_hold_up_others(rude: Rude) -> None:
    """While the questions for one list wait to be asked again, those for the others are answered."""
    zones = [f"{letter}.example" for letter in "abcdefghij"]
    for zone in zones:
        rude.behave(zone, silent if zone == "j.example" else absent)

    async def asking() -> None:
        with closing(client(rude.address, patience=4)) as asker:
            answers: dict[Name, Answer] = {}
            for number in range(60):
                for zone in zones:
                    name = (f"{number}.2.0.192", zone)
                    asker.submit(
                        labels(name[0]), Suffix(zone), name, lambda name, answer, seconds: answers.update({name: answer})
                    )
            await asyncio.to_thread(wait_until, lambda: len(answers) == 540, "the others are answered")
            assert Counter(answers.values()) == {Absent(): 540}
            assert asker.waiting + asker.in_flight == 60

    asyncio.run(asking())


def test_a_flaky_server_is_asked_until_it_answers(rude: Rude) -> None:
    """Half of all questions unanswered: every answer comes in the end."""
    rude.behave(ZONE, flaky(random.Random(1), 0.5, absent))

    async def asking() -> None:
        with closing(client(rude.address, patience=0.5, attempts=20)) as asker:
            answers = await sweep(asker, [(f"{number}.2.0.192", ZONE) for number in range(100)])
            assert Counter(answers.values()) == {Absent(): 100}

    asyncio.run(asking())


# ---- the caller


def descriptors() -> int:
    """How many files this process has open."""
    return len(os.listdir("/proc/self/fd"))


def test_closing_drops_what_is_in_flight() -> None:
    """With ten thousand questions under way the sockets are closed at once, and nobody is told anything."""
    told: list[Answer] = []

    async def asking() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
            deaf.bind(("127.0.0.1", 0))
            before = descriptors()
            with closing(client(f"127.0.0.1:{deaf.getsockname()[1]}")) as asker:
                waiting = Awaiting(asker)
                single = asyncio.create_task(waiting.ask(PREFIX, SUFFIX))
                for number in range(10_000):
                    asker.submit(
                        labels(f"{number % 250}.{number // 250}.0.10"),
                        SUFFIX,
                        None,
                        lambda token, answer, seconds: told.append(answer),
                    )
                await asyncio.sleep(0.4)
                assert asker.in_flight > 0
                assert asker.in_flight + asker.waiting == 10_001
                assert descriptors() > before
                waiting.close()
                assert descriptors() == before
                asker.submit(PREFIX, SUFFIX, None, lambda token, answer, seconds: told.append(answer))
                with pytest.raises(asyncio.CancelledError):
                    await single
                await asyncio.sleep(0.1)

    asyncio.run(asking())
    assert told == []


def test_a_callback_may_close_the_client(rude: Rude) -> None:
    """Nothing is told after that, not even what has arrived."""
    rude.behave(ZONE, absent)
    told: list[Answer] = []

    async def asking() -> None:
        with closing(client(rude.address)) as asker:

            def done(token: None, answer: Answer, seconds: float) -> None:
                told.append(answer)
                asker.close()

            for number in range(32):
                asker.submit(labels(f"{number}.2.0.192"), SUFFIX, None, done)
            await asyncio.sleep(0.2)

    asyncio.run(asking())
    assert len(told) == 1


def test_a_callback_may_ask_for_more(rude: Rude) -> None:
    """Work can follow from answers for ever, and `room` says how much is useful."""
    rude.behave(ZONE, absent)

    async def asking() -> None:
        with closing(client(rude.address)) as asker:
            numbers = iter(range(300))
            over = asyncio.Event()
            assert asker.room == 64

            def more() -> None:
                for number in itertools.islice(numbers, asker.room):
                    asker.submit(labels(f"{number % 250}.{number // 250}.0.10"), SUFFIX, number, done)

            def done(number: int, answer: Answer, seconds: float) -> None:
                assert answer == Absent()
                assert seconds > 0
                more()
                if asker.in_flight + asker.waiting == 0:
                    over.set()

            more()
            assert asker.room == 0
            await over.wait()

    asyncio.run(asking())
    assert len({asked.name.lower() for asked in rude.questions}) == 300


def test_a_callback_that_raises_harms_nobody(rude: Rude, caplog: pytest.LogCaptureFixture) -> None:
    """Its defect is logged without its text, and all other answers are told."""
    rude.behave(ZONE, absent)
    told: list[int] = []

    async def asking() -> None:
        with closing(client(rude.address)) as asker:
            over = asyncio.Event()

            def done(number: int, answer: Answer, seconds: float) -> None:
                told.append(number)
                if len(told) == 20:
                    over.set()
                raise ValueError("secret")

            for number in range(20):
                asker.submit(labels(f"{number}.2.0.192"), SUFFIX, number, done)
            await over.wait()

    with caplog.at_level(logging.ERROR):
        asyncio.run(asking())
    assert sorted(told) == list(range(20))
    assert len(caplog.records) == 20
    assert "secret" not in caplog.text
    assert "ValueError" in str(caplog.records[0].__dict__["fields"])


def test_a_slow_way_that_raises_is_an_internal_failure(rude: Rude) -> None:
    """A defect there costs that one answer."""
    rude.behave(ZONE, truncated(absent))

    async def defective(name: bytes, suffix: Suffix, address: Address) -> Answer:
        raise RuntimeError

    async def asking() -> None:
        with closing(client(rude.address, slow=defective)) as asker:
            assert (await Awaiting(asker).ask(PREFIX, SUFFIX))[0] == Failure(Cause.INTERNAL)

    asyncio.run(asking())


def test_the_slow_way_is_asked_few_at_a_time(rude: Rude) -> None:
    """However many replies are odd, at most 64 are asked again at once; it is told the plain name and who sent the reply."""
    rude.behave(ZONE, truncated(absent))
    running = most = 0
    told: set[tuple[bytes, str]] = set()

    async def counted(name: bytes, suffix: Suffix, address: Address) -> Answer:
        nonlocal running, most
        told.add((name, str(address)))
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return NoData()

    async def asking() -> None:
        with closing(client(rude.address, slow=counted)) as asker:
            answers = await sweep(asker, [(f"{number}.2.0.192", ZONE) for number in range(200)])
            assert Counter(answers.values()) == {NoData(): 200}

    asyncio.run(asking())
    assert 2 <= most <= 64
    assert told == {(labels(f"{number}.2.0.192.{ZONE}") + b"\0", rude.address) for number in range(200)}
