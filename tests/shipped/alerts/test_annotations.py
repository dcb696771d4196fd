"""What alerts say, word by word."""

from collections.abc import Mapping

import pytest

from tests.shipped.alerts.exporters import Exporter, List, Origin, Place
from tests.shipped.alerts.files import links
from tests.shipped.alerts.world import World, alert

XBL = Place("2001:db8::1", "zen.example", "XBL")
PLAIN = Place("192.0.2.1", "plain.example", labels=(("team", "outbound"),))
STEPS = {
    "exploit": "Take the machine off the network or close its way out on port 25, remove what got in and how it got in, "
    "change the passwords; then ask for removal.",
    "abuse": "Find out in the mail log and queue what was sent before the listing began, and by which account or script; "
    "stop it; then ask for removal.",
    "unheard of": "Open the list's page for the reason; stop what it names; then ask for removal.",
}


@pytest.fixture(name="exporter")
def _exporter(world: World) -> Exporter:
    exporter = world.exporter(lists={"zen.example": List(listing_class="exploit"), "plain.example": List()})
    world.run(4)
    return exporter


def _of_xbl(name: str, summary: str, description: str) -> Mapping[str, str]:
    return {
        "summary": f"2001:db8::1 {summary}",
        "description": description,
        "delist_url": "https://zen.example/remove?ip=2001:db8::1",
        "first_steps": STEPS["exploit"],
        **links(name, "dnsbl-target?var-target=2001%3Adb8%3A%3A1"),
    }


def test_a_new_listing(world: World, exporter: Exporter) -> None:
    """Where, since when, the number, what to do first, where to ask."""
    exporter.puts_on(XBL)
    world.run(3)
    text = "2001:db8::1 was clean on zen.example XBL and has been listed there since 1970-01-01 00:04 UTC. "
    text += "This is listing number 1 there."
    world.expect_annotations(
        alert("DNSBLNewListing", "warning", XBL), **_of_xbl("DNSBLNewListing", "was newly put on a blocklist.", text)
    )
    world.check()


def test_what_was_listed_before(world: World, exporter: Exporter) -> None:
    """That it was, when that was seen, and that nobody knows how often."""
    exporter.finds(XBL)
    world.run(3)
    text = "2001:db8::1 was on zen.example XBL already when it was first checked there, 1970-01-01 00:04 UTC. "
    text += "This is listing number 1 as far as is known."
    summary = "is on a blocklist since before it was watched."
    world.expect_annotations(alert("DNSBLListed", "warning", XBL), **_of_xbl("DNSBLListed", summary, text))
    world.check()


def test_a_repeat(world: World, exporter: Exporter) -> None:
    """How long after the removal, and its number."""
    exporter.finds(XBL)
    exporter.takes_off(XBL)
    exporter.puts_on(XBL)
    exporter.takes_off(XBL)
    world.run(90)
    exporter.puts_on(XBL)
    world.run(3)
    text = "2001:db8::1 was removed from zen.example XBL and came back 1h 30m 0s later. This is listing number 3 there."
    summary = "was put back on a blocklist after removal."
    world.expect_annotations(alert("DNSBLRelisted", "critical", XBL), **_of_xbl("DNSBLRelisted", summary, text))
    world.check()


@pytest.mark.parametrize("listing_class", STEPS)
def test_a_list_without_sublists_and_a_class_of_listing(world: World, exporter: Exporter, listing_class: str) -> None:
    """The empty name leaves no hole in the text, and first steps follow from the class."""
    exporter.lists["plain.example"].listing_class = listing_class
    exporter.puts_on(PLAIN)
    world.run(3)
    world.expect_annotations(
        alert("DNSBLNewListing", "warning", PLAIN),
        summary="192.0.2.1 was newly put on a blocklist.",
        description="192.0.2.1 was clean on plain.example and has been listed there since 1970-01-01 00:04 UTC. "
        "This is listing number 1 there.",
        delist_url="https://plain.example/remove?ip=192.0.2.1",
        first_steps=STEPS[listing_class],
        **links("DNSBLNewListing", "dnsbl-target?var-target=192.0.2.1"),
    )
    world.check()


def test_an_outbreak(world: World, exporter: Exporter) -> None:
    """How many operators, and all that the target is newly on."""
    places = [Place("192.0.2.1", f"{operator}.example", operator.upper()) for operator in "abc"]
    for place in places:
        exporter.lists[place.list] = List(operator=place.list)
    exporter.puts_on(*places)
    world.run(3)
    world.expect_annotations(
        alert("DNSBLOutbreak", "critical", target="192.0.2.1"),
        summary="192.0.2.1 was put on the blocklists of several operators within an hour.",
        description="192.0.2.1 was newly listed by 3 operators within an hour. It is on a.example A, b.example B, c.example C.",
        first_steps="Stop outgoing mail of this address or domain now: what several operators see at once is going on at this "
        "moment. Find the account, the script or the infection; then ask each list for removal.",
        **links("DNSBLOutbreak", "dnsbl-target?var-target=192.0.2.1"),
    )
    world.check()


@pytest.mark.parametrize(("last_success", "said"), [(0, ""), (3600, "; it last could at 1970-01-01 01:00 UTC")])
def test_an_origin_that_is_down(world: World, exporter: Exporter, last_success: float, said: str) -> None:
    """Whose, which, and since when, if it ever was up."""
    exporter.origins["example.com spf"] = Origin(up=False, last_success=last_success)
    world.run(125)
    world.expect_annotations(
        alert("DNSBLOriginDown", "warning", instance="a", origin="example.com spf"),
        summary="What example.com spf leads to is not known any more.",
        description=f"a could not look up or read example.com spf for two hours{said}. What it led to before is still watched "
        "and may be out of date; if it never could, nothing of it is, or a part.",
        first_steps="Its log says what is wrong. A name or its records: ask for them with dig, through the same resolver. A "
        "file: is it there, may the exporter read it, is every line of it right?",
        **links("DNSBLOriginDown", "dnsbl-exporter?var-instance=a"),
    )
    world.check()
