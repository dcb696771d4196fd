"""Lists as they are run: rbldnsd asked directly, and through unbound as most people do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.blocklist import Blocklist
from exporter.health import Health
from exporter.inquiry import examine
from exporter.listing import Event, Standing, advance
from exporter.target import parse
from exporter.verdict import Cause, Hit, Listed, Verdict
from tests.edges.lists import (
    ADDRESSES,
    BITS,
    CLEAN,
    DOMAIN_ZONE,
    DOMAINS,
    SUBLISTS,
    TARGET,
    ZONE,
    ask,
    dnsxl,
    listed,
    run,
    unknown,
)
from tests.servers.daemon import wait_until
from tests.servers.ports import free_port
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.unbound import Unbound
from tests.servers.zones import addresses, domains

IPV4 = {
    "192.0.2.7": "127.0.0.4",
    "192.0.2.8": ["127.0.0.2:Spam from $", "127.0.0.10:Policy for $", "127.0.0.11:Policy for $"],
    "192.0.2.24": "127.0.0.24",
    "192.0.2.88": "127.0.0.89",
    "192.0.2.254": "127.255.255.254",
    "192.0.2.128/28": "127.0.0.6",
}
IPV6 = {"2001:db8::25": "127.0.0.3", "2001:db8:1::/64": "127.0.0.4"}
NAMES = {".bad.example": "127.0.1.2", "xn--bcher-kva.example": "127.0.1.4"}


@pytest.fixture(name="rbldnsd", scope="module")
def _rbldnsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rbldnsd]:
    zones = {ZONE: addresses({**IPV4, **IPV6}), DOMAIN_ZONE: domains(NAMES)}
    with Rbldnsd(tmp_path_factory.mktemp("lists"), zones) as rbldnsd:
        yield rbldnsd


@pytest.fixture(name="resolver", scope="module", params=["direct", "unbound"])
def _resolver(request: pytest.FixtureRequest, rbldnsd: Rbldnsd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "direct":
        yield rbldnsd.address
        return
    stubs = {ZONE: rbldnsd.address, DOMAIN_ZONE: rbldnsd.address}
    with Unbound(tmp_path_factory.mktemp("resolver"), stubs) as unbound:
        yield unbound.address


@pytest.mark.parametrize(
    ("blocklist", "target", "verdict"),
    [
        pytest.param(ADDRESSES, "192.0.2.7", listed("127.0.0.4"), id="listed"),
        pytest.param(ADDRESSES, "192.0.2.9", CLEAN, id="clean"),
        pytest.param(ADDRESSES, "192.0.2.130", listed("127.0.0.6"), id="in a listed range"),
        pytest.param(ADDRESSES, "2001:db8::25", listed("127.0.0.3"), id="IPv6"),
        pytest.param(ADDRESSES, "2001:db8::52", CLEAN, id="IPv6, clean: the nibbles' order matters"),
        pytest.param(ADDRESSES, "2001:db8:1::dead:beef", listed("127.0.0.4"), id="IPv6 range"),
        pytest.param(ADDRESSES, "::ffff:192.0.2.7", listed("127.0.0.4"), id="an IPv4 address written as IPv6"),
        pytest.param(DOMAINS, "bad.example", listed("127.0.1.2"), id="domain"),
        pytest.param(DOMAINS, "MX.Bad.Example.", listed("127.0.1.2"), id="domain below a listed one"),
        pytest.param(DOMAINS, "bücher.example", listed("127.0.1.4"), id="domain of other letters"),
        pytest.param(DOMAINS, "good.example", CLEAN, id="domain, clean"),
        pytest.param(ADDRESSES, "192.0.2.8", listed("127.0.0.2", "127.0.0.10", "127.0.0.11"), id="several codes, no table"),
        pytest.param(
            SUBLISTS,
            "192.0.2.8",
            Listed((Hit("PBL", ("127.0.0.10", "127.0.0.11")), Hit("SBL", ("127.0.0.2",)))),
            id="several codes on two sublists",
        ),
        pytest.param(SUBLISTS, "192.0.2.130", listed("127.0.0.6", on="XBL"), id="a code in a range"),
        pytest.param(SUBLISTS, "192.0.2.24", listed("127.0.0.24", on="127.0.0.24"), id="a code in no row"),
        pytest.param(BITS, "192.0.2.24", Listed((Hit("MW", ("127.0.0.24",)), Hit("PH", ("127.0.0.24",)))), id="two bits"),
        pytest.param(
            BITS,
            "192.0.2.88",
            Listed(tuple(Hit(name, ("127.0.0.89",)) for name in ("127.0.0.1", "ABUSE", "MW", "PH"))),
            id="four bits, one in no row",
        ),
        pytest.param(ADDRESSES, "192.0.2.254", unknown(Cause.REFUSED), id="refusal code"),
    ],
)
def test_a_list_is_read_as_its_table_says(resolver: str, blocklist: Blocklist, target: str, verdict: Verdict) -> None:
    """What rbldnsd serves is judged alike whether it is asked directly or through a resolver."""
    assert ask(dnsxl(resolver), blocklist, parse(target)) == verdict


@pytest.mark.parametrize("blocklist", [ADDRESSES, DOMAINS, SUBLISTS, BITS])
def test_a_working_list_is_healthy(resolver: str, blocklist: Blocklist) -> None:
    """A list that serves its test entries is ok, directly and through a resolver."""
    assert run(examine({"dnsxl": dnsxl(resolver)}, blocklist, 7)).health is Health.OK


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("192.0.2.7", "Listed 192.0.2.7"),
        ("192.0.2.8", "Policy for 192.0.2.8 Spam from 192.0.2.8"),
        ("2001:db8::25", "Listed 2001:db8::25"),
        ("192.0.2.9", ""),
    ],
)
def test_the_reason_is_the_targets_own(resolver: str, target: str, reason: str) -> None:
    """The reason is what the list says of this target, every sentence once, and nothing for a clean one."""
    assert run(dnsxl(resolver).reason(ADDRESSES, parse(target))) == reason


def test_a_second_sublist_is_a_second_listing(tmp_path: Path) -> None:
    """An address on the policy list that gets onto the exploit list is listed once more, and leaves the one without the other."""
    standing, found = Standing(), []
    with Rbldnsd(tmp_path, {ZONE: addresses()}) as rbldnsd:
        for at, codes in enumerate(([], ["127.0.0.10"], ["127.0.0.10", "127.0.0.4"], ["127.0.0.4"])):
            rbldnsd.write(ZONE, addresses({TARGET.text: codes}))
            standing, changes = advance(standing, ask(dnsxl(rbldnsd.address), SUBLISTS), float(at), delist_after=1)
            found.append([(change.event, change.listing.sublist, change.listing.onset_observed) for change in changes])
    assert found == [[], [(Event.LISTED, "PBL", True)], [(Event.LISTED, "XBL", True)], [(Event.DELISTED, "PBL", True)]]


def test_rebinding_protection_hides_a_listing_and_is_found_out(rbldnsd: Rbldnsd, tmp_path: Path) -> None:
    """Behind a resolver that takes 127/8 away, a listing is unknown, an absence is clean, and the list is called silent."""
    with Unbound(tmp_path, {ZONE: rbldnsd.address}, private_127=True) as unbound:
        provider = dnsxl(unbound.address)
        assert ask(provider) == unknown(Cause.NO_DATA)
        assert ask(provider, target=parse("192.0.2.9")) == CLEAN
        assert run(examine({"dnsxl": provider}, ADDRESSES, 7)).health is Health.SILENT


def test_an_outage_of_the_list_is_the_resolvers_servfail(tmp_path: Path) -> None:
    """While the list is down its resolver says so, and neither listings nor absences are made of that."""
    with Rbldnsd(tmp_path, {ZONE: addresses(["192.0.2.7"])}) as rbldnsd, Unbound(tmp_path, {ZONE: rbldnsd.address}) as unbound:
        provider = dnsxl(unbound.address)
        assert ask(provider) == listed("127.0.0.2")
        rbldnsd.stop()
        assert [ask(provider, target=parse(text)) for text in ("192.0.2.7", "192.0.2.9")] == [unknown(Cause.SERVFAIL)] * 2
        rbldnsd.start()
        wait_until(lambda: ask(provider) == listed("127.0.0.2"), "the resolver asks the list again")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_where_nobody_listens_is_a_network_error(host: str) -> None:
    """A port where nobody listens is known at once, without waiting for the time-out."""
    port = free_port(host)
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    assert ask(dnsxl(address, timeout=600)) == unknown(Cause.NETWORK)
