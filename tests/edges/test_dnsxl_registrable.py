"""A list of registrable domains, as rbldnsd serves it: names below them are asked about in their stead."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from exporter.blocklist import Blocklist
from exporter.health import Health
from exporter.inquiry import examine
from exporter.providers.dnsxl import Dnsxl
from exporter.target import Target, parse
from exporter.verdict import Answer, Verdict, judge
from tests.edges.lists import CLEAN, DOMAIN_ZONE, DOMAINS, ask, dnsxl, entries, listed, run
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.zones import domains

ANY_NAMES = DOMAINS
REGISTRABLE = replace(DOMAINS, registrable=True)
LISTED = listed("127.0.0.2")
HELD = ["example.co.uk", "test.list.example", "xn--85x722f.xn--55qx5d.cn", "bad.github.io", "mail.deep.example"]
"""Without wildcards: nothing is said of the names below."""


@pytest.fixture(name="rbldnsd", scope="module")
def _rbldnsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rbldnsd]:
    with Rbldnsd(tmp_path_factory.mktemp("lists"), {DOMAIN_ZONE: domains(HELD)}) as rbldnsd:
        yield rbldnsd


CASES = pytest.mark.parametrize(
    ("blocklist", "target", "verdict"),
    [
        pytest.param(REGISTRABLE, "mail.example.co.uk", LISTED, id="below a listed domain"),
        pytest.param(REGISTRABLE, "example.co.uk", LISTED, id="the listed domain"),
        pytest.param(REGISTRABLE, "a.b.c.example.co.uk", LISTED, id="far below"),
        pytest.param(REGISTRABLE, "www.食狮.公司.cn", LISTED, id="below one of other letters"),
        pytest.param(REGISTRABLE, "www.bad.github.io", LISTED, id="below one of a company's customers"),
        pytest.param(REGISTRABLE, "good.github.io", CLEAN, id="another customer"),
        pytest.param(REGISTRABLE, "other.co.uk", CLEAN, id="another domain of the suffix"),
        pytest.param(REGISTRABLE, "mail.deep.example", CLEAN, id="what such a list would not hold"),
        pytest.param(ANY_NAMES, "mail.example.co.uk", CLEAN, id="any names: below a listed one"),
        pytest.param(ANY_NAMES, "example.co.uk", LISTED, id="any names: the listed one"),
        pytest.param(ANY_NAMES, "mail.deep.example", LISTED, id="any names: a host"),
    ],
)


@CASES
def test_a_name_is_found_through_its_registrable_domain(
    rbldnsd: Rbldnsd, blocklist: Blocklist, target: str, verdict: Verdict
) -> None:
    """On a list of those, and on no other."""
    assert ask(dnsxl(rbldnsd.address), blocklist, parse(target)) == verdict


@CASES
def test_a_lap_finds_the_same(rbldnsd: Rbldnsd, blocklist: Blocklist, target: str, verdict: Verdict) -> None:
    """What asks for a whole list asks as a single question does."""
    provider, asked = dnsxl(rbldnsd.address), parse(target)
    assert judge(blocklist, asked.kind, run(_answer(provider, blocklist, asked))) == verdict


async def _answer(provider: Dnsxl, blocklist: Blocklist, target: Target) -> Answer:
    found: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    provider.asker(blocklist, lambda token, answer, seconds: found.set_result(answer))(target, None)
    return await found


@pytest.mark.parametrize(
    ("blocklist", "reason"), [pytest.param(REGISTRABLE, "Listed example.co.uk", id="registrable"), pytest.param(ANY_NAMES, "")]
)
def test_the_reason_is_that_of_what_was_asked(rbldnsd: Rbldnsd, blocklist: Blocklist, reason: str) -> None:
    """It stands where the listing does."""
    assert run(dnsxl(rbldnsd.address).reason(blocklist, parse("mail.example.co.uk"))) == reason


@pytest.mark.parametrize(
    ("must_be_listed", "must_not_be", "health"),
    [
        pytest.param("test.list.example", "no.list.example", Health.OK, id="below a registrable domain"),
        pytest.param("test", "invalid", Health.OK, id="of RFC 5782"),
        pytest.param("no.example.co.uk", "invalid", Health.SILENT, id="not there, though its registrable domain is"),
        pytest.param("test", "no.example.co.uk", Health.OK, id="must not be there, though its registrable domain is"),
    ],
)
def test_test_entries_are_asked_as_they_stand(rbldnsd: Rbldnsd, must_be_listed: str, must_not_be: str, health: Health) -> None:
    """They say what the list answers to itself, not what it holds of others."""
    tested = replace(REGISTRABLE, test_entries=entries([must_be_listed], [must_not_be]))
    assert run(examine({"dnsxl": dnsxl(rbldnsd.address)}, tested, 7)).health is health
