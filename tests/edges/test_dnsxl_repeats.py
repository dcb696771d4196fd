"""What a list is asked beyond the first query of each question is counted: it costs the list's budget too."""

import asyncio
from dataclasses import replace

import pytest

from exporter.verdict import Cause
from tests.edges.lists import ADDRESSES, ATTEMPT_SECONDS, TARGET, ZONE, ask, dnsxl, listed, run, unknown
from tests.servers import behaviour as honest
from tests.servers import mischief
from tests.servers.behaviour import Behaviour, absent
from tests.servers.daemon import wait_until
from tests.servers.rude import Rude

INNER = replace(ADDRESSES, zone=f"inner.{ZONE}")


def assert_received(rude: Rude, qtype: str, count: int) -> None:
    """So many queries come to the server, and no more."""
    wait_until(lambda: rude.count(ZONE, qtype) >= count, f"{count} queries are there")
    assert rude.count(ZONE, qtype) == count


@pytest.mark.parametrize("attempts", [1, 3])
def test_what_a_silent_list_is_asked_again_is_counted_once(rude: Rude, attempts: int) -> None:
    """Every packet after the first is counted, and told once."""
    rude.behave(ZONE, mischief.silent)
    provider = dnsxl(rude.address, timeout=ATTEMPT_SECONDS, attempts=attempts)
    assert ask(provider) == unknown(Cause.TIMEOUT)
    repeats = provider.repeated(ADDRESSES)
    assert repeats > 0
    assert_received(rude, "A", 1 + repeats)
    assert provider.repeated(ADDRESSES) == 0


@pytest.mark.parametrize(
    ("behaviour", "repeats"),
    [
        pytest.param(absent, 0, id="clean"),
        pytest.param(honest.listed("127.0.0.4"), 0, id="listed"),
        pytest.param(honest.cname_then("127.0.0.4"), 1, id="an alias: asked again with all of DNS"),
        pytest.param(mischief.truncated(honest.listed("127.0.0.4")), 2, id="cut off: asked again, and over TCP"),
    ],
)
def test_what_is_asked_in_another_way_is_counted(rude: Rude, behaviour: Behaviour, repeats: int) -> None:
    """Whatever comes besides the plain question is counted, over TCP too."""
    rude.behave(ZONE, behaviour)
    provider = dnsxl(rude.address)
    ask(provider)
    assert provider.repeated(ADDRESSES) == repeats
    assert_received(rude, "A", 1 + repeats)


def test_a_reason_that_is_asked_for_once_costs_nothing_more(rude: Rude) -> None:
    """The first TXT query is paid by who wants it."""
    rude.behave(ZONE, honest.listed("127.0.0.4", txt="Spam"))
    provider = dnsxl(rude.address)
    assert run(provider.reason(ADDRESSES, TARGET)) == "Spam"
    assert provider.repeated(ADDRESSES) == 0
    assert_received(rude, "TXT", 1)


def test_a_reason_that_is_asked_for_again_is_counted(rude: Rude) -> None:
    """A list that keeps silent about its reasons is charged for every further question."""
    rude.behave(ZONE, mischief.silent)
    provider = dnsxl(rude.address, timeout=ATTEMPT_SECONDS, attempts=2)
    assert run(provider.reason(ADDRESSES, TARGET)) == ""
    repeats = provider.repeated(ADDRESSES)
    assert repeats > 0
    assert_received(rude, "TXT", 1 + repeats)


def test_a_reason_given_up_is_counted_as_far_as_it_came(rude: Rude) -> None:
    """Who waits for a reason may go: what was sent for it until then was sent."""
    rude.behave(ZONE, mischief.silent)
    provider = dnsxl(rude.address, timeout=ATTEMPT_SECONDS, attempts=1000)

    async def give_up() -> None:
        asking = asyncio.create_task(provider.reason(ADDRESSES, TARGET))
        await asyncio.to_thread(wait_until, lambda: rude.count(ZONE, "TXT") > 1, "it is asked again")
        asking.cancel()
        await asyncio.wait([asking])

    run(give_up())
    assert_received(rude, "TXT", 1 + provider.repeated(ADDRESSES))


def test_each_list_has_its_own_count(rude: Rude) -> None:
    """A list whose zone lies in another's is charged for its own names, and the other for nothing."""
    rude.behave(ZONE, honest.cname_then("127.0.0.4"))
    provider = dnsxl(rude.address)
    assert ask(provider, INNER) == listed("127.0.0.4")
    assert (provider.repeated(ADDRESSES), provider.repeated(INNER)) == (0, 1)
