"""Resolvers that do not repeat the case of a question (draft-vixie-dnsext-dns0x20), and those that do beside them."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from exporter.blocklist import Key, Resolver
from exporter.providers.dnsxl import Dnsxl
from exporter.verdict import Cause, Verdict
from tests.edges.lists import ADDRESSES, ATTEMPT_SECONDS, CLEAN, TARGET, ask, dnsxl, listed, run, unknown, verdict
from tests.servers.behaviour import Behaviour, absent, cname_then
from tests.servers.behaviour import listed as listing
from tests.servers.mischief import forged_first, in_another_case, late, sequence, silent, truncated
from tests.servers.ports import free_port
from tests.servers.rude import Rude

ZONE = "a-list-whose-name-has-so-many-letters.that-chance-never-writes-all-of-them-small.example"
"""Lower case is one of the spellings that chance may give to a short name."""
LIST = replace(ADDRESSES, zone=ZONE)
NAME = f"7.2.0.192.{ZONE}"
HIT = listed("127.0.0.4")
LISTING = listing("127.0.0.4")
LIE = listing("127.0.0.9")
IN_A_ROW = 5


def lowered(inner: Behaviour) -> Behaviour:
    """`inner`, with the question repeated in lower case, however it was asked."""
    return in_another_case(bytes.lower, inner)


def lower(server: Rude) -> Resolver:
    """A server as a resolver that is asked in lower case."""
    return Resolver(server.address, mixed_case=False)


def names(server: Rude) -> set[str]:
    """The names that it was asked for over UDP, as they were written."""
    return {asked.name for asked in server.questions if asked.transport == "udp"}


async def at_once(count: int, provider: Dnsxl) -> list[Verdict]:
    """The verdicts of that many questions, asked together."""
    return await asyncio.gather(*(verdict(provider, LIST) for _ in range(count)))


@pytest.fixture(name="second")
def _second() -> Iterator[Rude]:
    with Rude() as second:
        second.behave(ZONE, lowered(LISTING))
        yield second


# ---- one resolver


@pytest.mark.parametrize(("truth", "expected"), [(LISTING, HIT), (absent, CLEAN)])
def test_a_resolver_that_changes_the_case_says_nothing_unless_it_is_asked_in_lower_case(
    rude: Rude, truth: Behaviour, expected: Verdict
) -> None:
    """With mixed case its answers are no answers, neither listed nor clean; without, they count."""
    rude.behave(ZONE, lowered(truth))
    assert ask(dnsxl(rude.address, timeout=ATTEMPT_SECONDS), LIST) == unknown(Cause.MALFORMED)
    assert NAME not in names(rude)
    assert ask(dnsxl(lower(rude)), LIST) == expected
    assert NAME in names(rude)


def test_a_list_may_have_a_resolver_of_its_own_that_is_asked_in_lower_case(rude: Rude, second: Rude) -> None:
    """The resolver of one list is asked in lower case, that of the others in mixed case."""
    rude.behave(ZONE, absent)
    provider = dnsxl(rude.address)
    assert ask(provider, replace(LIST, resolvers=(lower(second),))) == HIT
    assert ask(provider, LIST) == CLEAN
    assert names(second) == {NAME}
    assert NAME not in names(rude)


def test_one_resolver_may_be_asked_both_ways(rude: Rude) -> None:
    """What a list's own set says of a resolver holds for that list alone."""
    rude.behave(ZONE, absent)
    provider = dnsxl(rude.address)
    assert ask(provider, replace(LIST, resolvers=(lower(rude),))) == CLEAN
    assert names(rude) == {NAME}
    assert ask(provider, LIST) == CLEAN
    assert len(names(rude)) == 2


@pytest.mark.parametrize("mixed_first", [True, False])
def test_of_a_resolver_that_is_named_both_ways_the_opt_out_holds(rude: Rude, mixed_first: bool) -> None:
    """`system` may name a resolver that is given by its address too: it is asked in lower case."""
    rude.behave(ZONE, lowered(LISTING))
    provider = dnsxl(Resolver(rude.address, mixed_first), Resolver(rude.address, not mixed_first))
    assert ask(provider, LIST) == HIT
    assert (rude.count(ZONE), provider.resolvers()) == (1, {rude.address: True})


@pytest.mark.parametrize("mixed_case", [True, False])
def test_a_reason_is_read_whatever_becomes_of_the_case(rude: Rude, mixed_case: bool) -> None:
    """TXT decides nothing, so its question has no random case, and an answer in lower case is one; keys have capitals."""
    rude.behave(ZONE, lowered(listing("127.0.0.4", txt="because")))
    keyed = replace(LIST, key=Key("K3y"))
    assert run(dnsxl(Resolver(rude.address, mixed_case)).reason(keyed, TARGET)) == "because"


@pytest.mark.parametrize("odd", [cname_then("127.0.0.4"), truncated(LISTING)], ids=["an alias", "cut off"])
def test_odd_replies_of_a_resolver_that_changes_the_case_are_asked_for_again(rude: Rude, odd: Behaviour) -> None:
    """What is asked again the slow way is understood in any case."""
    rude.behave(ZONE, lowered(odd))
    assert ask(dnsxl(lower(rude)), LIST) == HIT


# ---- several resolvers


@pytest.mark.parametrize("death", ["refusing", "silent"])
def test_a_resolver_asked_in_lower_case_takes_over_from_one_that_dies(rude: Rude, second: Rude, death: str) -> None:
    """The first is asked in mixed case, and when it dies the second in lower case: every question gets its answer."""
    rude.behave(ZONE, LISTING)
    with Rude() as dying:
        dying.behave(ZONE, LISTING)
        first = dying if death == "refusing" else rude
        provider = dnsxl(first.address, lower(second))
        assert run(at_once(IN_A_ROW, provider)) == [HIT] * IN_A_ROW
        assert second.questions == ()
        rude.behave(ZONE, silent)
    # Here `dying` is gone, and nobody listens there.
    assert run(at_once(IN_A_ROW, provider)) == [HIT] * IN_A_ROW
    assert NAME not in names(first)
    assert names(second) == {NAME}


@pytest.mark.parametrize("death", ["refusing", "silent"])
def test_a_resolver_asked_in_mixed_case_takes_over_from_one_asked_in_lower_case(rude: Rude, death: str) -> None:
    """What was asked in lower case is asked again in mixed case: the opt-out of one resolver costs the other nothing."""
    rude.behave(ZONE, silent)
    first = lower(rude) if death == "silent" else Resolver(f"127.0.0.1:{free_port()}", mixed_case=False)
    with Rude() as other:
        other.behave(ZONE, forged_first([lowered(LIE)], LISTING))
        assert ask(dnsxl(first, other.address), LIST) == HIT
        assert NAME not in names(other)
    assert names(rude) <= {NAME}


def test_a_late_answer_is_compared_with_its_own_question(rude: Rude, second: Rude) -> None:
    """An answer in mixed case to a question in mixed case counts, though it has been asked again in lower case."""
    rude.behave(ZONE, sequence(late(ATTEMPT_SECONDS, LISTING), silent))
    second.behave(ZONE, silent)
    assert ask(dnsxl(rude.address, lower(second)), LIST) == HIT
    assert names(second) == {NAME}


def test_lower_case_is_no_answer_to_a_question_in_mixed_case(rude: Rude, second: Rude) -> None:
    """A forger who knows that another resolver is asked in lower case gains nothing by it."""
    rude.behave(ZONE, lowered(LIE))
    second.behave(ZONE, silent)
    assert ask(dnsxl(rude.address, lower(second), timeout=ATTEMPT_SECONDS, attempts=3), LIST) == unknown(Cause.MALFORMED)
    assert second.count(ZONE) > 0
