"""Attempts and several resolvers: who is asked next when an answer does not come."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from exporter.providers.dnsxl import Dnsxl
from exporter.verdict import Cause, Codes, Verdict
from tests.edges.lists import ADDRESSES, ATTEMPT_SECONDS, CLEAN, TARGET, ZONE, ask, dnsxl, listed, run, unknown, verdict
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, absent, formerr, notimp, refused, servfail
from tests.servers.behaviour import listed as listing
from tests.servers.ports import free_port
from tests.servers.rude import Rude

HIT = listed("127.0.0.4")
IN_A_ROW = 5


@pytest.fixture(name="second")
def _second() -> Iterator[Rude]:
    with Rude() as second:
        second.behave(ZONE, listing("127.0.0.4"))
        yield second


async def times(count: int, provider: Dnsxl) -> list[Verdict]:
    """The verdicts of that many questions, one after another."""
    return [await verdict(provider) for _ in range(count)]


def nowhere() -> str:
    """An address where nobody listens."""
    return f"127.0.0.1:{free_port()}"


# ---- attempts


def test_a_lost_answer_is_asked_for_again(rude: Rude) -> None:
    """The second attempt makes up for the first; both are queries, each with its duration."""
    rude.behave(ZONE, mischief.sequence(mischief.silent, listing("127.0.0.4")))
    reply = run(dnsxl(rude.address, timeout=ATTEMPT_SECONDS, attempts=2).ask(ADDRESSES, TARGET))
    assert reply.answer == Codes((IPv4Address("127.0.0.4"),))
    assert (len(reply.durations), rude.count(ZONE)) == (2, 2)
    assert reply.durations[0] >= ATTEMPT_SECONDS


def test_one_attempt_is_one_query(rude: Rude) -> None:
    """With one attempt a lost answer stays lost."""
    rude.behave(ZONE, mischief.sequence(mischief.silent, listing("127.0.0.4")))
    assert ask(dnsxl(rude.address, timeout=ATTEMPT_SECONDS)) == unknown(Cause.TIMEOUT)
    assert rude.count(ZONE) == 1


def test_silence_is_asked_as_often_as_allowed(rude: Rude) -> None:
    """Attempts end where the config says, and their last cause stands."""
    rude.behave(ZONE, mischief.silent)
    assert ask(dnsxl(rude.address, timeout=0.1, attempts=3)) == unknown(Cause.TIMEOUT)
    assert rude.count(ZONE) == 3


@pytest.mark.parametrize(
    ("behaviour", "cause"),
    [
        (servfail, Cause.SERVFAIL),
        (refused, Cause.REFUSED_RCODE),
        (formerr, Cause.FORMERR),
        (notimp, Cause.OTHER_RCODE),
        (mischief.cname_loop, Cause.MALFORMED),
        (listing("127.255.255.254"), Cause.REFUSED),
        (listing("192.0.2.1"), Cause.BOGUS),
    ],
)
def test_an_answered_error_is_not_asked_again_of_the_same_resolver(rude: Rude, behaviour: Behaviour, cause: Cause) -> None:
    """One resolver would say the same again: a list that refuses is not asked twice."""
    rude.behave(ZONE, behaviour)
    assert ask(dnsxl(rude.address, attempts=3)) == unknown(cause)
    assert rude.count(ZONE) == 1


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
    """After five failures in a row the dead resolver is asked last: one attempt is enough again."""
    dead = nowhere()
    provider = dnsxl(dead, second.address)
    found = run(times(IN_A_ROW - 1, provider))
    assert (found, provider.resolvers()) == ([unknown(Cause.NETWORK)] * (IN_A_ROW - 1), {dead: True, second.address: True})
    found = run(times(3, provider))
    assert (found, provider.resolvers()) == ([unknown(Cause.NETWORK), HIT, HIT], {dead: False, second.address: True})


def test_a_failure_now_and_then_rests_nobody(rude: Rude, second: Rude) -> None:
    """Only failures in a row count: an answer between them wipes them out."""
    provider = dnsxl(rude.address, second.address)
    for _ in range(2):
        rude.behave(ZONE, mischief.truncated_then_closed)
        run(times(IN_A_ROW - 1, provider))
        rude.behave(ZONE, absent)
        assert ask(provider) == CLEAN
    assert provider.resolvers()[rude.address]


def test_a_rested_resolver_that_answers_is_first_again(rude: Rude, second: Rude) -> None:
    """A rested resolver is asked when no other answers, and its answer brings it back to its place."""
    rude.behave(ZONE, mischief.truncated_then_closed)
    provider = dnsxl(rude.address, second.address, attempts=2)
    run(times(IN_A_ROW, provider))
    assert provider.resolvers() == {rude.address: False, second.address: True}
    rude.behave(ZONE, absent)
    assert ask(provider) == HIT, "it rests"
    second.behave(ZONE, mischief.truncated_then_closed)
    assert ask(provider) == CLEAN, "no other is left"
    second.behave(ZONE, listing("127.0.0.4"))
    assert (ask(provider), provider.resolvers()[rude.address]) == (CLEAN, True)


def test_a_lone_resolver_is_asked_however_often_it_failed(rude: Rude) -> None:
    """Where there is no other, resting is no reason not to ask."""
    rude.behave(ZONE, mischief.truncated_then_closed)
    provider = dnsxl(rude.address)
    run(times(IN_A_ROW + 1, provider))
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
        assert [asked.transport for asked in six.questions] == ["udp", "tcp"]


def test_a_list_may_have_resolvers_of_its_own(rude: Rude, second: Rude) -> None:
    """Its own resolvers are asked instead of the default ones, and both are shown."""
    rude.behave(ZONE, absent)
    provider = dnsxl(rude.address)
    assert ask(provider, replace(ADDRESSES, resolvers=(second.address,))) == HIT
    assert rude.questions == ()
    assert ask(provider) == CLEAN
    assert provider.resolvers() == {rude.address: True, second.address: True}


def test_lists_with_the_same_resolvers_share_what_is_known_of_them(second: Rude) -> None:
    """Five failures of one list's questions rest a resolver for the other lists too."""
    dead = nowhere()
    provider = dnsxl(dead, second.address)
    run(times(IN_A_ROW, provider))
    other = "other.example"
    second.behave(other, absent)
    assert ask(provider, replace(ADDRESSES, zone=other)) == CLEAN


def test_a_resolver_of_two_sets_is_shown_once_and_truly(second: Rude) -> None:
    """A resolver that is dead for one list's set of resolvers is not shown up because another set has not noticed yet."""
    dead = nowhere()
    provider = dnsxl(dead, second.address)
    run(times(IN_A_ROW, provider))
    ask(provider, replace(ADDRESSES, resolvers=(dead,)))
    assert provider.resolvers() == {dead: False, second.address: True}
