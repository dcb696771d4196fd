"""Attempts and several resolvers: who is asked next when an answer does not come."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from exporter.blocklist import Blocklist, Resolver
from exporter.providers.dnsxl import Dnsxl
from exporter.verdict import Cause, Codes, Failure, Verdict
from tests.edges.lists import (
    ADDRESSES,
    ATTEMPT_SECONDS,
    CLEAN,
    PATIENT_SECONDS,
    TARGET,
    ZONE,
    ask,
    dnsxl,
    listed,
    run,
    unknown,
    verdict,
)
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, absent, formerr, notimp, refused, servfail
from tests.servers.behaviour import listed as listing
from tests.servers.ports import free_port
from tests.servers.rude import Rude

HIT = listed("127.0.0.4")
IN_A_ROW = 5
PAUSE_SECONDS = 0.15
"""For so long a resolver where nobody listens may be left alone."""
SILENT_SECONDS = 0.6
"""Packets lost so soon after an answer do not count against a resolver."""


@pytest.fixture(name="second")
def _second() -> Iterator[Rude]:
    with Rude() as second:
        second.behave(ZONE, listing("127.0.0.4"))
        yield second


async def times(count: int, provider: Dnsxl) -> list[Verdict]:
    """The verdicts of that many questions, one after another."""
    return [await verdict(provider) for _ in range(count)]


async def until_down(dead: str, provider: Dnsxl) -> list[Verdict]:
    """The verdicts of the questions that it takes until a resolver where nobody listens is shown down. Between failures it is
    left alone, so questions may pass it over."""
    found: list[Verdict] = []
    while provider.resolvers().get(dead, True):
        assert len(found) < 4 * IN_A_ROW, "it is not shown down"
        found.append(await verdict(provider))
        await asyncio.sleep(PAUSE_SECONDS)
    return found


async def at_once(count: int, provider: Dnsxl, blocklist: Blocklist = ADDRESSES) -> list[Verdict]:
    """The verdicts of that many questions, asked together: to a silent resolver each is a failure."""
    return await asyncio.gather(*(verdict(provider, blocklist) for _ in range(count)))


def nowhere() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


# ---- attempts


def test_a_lost_answer_is_asked_for_again(rude: Rude) -> None:
    """A second packet makes up for the first, whatever the attempts, and long before the patience ends; the duration is that of
    the whole question."""
    rude.behave(ZONE, mischief.sequence(mischief.silent, listing("127.0.0.4")))
    reply = run(dnsxl(rude.address).ask(ADDRESSES, TARGET))
    assert (reply.answer, rude.count(ZONE)) == (Codes((IPv4Address("127.0.0.4"),)), 2)
    (seconds,) = reply.durations
    assert 0.2 < seconds < PATIENT_SECONDS / 2


@pytest.mark.parametrize(("attempts", "fewest", "most"), [(1, 1, 2), (3, 2, 5)])
def test_silence_is_waited_for_as_long_as_allowed(rude: Rude, attempts: int, fewest: int, most: int) -> None:
    """A question ends when its time-out has passed as often as the config allows attempts, and is not asked much more often."""
    rude.behave(ZONE, mischief.silent)
    reply = run(dnsxl(rude.address, timeout=ATTEMPT_SECONDS, attempts=attempts).ask(ADDRESSES, TARGET))
    assert reply.answer == Failure(Cause.TIMEOUT)
    (seconds,) = reply.durations
    assert attempts * ATTEMPT_SECONDS <= seconds < (attempts + 1) * ATTEMPT_SECONDS
    assert fewest <= rude.count(ZONE) <= most


def test_what_comes_after_the_last_attempt_is_lost(rude: Rude) -> None:
    """With one attempt no second packet is waited for beyond the time-out."""
    rude.behave(ZONE, mischief.sequence(mischief.silent, mischief.late(ATTEMPT_SECONDS, listing("127.0.0.4"))))
    assert ask(dnsxl(rude.address, timeout=ATTEMPT_SECONDS)) == unknown(Cause.TIMEOUT)


@pytest.mark.parametrize(
    ("behaviour", "cause", "packets"),
    [
        (servfail, Cause.SERVFAIL, 1),
        (refused, Cause.REFUSED_RCODE, 1),
        (formerr, Cause.FORMERR, 1),
        (notimp, Cause.OTHER_RCODE, 1),
        pytest.param(mischief.cname_loop, Cause.MALFORMED, 2, id="an alias, which is asked again to follow it"),
        (listing("127.255.255.254"), Cause.REFUSED, 1),
        (listing("192.0.2.1"), Cause.BOGUS, 1),
    ],
)
def test_an_answered_error_is_not_asked_again_of_the_same_resolver(
    rude: Rude, behaviour: Behaviour, cause: Cause, packets: int
) -> None:
    """One resolver would say the same again: a list that refuses is not asked twice, however many attempts there are."""
    rude.behave(ZONE, behaviour)
    assert ask(dnsxl(rude.address, attempts=3)) == unknown(cause)
    assert rude.count(ZONE) == packets


# ---- several resolvers


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(mischief.silent, id="silent"),
        pytest.param(mischief.wrong_id("127.0.0.9"), id="forged"),
        pytest.param(servfail, id="SERVFAIL"),
        pytest.param(refused, id="REFUSED"),
        pytest.param(mischief.truncated_then_closed, id="without TCP"),
    ],
)
def test_what_the_first_does_not_know_the_second_is_asked(rude: Rude, second: Rude, behaviour: Behaviour) -> None:
    """An attempt that brings no answer from one resolver is followed by one at the next."""
    rude.behave(ZONE, behaviour)
    assert ask(dnsxl(rude.address, second.address, timeout=ATTEMPT_SECONDS, attempts=2)) == HIT
    assert second.count(ZONE) == 1


def test_a_dead_first_resolver_costs_no_answer(second: Rude) -> None:
    """Where nobody listens the next resolver answers."""
    assert ask(dnsxl(nowhere(), second.address, attempts=2)) == HIT


def test_an_error_of_all_resolvers_stays_an_error(rude: Rude, second: Rude) -> None:
    """When the second resolver says the same as the first, so does the verdict."""
    rude.behave(ZONE, servfail)
    second.behave(ZONE, servfail)
    assert ask(dnsxl(rude.address, second.address, attempts=2)) == unknown(Cause.SERVFAIL)
    assert (rude.count(ZONE), second.count(ZONE)) == (1, 1)


def test_a_healthy_first_resolver_is_the_only_one_asked(rude: Rude, second: Rude) -> None:
    """Resolvers are an order, not a pool."""
    rude.behave(ZONE, absent)
    assert run(times(3, dnsxl(rude.address, second.address, attempts=2))) == [CLEAN] * 3
    assert second.count(ZONE) == 0


def test_a_resolver_that_fails_in_a_row_is_rested_and_shown_down(second: Rude) -> None:
    """A dead resolver is shown down after five failures in a row, and costs no answer before or after."""
    dead = nowhere()
    provider = dnsxl(dead, second.address)
    found = run(until_down(dead, provider))
    assert len(found) >= IN_A_ROW
    assert set(found) == {HIT}
    found = run(times(3, provider))
    assert (found, provider.resolvers()) == ([HIT] * 3, {dead: False, second.address: True})


def test_a_resolver_that_rests_is_not_asked(rude: Rude, second: Rude) -> None:
    """A silent resolver is shown down after five lost packets in a row, and costs no time any more."""
    rude.behave(ZONE, mischief.silent)
    provider = dnsxl(rude.address, second.address)
    assert run(at_once(IN_A_ROW, provider)) == [HIT] * IN_A_ROW
    assert provider.resolvers() == {rude.address: False, second.address: True}
    before = rude.count(ZONE)
    assert run(times(3, provider)) == [HIT] * 3
    assert rude.count(ZONE) == before


def test_a_failure_now_and_then_rests_nobody(rude: Rude, second: Rude) -> None:
    """Only failures in a row count: an answer between them wipes them out."""
    provider = dnsxl(rude.address, second.address)
    for _ in range(2):
        rude.behave(ZONE, mischief.silent)
        assert run(at_once(IN_A_ROW - 1, provider)) == [HIT] * (IN_A_ROW - 1)
        assert provider.resolvers()[rude.address]
        rude.behave(ZONE, absent)
        assert ask(provider) == CLEAN
        run(asyncio.sleep(SILENT_SECONDS))
    rude.behave(ZONE, mischief.silent)
    run(at_once(IN_A_ROW, provider))
    assert not provider.resolvers()[rude.address]


def test_a_rested_resolver_that_answers_is_first_again(rude: Rude, second: Rude) -> None:
    """A rested resolver is asked when no other answers, and its answer brings it back to its place."""
    rude.behave(ZONE, mischief.silent)
    provider = dnsxl(rude.address, second.address, attempts=2)
    run(at_once(IN_A_ROW, provider))
    assert provider.resolvers() == {rude.address: False, second.address: True}
    rude.behave(ZONE, absent)
    assert ask(provider) == HIT, "it rests"
    second.behave(ZONE, mischief.silent)
    assert run(at_once(IN_A_ROW, provider)) == [CLEAN] * IN_A_ROW, "no other is left"
    assert provider.resolvers() == {rude.address: True, second.address: False}
    second.behave(ZONE, listing("127.0.0.4"))
    assert (ask(provider), provider.resolvers()[rude.address]) == (CLEAN, True)


def test_a_lone_resolver_is_asked_however_often_it_failed(rude: Rude) -> None:
    """Where there is no other, resting is no reason not to ask."""
    rude.behave(ZONE, mischief.silent)
    provider = dnsxl(rude.address, timeout=ATTEMPT_SECONDS)
    assert run(at_once(IN_A_ROW + 1, provider)) == [unknown(Cause.TIMEOUT)] * (IN_A_ROW + 1)
    assert provider.resolvers() == {rude.address: False}
    rude.behave(ZONE, absent)
    assert ask(provider) == CLEAN
    assert provider.resolvers() == {rude.address: True}


@pytest.mark.parametrize("behaviour", [servfail, refused, notimp, mischief.cname_loop])
def test_an_error_that_is_answered_is_no_failure_of_the_resolver(rude: Rude, behaviour: Behaviour) -> None:
    """SERVFAIL is about the list: the resolver that says so is up."""
    rude.behave(ZONE, behaviour)
    provider = dnsxl(rude.address)
    run(times(2 * IN_A_ROW, provider))
    assert provider.resolvers() == {rude.address: True}


def test_a_resolver_may_be_asked_over_ipv6() -> None:
    """`[::1]:5353` is an address and a port."""
    with Rude("::1") as six:
        six.behave(ZONE, mischief.truncated(listing("127.0.0.4")))
        provider = dnsxl(six.address)
        assert (ask(provider), provider.resolvers()) == (HIT, {six.address: True})
        *over_udp, last = (asked.transport for asked in six.questions)
        assert (set(over_udp), last) == ({"udp"}, "tcp")


def test_a_list_may_have_resolvers_of_its_own(rude: Rude, second: Rude) -> None:
    """Its own resolvers are asked instead of the default ones, and both are shown."""
    rude.behave(ZONE, absent)
    provider = dnsxl(rude.address)
    assert ask(provider, replace(ADDRESSES, resolvers=(Resolver(second.address),))) == HIT
    assert rude.questions == ()
    assert ask(provider) == CLEAN
    assert provider.resolvers() == {rude.address: True, second.address: True}


def test_lists_with_the_same_resolvers_share_what_is_known_of_them(rude: Rude, second: Rude) -> None:
    """Five failures of one list's questions rest a resolver for the other lists too."""
    other = "other.example"
    rude.behave(ZONE, mischief.silent)
    rude.behave(other, listing("127.0.0.9"))
    second.behave(other, absent)
    provider = dnsxl(rude.address, second.address)
    run(at_once(IN_A_ROW, provider))
    assert ask(provider, replace(ADDRESSES, zone=other)) == CLEAN
    assert rude.count(other) == 0


def test_lists_with_equal_resolvers_of_their_own_share_them_too(rude: Rude, second: Rude) -> None:
    """What one list has learned of them the other knows, though each list names them for itself."""
    other = "other.example"
    rude.behave(ZONE, mischief.silent)
    rude.behave(other, listing("127.0.0.9"))
    second.behave(other, absent)
    provider = dnsxl()
    one, two = (
        replace(ADDRESSES, zone=zone, resolvers=(Resolver(rude.address, False), Resolver(second.address)))
        for zone in (ZONE, other)
    )
    run(at_once(IN_A_ROW, provider, one))
    assert ask(provider, two) == CLEAN
    assert rude.count(other) == 0


def test_a_resolver_of_two_sets_is_shown_once_and_truly(second: Rude) -> None:
    """A resolver that is dead for one list's set of resolvers is not shown up because another set has not noticed yet."""
    dead = nowhere()
    provider = dnsxl(dead, second.address)
    run(until_down(dead, provider))
    ask(provider, replace(ADDRESSES, resolvers=(Resolver(dead),)))
    assert provider.resolvers() == {dead: False, second.address: True}
