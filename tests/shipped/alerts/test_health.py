"""Alerts on lists and exporters: each fires when it is meant to, and not for what is well or passes by itself."""

import pytest

from tests.shipped.alerts.exporters import INTERVAL_SECONDS, Exporter, List, Origin
from tests.shipped.alerts.world import Alert, World, alert

ZEN = "zen.example"
LONG_BEFORE = -2e9
"""Stands for 0, no answer ever: promtool's clock begins at 0."""


@pytest.fixture(name="exporter")
def _exporter(world: World) -> Exporter:
    exporter = world.exporter(lists={ZEN: List(), "other.example": List()})
    world.run_expecting(5)
    return exporter


def _of_list(name: str, **more: str) -> Alert:
    return alert(name, "warning", list=ZEN, **more)


def _of_exporter(name: str, **more: str) -> Alert:
    return alert(name, "warning", instance="a", **more)


# ---- lists


def test_unhealthy_for_half_an_hour(world: World, exporter: Exporter) -> None:
    """Whatever its sickness is and becomes, the alert is one, and a restart of the exporter does not end it."""
    zen = exporter.lists[ZEN]
    zen.health = "silent"
    world.run_expecting(30)
    world.run_expecting(10, _of_list("DNSBLListUnhealthy"))
    zen.health = "unreachable"
    world.run_expecting(10, _of_list("DNSBLListUnhealthy"))
    exporter.up = False
    world.run_expecting(5, _of_list("DNSBLListUnhealthy"))
    exporter.up = True
    world.run_expecting(5, _of_list("DNSBLListUnhealthy"))
    zen.health = "ok"
    world.run_expecting(5)
    world.check()


def test_unhealthy_for_a_while(world: World, exporter: Exporter) -> None:
    """A list that recovers within half an hour is told to nobody."""
    for _ in range(3):
        exporter.lists[ZEN].health = "unreachable"
        world.run_expecting(29)
        exporter.lists[ZEN].health = "ok"
        world.run_expecting(5)
    world.check()


def test_a_list_that_is_untested_by_configuration(world: World, exporter: Exporter) -> None:
    """It is not unhealthy."""
    exporter.lists[ZEN].health = "untested"
    world.run_expecting(60)
    world.check()


def test_unhealthy_for_one_of_a_pair(world: World, exporter: Exporter) -> None:
    """The list is still watched, so its listings must not be muted; what it refuses is told of the one."""
    world.exporter("b", {ZEN: List(), "other.example": List()})
    exporter.lists[ZEN].health = "refused"
    world.run(20)
    world.run_expecting(40, _of_list("DNSBLQueriesRefused", instance="a"))
    world.check()


def test_a_list_that_takes_none_of_our_targets(world: World, exporter: Exporter) -> None:
    """It has nothing to answer, so nothing is missing."""
    zen = exporter.lists[ZEN]
    zen.checks, zen.last_success, zen.health = 0, LONG_BEFORE, "unreachable"
    world.run_expecting(75)
    world.check()


@pytest.mark.parametrize(("seconds_ago", "minutes"), [(0, 100), (2700, 55), (LONG_BEFORE, 10)])
def test_stale(world: World, exporter: Exporter, seconds_ago: float, minutes: int) -> None:
    """Three intervals without an answer, and ten minutes; ten minutes after the start if there never was any."""
    exporter.lists[ZEN].last_success = exporter.now - abs(seconds_ago)
    world.run_expecting(minutes)
    world.run(2)
    world.run_expecting(30, _of_list("DNSBLListStale", instance="a"))
    exporter.lists[ZEN].last_success = None
    world.run_expecting(5)
    world.check()


def test_refused_tests(world: World, exporter: Exporter) -> None:
    """A list whose test entries are refused, for a quarter of an hour; then it is unhealthy too."""
    exporter.lists[ZEN].health = "refused"
    world.run_expecting(15)
    world.run_expecting(15, _of_list("DNSBLQueriesRefused", instance="a"))
    world.run_expecting(5, _of_list("DNSBLQueriesRefused", instance="a"), _of_list("DNSBLListUnhealthy"))
    world.check()


@pytest.mark.parametrize(("refused_a_minute", "fires"), [(0, False), (1, False), (5, True)])
def test_refused_checks(world: World, exporter: Exporter, refused_a_minute: int, fires: bool) -> None:
    """One refusal in two hundred checks passes by, one in forty does not."""
    zen = exporter.lists[ZEN]
    for minute in range(60):
        zen.answered += 200
        zen.refused += refused_a_minute
        world.run()
        if minute < 10 or minute > 20:
            world.expect(*([_of_list("DNSBLQueriesRefused", instance="a")] if fires and minute > 20 else []))
    world.check()


@pytest.mark.parametrize(("lap_seconds", "fires"), [(INTERVAL_SECONDS * 1.1, False), (INTERVAL_SECONDS * 2, True)])
def test_laps_that_take_too_long(world: World, exporter: Exporter, lap_seconds: float, fires: bool) -> None:
    """For an hour: a list that its allowance keeps from finishing within the interval."""
    exporter.lists[ZEN].lap_seconds = lap_seconds
    world.run_expecting(60)
    world.run_expecting(5, *([_of_list("DNSBLChecksOverdue", instance="a")] if fires else []))
    world.check()


def test_an_exporter_that_does_not_catch_up(world: World, exporter: Exporter) -> None:
    """More than a tenth of its checks overdue for an hour, its first interval after a start aside."""
    exporter.overdue = 3
    exporter.started = exporter.now
    world.run_expecting(INTERVAL_SECONDS // 60 + 60)
    world.run(2)
    world.run_expecting(5, _of_exporter("DNSBLChecksOverdue"))
    exporter.overdue = 2
    world.run_expecting(5)
    world.check()


# ---- targets


def test_an_origin_that_cannot_be_looked_up(world: World, exporter: Exporter) -> None:
    """For two hours, over failed scrapes and a restart, and told of each that is so."""
    spf, file = exporter.origins["example.com spf"], exporter.origins["targets.d/a.yml"] = Origin(), Origin()
    world.run_expecting(5)
    spf.up = False
    world.run_expecting(100)
    exporter.up = False
    world.run_expecting(5)
    exporter.up, file.up = True, False
    world.run_expecting(15)
    world.run_expecting(100, _of_exporter("DNSBLOriginDown", origin="example.com spf"))
    exporter.up = False
    world.run_expecting(5, _of_exporter("DNSBLOriginDown", origin="example.com spf"))
    exporter.up, spf.up = True, True
    world.run(2)
    world.run_expecting(5, _of_exporter("DNSBLOriginDown", origin="targets.d/a.yml"))
    world.check()


def test_an_origin_that_is_down_now_and_then(world: World, exporter: Exporter) -> None:
    """What works again within two hours is told to nobody."""
    exporter.origins["mail.example.com"] = origin = Origin()
    for _ in range(2):
        origin.up = False
        world.run_expecting(119)
        origin.up = True
        world.run_expecting(5)
    world.check()


def test_an_origin_that_left_the_config_is_told_no_more(world: World, exporter: Exporter) -> None:
    """A quarter of an hour later."""
    exporter.origins["example.com mx"] = Origin(up=False)
    world.run(130)
    world.expect(_of_exporter("DNSBLOriginDown", origin="example.com mx"))
    del exporter.origins["example.com mx"]
    world.run(16)
    world.run_expecting(5)
    world.check()


# ---- the exporter


def test_a_history_that_began_anew(world: World, exporter: Exporter) -> None:
    """For a day, over restarts; a history that is older than the one before is a move, and none began."""
    exporter.history_created = exporter.now
    world.run_expecting(5, _of_exporter("DNSBLHistoryLost"))
    exporter.up = False
    world.run_expecting(5, _of_exporter("DNSBLHistoryLost"))
    exporter.up = True
    world.run(24 * 60 - 11)
    world.expect(_of_exporter("DNSBLHistoryLost"))
    world.run(3)
    world.run_expecting(5)
    exporter.history_created = 100
    world.run_expecting(5)
    world.check()


def test_a_first_start_loses_nothing(world: World, exporter: Exporter) -> None:
    """An exporter that is seen for the first time has lost no history."""
    world.exporter("b")
    world.run_expecting(30)
    world.check()


def test_a_history_that_cannot_be_written(world: World, exporter: Exporter) -> None:
    """When it has failed for a quarter of an hour, and until ten minutes after the last failure."""
    for minute in range(30):
        exporter.write_failures += 12
        world.run()
        if minute < 14 or minute > 16:
            world.expect(*([_of_exporter("DNSBLHistoryNotWritten")] if minute > 16 else []))
    world.run_expecting(8, _of_exporter("DNSBLHistoryNotWritten"))
    world.run(3)
    world.run_expecting(5)
    world.check()


def test_a_history_that_was_locked_for_a_moment(world: World, exporter: Exporter) -> None:
    """A failure or two, which the next attempt made good, are told to nobody."""
    exporter.write_failures += 2
    world.run_expecting(30)
    world.check()


def test_a_config_that_is_not_taken(world: World, exporter: Exporter) -> None:
    """For five minutes, over a failed scrape."""
    exporter.config_good = False
    world.run_expecting(5)
    world.run_expecting(5, _of_exporter("DNSBLConfigReloadFailed"))
    exporter.up = False
    world.run_expecting(1, _of_exporter("DNSBLConfigReloadFailed"))
    exporter.up, exporter.config_good = True, True
    world.run_expecting(5)
    world.check()


def test_an_exporter_that_is_down(world: World, exporter: Exporter) -> None:
    """For ten minutes: a restart is told to nobody. Its other alerts do not begin for its absence."""
    exporter.up = False
    world.run_expecting(9)
    exporter.up = True
    world.run_expecting(5)
    exporter.up = False
    world.run_expecting(10)
    world.run_expecting(60, _of_exporter("DNSBLExporterDown"))
    exporter.up = True
    world.run_expecting(5)
    world.check()


def test_no_exporter_at_all(world: World) -> None:
    """A job that is missing or called otherwise is found out."""
    world.run_expecting(9)
    world.run_expecting(5, {"alertname": "DNSBLExporterDown", "severity": "warning"})
    world.check()
