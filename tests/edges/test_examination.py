"""A list proves itself or is not believed; and asking leaves nothing open behind it."""

import asyncio
import gc
import os
import resource
from dataclasses import replace

import dns.rcode
import pytest

from exporter.blocklist import Blocklist, Resolver
from exporter.health import Health
from exporter.inquiry import examine
from exporter.providers.dnsxl import Dnsxl
from exporter.target import Kind, parse
from exporter.verdict import Cause, Verdict
from tests.edges.histories import under_way
from tests.edges.lists import (
    ADDRESSES,
    ATTEMPT_SECONDS,
    DOMAINS,
    PATIENT_SECONDS,
    TARGET,
    dnsxl,
    entries,
    listed,
    run,
    unknown,
    verdict,
)
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, Packet, Question, absent, healthy, nodata, refused, servfail, zone_data
from tests.servers.behaviour import listed as listing
from tests.servers.daemon import wait_until
from tests.servers.garbage import GARBAGE
from tests.servers.ports import free_port
from tests.servers.rude import Rude

SIX = replace(ADDRESSES, kinds=frozenset({Kind.IPV6}), test_entries=entries(["::ffff:7f00:2"], ["::ffff:7f00:1"]))
BOTH = replace(ADDRESSES, test_entries=entries(["127.0.0.2", "::ffff:7f00:2"], ["127.0.0.1", "::ffff:7f00:1"]))
POSITIVE = "2.0.0.127"
SHARED_SOCKETS = 16


def health(address: str, blocklist: Blocklist, timeout: float = PATIENT_SECONDS) -> Health:
    """What a test of the list shows."""
    return run(examine({"dnsxl": dnsxl(address, timeout=timeout)}, blocklist, 12345)).health


@pytest.mark.parametrize("blocklist", [ADDRESSES, SIX, BOTH, DOMAINS])
@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        pytest.param(healthy(servfail), Health.OK, id="right about its test entries"),
        pytest.param(mischief.truncated(healthy(absent)), Health.OK, id="right over TCP"),
        pytest.param(listing("127.0.0.2"), Health.EVERYTHING, id="lists the world"),
        pytest.param(absent, Health.SILENT, id="lists nothing"),
        pytest.param(nodata, Health.SILENT, id="answers without A"),
        pytest.param(listing("127.255.255.254"), Health.REFUSED, id="refuses by a code"),
        pytest.param(refused, Health.REFUSED, id="refuses by REFUSED"),
        pytest.param(mischief.error_with_empty_question(dns.rcode.REFUSED), Health.REFUSED, id="refuses by a bare REFUSED"),
        pytest.param(listing("192.0.2.1"), Health.BOGUS, id="is parked outside 127/8"),
        pytest.param(servfail, Health.UNREACHABLE, id="fails"),
        pytest.param(mischief.truncated_then_closed, Health.UNREACHABLE, id="hangs up"),
        pytest.param(mischief.cname_loop, Health.UNREACHABLE, id="runs in circles"),
    ],
)
def test_a_list_shows_its_health(rude: Rude, blocklist: Blocklist, behaviour: Behaviour, expected: Health) -> None:
    """The test entries of a list tell whether it may be believed, and what is wrong with it if not."""
    rude.behave(blocklist.zone, behaviour)
    assert health(rude.address, blocklist) is expected


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(mischief.silent, id="silence"),
        pytest.param(mischief.wrong_id("127.0.0.2"), id="forgeries"),
        pytest.param(GARBAGE["random bytes"], id="garbage"),
    ],
)
def test_a_list_that_does_not_answer_is_unreachable(rude: Rude, behaviour: Behaviour) -> None:
    """Silence and nonsense prove nothing, neither for nor against the list's entries."""
    rude.behave(ADDRESSES.zone, behaviour)
    assert health(rude.address, ADDRESSES, ATTEMPT_SECONDS) is Health.UNREACHABLE


def test_where_nobody_listens_no_list_is_reachable() -> None:
    """A dead resolver makes the list unreachable, not silent."""
    assert health(f"127.0.0.1:{free_port()}", ADDRESSES) is Health.UNREACHABLE


def test_a_list_that_was_never_to_be_tested_is_not(rude: Rude) -> None:
    """Without test entries nothing is asked."""
    assert health(rude.address, replace(ADDRESSES, test_entries=None)) is Health.UNTESTED
    assert rude.questions == ()


@pytest.mark.parametrize(("blocklist", "exception"), [(ADDRESSES, "1.0.0.127"), (DOMAINS, "invalid")])
def test_a_wildcard_that_spares_the_negative_entry_is_found_out(rude: Rude, blocklist: Blocklist, exception: str) -> None:
    """A list that lists the world but for RFC 5782's negative entry is caught by the second negative, a new one each time."""

    def wildcard_with_an_exception(question: Question) -> list[Packet]:
        behaviour = absent if question.prefix == exception else listing("127.0.0.2")
        return list(behaviour(question))

    rude.behave(blocklist.zone, wildcard_with_an_exception)
    assert health(rude.address, blocklist) is Health.EVERYTHING


def test_another_code_for_the_positive_entry_will_do(rude: Rude) -> None:
    """Some lists answer their test entry with a code of their own."""
    rude.behave(ADDRESSES.zone, zone_data({POSITIVE: "127.0.0.50"}))
    assert health(rude.address, ADDRESSES) is Health.OK


def test_a_test_asks_with_the_key_through_the_lists_own_resolvers(rude: Rude) -> None:
    """What is tested is what is asked later: three names, new at the third, through the same resolver."""
    rude.behave(ADDRESSES.zone, healthy(absent))
    blocklist = replace(ADDRESSES, resolvers=(Resolver(rude.address),))
    for randomness in (1, 2):
        provider = dnsxl(f"127.0.0.1:{free_port()}")
        assert run(examine({"dnsxl": provider}, blocklist, randomness)).health is Health.OK
    names = sorted(asked.name.lower().removesuffix(f".{ADDRESSES.zone}") for asked in rude.questions)
    assert names == sorted(["1.0.0.127", "2.0.0.127", "1.0.18.198", "1.0.0.127", "2.0.0.127", "2.0.18.198"])


def test_a_list_that_recovers_is_healthy_again(rude: Rude) -> None:
    """Health is what the latest test shows, and remembers nothing."""
    found = []
    for behaviour in (healthy(absent), absent, listing("127.0.0.2"), refused, healthy(absent)):
        rude.behave(ADDRESSES.zone, behaviour)
        found.append(health(rude.address, ADDRESSES))
    assert found == [Health.OK, Health.SILENT, Health.EVERYTHING, Health.REFUSED, Health.OK]


# ---- nothing left open


def open_files() -> int:
    """How many files and sockets this process has open; garbage that would have closed some is a warning, and so an error."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


async def closed(provider: Dnsxl) -> None:
    """Close the provider, and let end what it had under way."""
    provider.close()
    await under_way()


@pytest.mark.parametrize(
    ("behaviour", "count", "timeout", "expected"),
    [
        pytest.param(listing("127.0.0.4"), 500, PATIENT_SECONDS, listed("127.0.0.4"), id="answered"),
        pytest.param(mischief.silent, 100, ATTEMPT_SECONDS / 4, unknown(Cause.TIMEOUT), id="silence"),
        pytest.param(GARBAGE["pointer loop"], 100, ATTEMPT_SECONDS / 2, unknown(Cause.MALFORMED), id="garbage"),
        pytest.param(mischief.truncated(listing("127.0.0.4")), 100, PATIENT_SECONDS, listed("127.0.0.4"), id="over TCP"),
        pytest.param(mischief.truncated_then_closed, 100, PATIENT_SECONDS, unknown(Cause.MALFORMED), id="hung up over TCP"),
        pytest.param(mischief.truncated_forever, 100, ATTEMPT_SECONDS, unknown(Cause.TIMEOUT), id="silence over TCP"),
    ],
)
def test_hundreds_of_questions_at_once_leave_no_socket_open(
    rude: Rude, behaviour: Behaviour, count: int, timeout: float, expected: Verdict
) -> None:
    """However questions end, only the few sockets that all questions share stay open, and those until the provider is closed."""
    rude.behave(ADDRESSES.zone, behaviour)
    provider = dnsxl(rude.address, timeout=timeout)
    run(under_way())  # the loop has files of its own
    before = open_files()

    async def all_at_once() -> set[Verdict]:
        targets = (parse(f"10.0.{number // 250}.{number % 250}") for number in range(count))
        return set(await asyncio.gather(*(verdict(provider, target=target) for target in targets)))

    assert run(all_at_once()) == {expected}
    wait_until(lambda: open_files() <= before + SHARED_SOCKETS, "the server sees its connections closed")
    run(closed(provider))
    wait_until(lambda: open_files() == before, "no socket is left")


@pytest.mark.parametrize("count", [0, 1])
def test_a_provider_may_be_closed_twice_and_before_it_asked(rude: Rude, count: int) -> None:
    """Closing lets go of everything that is there, and of nothing else."""
    rude.behave(ADDRESSES.zone, absent)
    provider = dnsxl(rude.address)
    run(under_way())
    before = open_files()
    for _ in range(count):
        run(verdict(provider))
    for _ in range(2):
        run(closed(provider))
        assert open_files() == before


@pytest.mark.parametrize("behaviour", [mischief.silent, mischief.truncated_forever])
def test_questions_that_are_dropped_leave_no_socket_open(rude: Rude, behaviour: Behaviour) -> None:
    """Questions may be cancelled; closing cancels the others and leaves no socket of any, neither of UDP nor of TCP."""
    rude.behave(ADDRESSES.zone, behaviour)
    provider = dnsxl(rude.address, timeout=600)
    transport = "udp" if behaviour is mischief.silent else "tcp"
    run(under_way())
    before = open_files()

    def asked_over(transport: str) -> int:
        return sum(asked.transport == transport for asked in rude.questions)

    async def drop_them() -> list[Verdict | BaseException]:
        tasks = [asyncio.create_task(verdict(provider)) for _ in range(30)]
        await asyncio.to_thread(wait_until, lambda: asked_over(transport) >= len(tasks), "all have been asked")
        for task in tasks[::2]:
            task.cancel()
        await under_way()
        assert [task.done() for task in tasks] == [True, False] * 15
        await closed(provider)
        return await asyncio.gather(*tasks, return_exceptions=True)

    assert {type(each) for each in run(drop_them())} == {asyncio.CancelledError}
    wait_until(lambda: open_files() == before, "the server sees its connections closed")


def test_no_sockets_left_is_a_network_error(rude: Rude) -> None:
    """When the process may open no more sockets, questions are unknown; nothing raises, and the next one is answered."""
    rude.behave(ADDRESSES.zone, listing("127.0.0.4"))
    provider = dnsxl(rude.address)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def none_left() -> Verdict:
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            return await verdict(provider, target=TARGET)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert run(none_left()) == unknown(Cause.NETWORK)
    assert run(verdict(provider)) == listed("127.0.0.4")
