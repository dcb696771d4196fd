"""Answers that have been taken for a listing, or for none, by those who read every list alike.

A value means something only on its own list: each row is one value on one list of the catalogue, through a real query.
"""

from collections.abc import Callable
from itertools import product

import pytest

from exporter import catalogue
from exporter.target import Kind, Target
from exporter.verdict import Cause, Listed, NotListed, Unknown, Verdict
from tests.edges.catalogued import ZONES, blocklist, suffix
from tests.edges.lists import dnsxl, run, verdict
from tests.servers.behaviour import listed
from tests.servers.rude import Rude

SPAMHAUS = [zone for zone, entry in catalogue.entries().items() if entry["operator"] == "Spamhaus"]
URIBL = ["multi.uribl.com", "black.uribl.com", "grey.uribl.com", "red.uribl.com", "white.uribl.com"]
VALIDITY = ["bl.score.senderscore.com", "score.senderscore.com", "sa-trusted.bondedsender.org", "sa-accredit.habeas.com"]
FOREIGN = ["54.72.130.67", "91.195.240.117", "216.120.147.200", "146.112.61.108"]
"""Seen in the wild: parked domains, and a resolver's page."""
TARGETS = {Kind.IPV4: "192.0.2.7", Kind.IPV6: "2001:db8::7", Kind.DOMAIN: "bad.example"}

Said = Callable[..., Verdict]
"""What becomes of a list's answer: `said(zone, code, ...)`."""


@pytest.fixture(name="said")
def _said(rude: Rude) -> Said:
    provider = dnsxl(rude.address)

    def said(zone: str, *codes: str) -> Verdict:
        kind = min(blocklist(zone).kinds)
        rude.behave(suffix(zone), listed(*codes))
        return run(verdict(provider, blocklist(zone), Target(TARGETS[kind], kind)))

    return said


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("multi.surbl.org", "127.0.0.1"),
        *product(URIBL, ["127.0.0.1", "127.0.0.255"]),
        ("list.dnswl.org", "127.0.0.255"),
        ("dwl.dnswl.org", "127.0.0.255"),
        *product(SPAMHAUS, ["127.255.255.252", "127.255.255.254", "127.255.255.255"]),
        ("zen.dq.spamhaus.net", "127.255.255.250"),
        ("zen.dq.spamhaus.net", "127.255.255.251"),
        ("dbl.spamhaus.org", "127.0.1.255"),
        ("dbl.dq.spamhaus.net", "127.0.1.255"),
        ("zrd.dq.spamhaus.net", "127.0.2.255"),
        *product(VALIDITY, ["127.255.255.255"]),
    ],
)
def test_it_is_a_refusal_there(said: Said, zone: str, code: str) -> None:
    """It says something of who asked, and nothing of the target; not even together with a listing."""
    assert said(zone, code) == Unknown(Cause.REFUSED)
    assert said(zone, "127.0.0.2", code) == Unknown(Cause.REFUSED)


@pytest.mark.parametrize(
    ("zone", "codes", "sublists"),
    [
        ("bl.score.senderscore.com", ["127.0.0.1"], ["BOTNET"]),
        ("rbl.efnetrbl.org", ["127.0.0.1"], ["PROXY"]),
        ("iadb.isipp.com", ["127.0.0.1"], ["PRESENT"]),
        ("dnsbl.dronebl.org", ["127.0.0.255"], ["uncategorised"]),
        ("multi.surbl.org", ["127.0.0.80"], ["ABUSE", "MW"]),
        ("multi.surbl.org", ["127.0.0.254"], ["127.0.0.2", "ABUSE", "CR", "CT", "DM", "MW", "PH"]),
        ("multi.uribl.com", ["127.0.0.14"], ["BLACK", "GREY", "RED"]),
        ("zen.spamhaus.org", ["127.0.0.2", "127.0.0.4", "127.0.0.10"], ["PBL", "SBL", "XBL"]),
        ("zen.spamhaus.org", ["127.0.0.2", "127.0.0.9"], ["DROP", "SBL"]),
        ("list.dnswl.org", ["127.0.10.0"], ["SPECIAL"]),
        ("bl.suomispam.net", ["127.0.0.99"], [""]),
        ("hostkarma.junkemailfilter.com", ["127.0.0.2", "127.0.1.2"], ["BLACK"]),
        ("score.senderscore.com", ["127.0.4.79"], ["WEAK"]),
        ("rep.mailspike.net", ["127.0.0.13"], ["L2"]),
    ],
)
def test_it_is_a_listing_there(said: Said, zone: str, codes: list[str], sublists: list[str]) -> None:
    """On these sublists and on no other."""
    found = said(zone, *codes)
    assert isinstance(found, Listed)
    assert [hit.sublist for hit in found.hits] == sublists


@pytest.mark.parametrize(
    ("zone", "codes"),
    [
        *product(
            ["hostkarma.junkemailfilter.com"],
            [["127.0.0.1"], ["127.0.0.3"], ["127.0.0.5"], ["127.0.1.1"], ["127.0.2.3"], ["127.0.0.1", "127.0.1.2", "127.0.2.1"]],
        ),
        *product(["rep.mailspike.net"], [[f"127.0.0.{grade}"] for grade in range(14, 21)]),
        *product(["score.senderscore.com"], [["127.0.4.80"], ["127.0.4.90"], ["127.0.4.100"]]),
    ],
)
def test_it_is_no_listing_there(said: Said, zone: str, codes: list[str]) -> None:
    """Neutral or praise: the same as no answer."""
    assert said(zone, *codes) == NotListed()


@pytest.mark.parametrize("address", FOREIGN)
def test_a_foreign_address_is_a_listing_nowhere(said: Said, address: str) -> None:
    """No list says anything outside 127.0.0.0/8, alone or beside a code of its own: the whole answer is worth nothing."""
    found = {zone: {said(zone, address), said(zone, "127.0.0.2", address)} for zone in ZONES}
    assert found == {zone: {Unknown(Cause.BOGUS)} for zone in ZONES}
