"""Many lives at once: whatever comes in whatever order, each listing has its one alert, and nothing else has any."""

import random

import pytest

from tests.shipped.alerts.exporters import Exporter, Held, List, Place
from tests.shipped.alerts.world import Alert, World, alert

ZONE = "bl.example"
PLACES = [Place(f"192.0.2.{number}", ZONE, ("", "XBL", "PBL")[number % 3]) for number in range(12)]
MINUTES = 120
AWAY_AT_MOST = 9
"""Minutes; from ten on its absence is told."""


@pytest.mark.parametrize("instances", ["a", "ab"])
@pytest.mark.parametrize("seed", [1, 2])
def test_each_listing_has_its_one_alert(world: World, instances: str, seed: int) -> None:
    """Listings come and go and exporters are away now and then; at each minute exactly the present ones have their alert."""
    chance = random.Random(seed)
    exporters = [
        world.exporter(instance, {ZONE: List(impacts=dict.fromkeys(("", "XBL", "PBL"), "medium"))}) for instance in instances
    ]
    away = dict.fromkeys(instances, 0)
    last_word: dict[str, dict[Place, Held]] = {}
    for _ in range(MINUTES):
        for exporter in exporters:
            _live(exporter, chance)
            away[exporter.instance] = _next_away(away[exporter.instance], chance)
            exporter.up = away[exporter.instance] == 0
            if exporter.up:
                last_word[exporter.instance] = dict(exporter.held)
        world.run()
        world.expect(*_expected(last_word))
    world.check()
    world.check_as_managed()


def _live(exporter: Exporter, chance: random.Random) -> None:
    """Something may happen to a place or two, seen or not."""
    for place in chance.sample(PLACES, 2):
        held = exporter.held.get(place)
        if held is not None and held.since:
            exporter.takes_off(place)
        elif held is None and chance.random() < 0.3:
            exporter.finds(place)
        else:
            exporter.puts_on(place)


def _next_away(minutes: int, chance: random.Random) -> int:
    if minutes == 0:
        return int(chance.random() < 0.05)
    return 0 if minutes == AWAY_AT_MOST or chance.random() < 0.2 else minutes + 1


def _expected(last_word: dict[str, dict[Place, Held]]) -> list[Alert]:
    """By the table: whoever knows more of a present listing decides."""
    found = []
    for place in PLACES:
        present = [held[place] for held in last_word.values() if place in held and held[place].since]
        if any(held.number > 1 for held in present):
            found.append(alert("DNSBLRelisted", "critical", place))
        elif any(held.onset_observed for held in present):
            found.append(alert("DNSBLNewListing", "warning", place))
        elif present:
            found.append(alert("DNSBLListed", "warning", place))
    return found
