"""A present listing is in exactly one alert of three, from its start to its end, whatever happens on the way."""

import pytest

from tests.shipped.alerts.exporters import Exporter, List, Place
from tests.shipped.alerts.world import Alert, World, alert

XBL = Place("192.0.2.1", "zen.example", "XBL")
PBL = Place("192.0.2.1", "zen.example", "PBL")
PLAIN = Place("2001:db8::1", "plain.example")

NEW = alert("DNSBLNewListing", "warning", XBL)
LISTED = alert("DNSBLListed", "warning", XBL)
RELISTED = alert("DNSBLRelisted", "critical", XBL)
DOWN = alert("DNSBLExporterDown", "warning", instance="a")


def _listed(world: World, exporter: Exporter) -> None:
    world.run(5)
    exporter.puts_on(XBL)
    world.run_expecting(1, NEW)


# ---- from start to end


def test_who_was_never_listed_is_in_no_alert(world: World) -> None:
    """Hours of clean checks say nothing."""
    world.exporter(lists={"zen.example": List()})
    world.run_expecting(75)
    world.check()


def test_a_new_listing(world: World) -> None:
    """It fires with the scrape that shows it, as long as it lasts, and ends with the scrape that shows its end."""
    exporter = world.exporter()
    _listed(world, exporter)
    world.run_expecting(75, NEW)
    exporter.takes_off(XBL)
    world.run_expecting(90)
    world.check()


def test_what_was_listed_when_first_checked(world: World) -> None:
    """It is no news, for as long as it lasts."""
    exporter = world.exporter()
    exporter.finds(XBL)
    world.run_expecting(75, LISTED)
    exporter.takes_off(XBL)
    world.run_expecting(90)
    world.check()


@pytest.mark.parametrize("minutes_off", [1, 70])
def test_a_repeat_listing(world: World, minutes_off: int) -> None:
    """However soon it comes after the removal, it is a repeat, and never a new one too; so is the one after it."""
    exporter = world.exporter()
    exporter.finds(XBL)
    world.run_expecting(5, LISTED)
    for _ in range(2):
        exporter.takes_off(XBL)
        world.run_expecting(minutes_off)
        exporter.puts_on(XBL)
        world.run_expecting(75, RELISTED)
    exporter.takes_off(XBL)
    world.run_expecting(5)
    world.check()


def test_a_sublist_that_is_added_is_news(world: World) -> None:
    """An address that was on one sublist all along and gets on another is newly listed there; each ends by itself."""
    exporter = world.exporter()
    exporter.finds(PBL)
    world.run_expecting(5, alert("DNSBLListed", "warning", PBL))
    exporter.puts_on(XBL)
    world.run_expecting(5, alert("DNSBLListed", "warning", PBL), NEW)
    exporter.takes_off(PBL)
    world.run_expecting(5, NEW)
    exporter.puts_on(PBL)
    world.run_expecting(5, alert("DNSBLRelisted", "critical", PBL), NEW)
    world.check()


def test_a_list_without_sublists(world: World) -> None:
    """Its one sublist has no name, so its alert has no such label."""
    exporter = world.exporter()
    world.run(5)
    exporter.puts_on(PLAIN)
    world.run_expecting(5, alert("DNSBLNewListing", "warning", PLAIN))
    exporter.takes_off(PLAIN)
    world.run_expecting(1)
    exporter.puts_on(PLAIN)
    world.run_expecting(5, alert("DNSBLRelisted", "critical", PLAIN))
    world.check()


# ---- gaps


@pytest.mark.parametrize("minutes", [1, 4, 58])
def test_an_exporter_that_is_away_for_less_than_an_hour(world: World, minutes: int) -> None:
    """A failed scrape, a restart or an outage changes no alert on listings, neither when it begins nor when it ends."""
    exporter = world.exporter()
    exporter.finds(PBL, PLAIN)
    exporter.takes_off(PLAIN)
    exporter.puts_on(PLAIN)
    world.run(5)
    exporter.puts_on(XBL)
    all_three = [NEW, alert("DNSBLListed", "warning", PBL), alert("DNSBLRelisted", "critical", PLAIN)]
    world.run_expecting(5, *all_three)
    exporter.up = False
    world.run_expecting(min(minutes, 10), *all_three)
    world.run_expecting(minutes - min(minutes, 10), *all_three, DOWN)
    exporter.up = True
    world.run_expecting(5, *all_three)
    world.check()


@pytest.mark.parametrize("minutes", [1, 4, 58])
def test_prometheus_that_is_away(world: World, minutes: int) -> None:
    """If nobody scrapes, nothing is noted of it; the last scrape counts."""
    exporter = world.exporter()
    _listed(world, exporter)
    world.pause(minutes)
    world.run_expecting(5, NEW)
    world.check()


def test_an_exporter_that_is_away_for_longer(world: World) -> None:
    """Its word counts for an hour. Then only its absence is told; when it is back, so are its listings."""
    exporter = world.exporter()
    _listed(world, exporter)
    exporter.up = False
    world.run(70)
    world.run_expecting(5, DOWN)
    exporter.up = True
    world.run_expecting(5, NEW)
    world.check()


def test_a_removal_that_was_not_scraped(world: World) -> None:
    """The first scrape after a gap ends the alert."""
    exporter = world.exporter()
    _listed(world, exporter)
    exporter.up = False
    world.run(5)
    exporter.takes_off(XBL)
    world.run_expecting(3, NEW)
    exporter.up = True
    world.run_expecting(5)
    world.check()


def test_a_removal_and_a_repeat_that_were_not_scraped(world: World) -> None:
    """The exporter saw both, so the first scrape after a gap says that it is a repeat."""
    exporter = world.exporter()
    _listed(world, exporter)
    exporter.up = False
    world.run(5)
    exporter.takes_off(XBL)
    world.run(5)
    exporter.puts_on(XBL)
    world.run(3)
    exporter.up = True
    world.run_expecting(5, RELISTED)
    world.check()


def test_a_listing_that_prometheus_comes_late_to(world: World) -> None:
    """How a listing began is in the exporter's memory, not in that of Prometheus, so its first scrape is enough."""
    exporter = world.exporter()
    exporter.finds(PBL)
    exporter.takes_off(PBL)
    exporter.puts_on(XBL, PBL)
    world.run_expecting(5, NEW, alert("DNSBLRelisted", "critical", PBL))
    world.check()


# ---- what is believed


def test_a_resolver_that_dies(world: World) -> None:
    """What is known is held while nothing is learned, so no alert on listings changes, for hours."""
    exporter = world.exporter(lists={"zen.example": List()})
    _listed(world, exporter)
    zen = exporter.lists["zen.example"]
    zen.last_success = exporter.now
    world.run_expecting(90, NEW)
    world.run(20)
    stale = alert("DNSBLListStale", "warning", list="zen.example", instance="a")
    world.run_expecting(60, NEW, stale)
    zen.last_success = None
    world.run_expecting(5, NEW)
    world.check()


def test_a_list_that_is_unhealthy(world: World) -> None:
    """It is told of the list; its listings stay as they were."""
    exporter = world.exporter(lists={"zen.example": List()})
    _listed(world, exporter)
    exporter.lists["zen.example"].health = "everything"
    world.run_expecting(30, NEW)
    world.run_expecting(60, NEW, alert("DNSBLListUnhealthy", "warning", list="zen.example"))
    exporter.lists["zen.example"].health = "ok"
    world.run_expecting(5, NEW)
    world.check()


def test_a_history_that_is_lost(world: World) -> None:
    """Who was listed is found listed again: no news, and it is said that the history began anew."""
    exporter = world.exporter()
    _listed(world, exporter)
    exporter.forgets()
    lost = alert("DNSBLHistoryLost", "warning", instance="a")
    world.run_expecting(2, lost)
    exporter.finds(XBL)
    world.run_expecting(60, lost, LISTED)
    world.check()


def test_a_target_that_leaves_the_config(world: World) -> None:
    """Its alerts end with the next scrape, those of others stay; back in the config, it is what it was."""
    exporter = world.exporter()
    exporter.finds(PLAIN)
    other = alert("DNSBLListed", "warning", PLAIN)
    world.run(5)
    exporter.puts_on(XBL)
    world.run_expecting(5, NEW, other)
    held = exporter.held[XBL]
    exporter.leaves_out(XBL)
    world.run_expecting(5, other)
    exporter.held[XBL] = held
    world.run_expecting(5, NEW, other)
    world.check()


# ---- labels


@pytest.mark.parametrize("labels", [(), (("team", "outbound"), ("customer", "Müller & Sons"))])
def test_the_labels_of_a_target_are_on_its_alerts(world: World, labels: tuple[tuple[str, str], ...]) -> None:
    """With labels and without, in all three, and next to targets that have others."""
    mine, other = XBL._replace(labels=labels), PLAIN._replace(labels=(("team", "web"),))
    exporter = world.exporter()
    exporter.finds(mine, other)
    world.run_expecting(5, alert("DNSBLListed", "warning", mine), alert("DNSBLListed", "warning", other))
    exporter.takes_off(mine)
    exporter.puts_on(PBL._replace(labels=labels))
    new = alert("DNSBLNewListing", "warning", PBL._replace(labels=labels))
    world.run_expecting(5, new, alert("DNSBLListed", "warning", other))
    exporter.puts_on(mine)
    world.run_expecting(5, new, alert("DNSBLRelisted", "critical", mine), alert("DNSBLListed", "warning", other))
    world.check()


def test_labels_that_are_changed(world: World) -> None:
    """The alert with the old ones ends when the one with the new ones begins: at no time are there two, or none."""
    exporter = world.exporter()
    before, after = XBL._replace(labels=(("team", "a"),)), XBL._replace(labels=(("team", "b"),))
    world.run(5)
    exporter.puts_on(before)
    world.run_expecting(5, alert("DNSBLNewListing", "warning", before))
    exporter.held = {after: exporter.held[before]}
    world.run_expecting(90, alert("DNSBLNewListing", "warning", after))
    world.check()


SEVERITIES = [
    ("critical", "critical", "critical"),
    ("high", "critical", "critical"),
    ("medium", "warning", "critical"),
    ("low", "info", "warning"),
    ("info", "info", "warning"),
]


@pytest.mark.parametrize(("impact", "first", "repeat"), SEVERITIES)
def test_severity_follows_from_impact(world: World, impact: str, first: str, repeat: str) -> None:
    """By the sublist's impact; one step higher for a repeat."""
    exporter = world.exporter(lists={"zen.example": List(impacts={"XBL": impact, "PBL": "medium"})})
    exporter.finds(XBL)
    world.run_expecting(5, alert("DNSBLListed", first, XBL))
    exporter.takes_off(XBL)
    exporter.puts_on(XBL)
    world.run_expecting(5, alert("DNSBLRelisted", repeat, XBL))
    del exporter.held[XBL]
    world.run(1)
    exporter.puts_on(XBL)
    world.run_expecting(5, alert("DNSBLNewListing", first, XBL))
    exporter.up = False
    world.run_expecting(5, alert("DNSBLNewListing", first, XBL))
    world.check()
    world.check_as_managed()


def test_an_impact_that_is_changed(world: World) -> None:
    """There is one severity at any time, be it raised or lowered."""
    exporter = world.exporter(lists={"zen.example": List(impacts={"XBL": "medium"})})
    _listed(world, exporter)
    for impact, severity in (("high", "critical"), ("low", "info"), ("medium", "warning")):
        exporter.lists["zen.example"].impacts["XBL"] = impact
        world.run_expecting(70, alert("DNSBLNewListing", severity, XBL))
    world.check()


def test_a_sublist_that_nothing_is_said_of(world: World) -> None:
    """No listing is lost because its sublist is not described: it counts as medium."""
    exporter = world.exporter()
    world.run(5)
    exporter.puts_on(XBL)
    exporter.lists["zen.example"].impacts.clear()
    world.run_expecting(5, NEW)
    exporter.takes_off(XBL)
    exporter.puts_on(XBL)
    world.run_expecting(5, RELISTED)
    world.check()


# ---- several exporters


def _pair(world: World) -> tuple[Exporter, Exporter]:
    return world.exporter("a"), world.exporter("b")


def test_a_pair_that_agrees_is_told_once(world: World) -> None:
    """One sees it minutes before the other; the alert is one, from the first that sees it to the last."""
    one, other = _pair(world)
    world.run(5)
    one.puts_on(XBL)
    world.run_expecting(7, NEW)
    other.puts_on(XBL)
    world.run_expecting(30, NEW)
    other.takes_off(XBL)
    world.run_expecting(7, NEW)
    one.takes_off(XBL)
    world.run_expecting(30)
    world.check()


def test_one_of_a_pair_that_is_away(world: World) -> None:
    """The other goes on; one that comes back changes nothing."""
    one, other = _pair(world)
    world.run(5)
    one.puts_on(XBL)
    other.puts_on(XBL)
    world.run_expecting(5, NEW)
    one.up = False
    world.run_expecting(10, NEW)
    world.run_expecting(80, NEW, DOWN)
    one.up = True
    world.run_expecting(5, NEW)
    world.check()


@pytest.mark.parametrize(
    ("one_sees", "other_sees", "expected"),
    [
        ("new", "listed", NEW),
        ("repeat", "listed", RELISTED),
        ("repeat", "new", RELISTED),
        ("listed", "nothing", LISTED),
        ("new", "nothing", NEW),
        ("repeat", "removed", RELISTED),
        ("listed", "removed", LISTED),
        ("removed", "nothing", None),
    ],
)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_pair_that_disagrees(world: World, one_sees: str, other_sees: str, expected: Alert | None, swapped: bool) -> None:
    """Whoever knows more of a listing decides what it is, and it is told once."""
    pair = _pair(world)
    for exporter, sees in zip(pair[::-1] if swapped else pair, (one_sees, other_sees), strict=True):
        if sees in ("listed", "removed", "repeat"):
            exporter.finds(XBL)
        if sees in ("removed", "repeat"):
            exporter.takes_off(XBL)
        if sees in ("new", "repeat"):
            exporter.puts_on(XBL)
    world.run_expecting(70, *([expected] if expected else []))
    world.check()


def test_a_pair_with_different_catalogues(world: World) -> None:
    """While one is upgraded before the other, the higher impact counts, and no rule fails."""
    one, other = _pair(world)
    one.lists["zen.example"] = List(operator="Zen", impacts={"XBL": "low"})
    other.lists["zen.example"] = List(operator="Zen Ltd", impacts={"XBL": "high"}, listing_class="exploit")
    world.run(5)
    one.puts_on(XBL)
    other.puts_on(XBL)
    world.run_expecting(5, alert("DNSBLNewListing", "critical", XBL))
    one.up = False
    world.run_expecting(5, alert("DNSBLNewListing", "critical", XBL))
    world.check()


def test_a_target_that_moves_to_another_shard(world: World) -> None:
    """The alert is the same, whichever shard has its target; one without it has no say."""
    one, other = _pair(world)
    other.lists["zen.example"] = List(impacts={"XBL": "medium"})
    _listed(world, one)
    other.held = one.held
    one.held = {}
    world.run_expecting(5, NEW)
    other.takes_off(XBL)
    world.run_expecting(5)
    world.check()
