"""Alerts on shards: one that is missing is named, those that disagree are told, and nothing that passes by itself is."""

from collections.abc import Callable, Sequence

import pytest

from tests.shipped.alerts.exporters import Exporter
from tests.shipped.alerts.files import links
from tests.shipped.alerts.world import Alert, World, alert

DASHBOARD = "dnsbl-exporter?var-job=dnsbl"
DISAGREE = alert("DNSBLShardsDisagree", "warning")


def missing(*shards: int, job: str = "dnsbl") -> list[Alert]:
    return [alert("DNSBLShardMissing", "warning", job=job, shard=str(shard)) for shard in shards]


def twice(shard: int) -> Alert:
    return alert("DNSBLShardsDisagree", "warning", shard=str(shard))


def shards(world: World, total: int, ordinals: Sequence[int] = (), job: str = "dnsbl", pair: str = "") -> list[Exporter]:
    """So many shards, or only these of them."""
    found = []
    for ordinal in ordinals or range(total):
        exporter = world.exporter(f"{job}-{ordinal}{pair}", job=job)
        exporter.shard, exporter.total_shards = ordinal, total
        found.append(exporter)
    return found


def all_there(world: World) -> None:
    shards(world, 3)


def one_alone(world: World) -> None:
    shards(world, 1)


def a_pair(world: World) -> None:
    for half in "ab":
        shards(world, 1, pair=half)


def a_pair_of_shards(world: World) -> None:
    for half in "ab":
        shards(world, 3, pair=half)


def a_pair_of_shards_of_which_one_is_gone(world: World) -> None:
    shards(world, 3, pair="a")
    shards(world, 3, (0, 2), pair="b")


def sets_in_jobs_of_their_own(world: World) -> None:
    shards(world, 2, job="dnsbl-mail")
    shards(world, 3, job="dnsbl-customers")
    shards(world, 1, job="dnsbl")


@pytest.mark.parametrize(
    "story", [all_there, one_alone, a_pair, a_pair_of_shards, a_pair_of_shards_of_which_one_is_gone, sets_in_jobs_of_their_own]
)
def test_what_is_well_is_told_to_nobody(world: World, story: Callable[[World], None]) -> None:
    """A set, no set, a pair of either, half of which may be gone, and sets that have nothing to do with each other."""
    story(world)
    world.run_expecting(40)
    world.check()


@pytest.mark.parametrize(
    ("total", "there", "named"),
    [
        (2, (0,), [1]),
        (3, (0, 2), [1]),
        (3, (1, 2), [0]),
        (3, (0, 1), [2]),
        (5, (1, 3), [2, 4]),
        (5, (0, 4), [1]),
        (5, (3,), [4]),
        (40, (*range(17), *range(18, 40)), [17]),
    ],
)
def test_what_is_missing_is_named(world: World, total: int, there: Sequence[int], named: list[int]) -> None:
    """After a quarter of an hour, however many there are: the first of each gap, and the
    first shard comes after the last."""
    shards(world, total, there)
    world.run_expecting(15)
    world.run_expecting(5, *missing(*named))
    world.check()
    world.check_as_managed()


def test_one_that_goes_away_is_missing_until_it_is_back(world: World) -> None:
    """Its last word counts for five minutes; that it is down is told as well, if anybody looks for it."""
    *_, last = shards(world, 3)
    world.run_expecting(5)
    last.up = False
    world.run_expecting(10)
    world.run_expecting(8, alert("DNSBLExporterDown", "warning", instance=last.instance))
    world.run(4)
    world.run_expecting(5, *missing(2), alert("DNSBLExporterDown", "warning", instance=last.instance))
    last.up = True
    world.run_expecting(20)
    world.check()


def test_one_that_nobody_looks_for_any_more_is_missing(world: World) -> None:
    """A pod that is gone is not down, so this alone is told."""
    *_, last = shards(world, 3)
    world.run_expecting(5)
    world.forget(last)
    world.run_expecting(18)
    world.run(4)
    world.run_expecting(5, *missing(2))
    world.check()


def test_one_of_a_pair_is_enough(world: World) -> None:
    """While one exporter of a pair is down, its shard is still watched, and nobody has it twice."""
    for half in "ab":
        _, down, _ = shards(world, 3, pair=half)
    world.run_expecting(5)
    down.up = False
    world.run_expecting(10)
    world.run_expecting(40, alert("DNSBLExporterDown", "warning", instance=down.instance))
    world.check()


def test_a_failed_scrape_is_none_of_it(world: World) -> None:
    """Neither does it begin an alert, nor does it end one."""
    one, *_ = shards(world, 3, (0, 2))
    for _ in range(4):
        world.run(4)
        one.up = False
        world.run()
        one.up = True
        world.run()
    world.run_expecting(2, *missing(1))
    one.up = False
    world.run_expecting(1, *missing(1))
    one.up = True
    world.run_expecting(5, *missing(1))
    world.check()


def test_a_rolling_restart(world: World) -> None:
    """One after the other is away for some minutes and comes back under another address."""
    for exporter in shards(world, 3):
        world.run_expecting(3)
        world.forget(exporter)
        world.run_expecting(8)
        (again,) = shards(world, 3, [exporter.shard], pair=" again")
        assert again.instance != exporter.instance
    world.run_expecting(20)
    world.check()


def test_growing_from_two_to_three(world: World) -> None:
    """The new one comes first, then the old ones learn of it, all within a quarter of an hour."""
    old = shards(world, 2)
    world.run_expecting(5)
    shards(world, 3, [2])
    for exporter in reversed(old):
        world.run_expecting(5)
        exporter.up = False
        world.run_expecting(2)
        exporter.up, exporter.total_shards = True, 3
    world.run_expecting(40)
    world.check()


def test_shrinking_from_three_to_two(world: World) -> None:
    """The one that is not needed any more leaves no gap."""
    *left, gone = shards(world, 3)
    world.run_expecting(5)
    world.forget(gone)
    for exporter in left:
        world.run_expecting(3)
        exporter.total_shards = 2
    world.run_expecting(40)
    world.check()


def test_numbers_that_differ(world: World) -> None:
    """For a quarter of an hour, as when a roll-out stopped half-way; a set in another job has nothing to do with it."""
    one, _, _ = shards(world, 3)
    shards(world, 2, job="dnsbl-other")
    world.run_expecting(5)
    one.total_shards = 4
    world.run_expecting(15)
    world.run_expecting(5, DISAGREE)
    one.total_shards = 3
    world.run_expecting(20)
    world.check()
    world.check_as_managed()


def test_one_without_shards_among_shards(world: World) -> None:
    """It is one of 1, which is another number."""
    shards(world, 2)
    shards(world, 1, pair=" alone")
    world.run_expecting(15)
    world.run_expecting(5, DISAGREE)
    world.check()


@pytest.mark.parametrize(
    ("total", "there", "more_than_once", "gaps"),
    [(2, (0, 0), [0], [1]), (3, (0, 1, 1), [1], [2]), (3, (0, 0, 0), [0], [1]), (2, (0, 0, 0, 1), [0], [])],
)
def test_two_that_are_the_same(
    world: World, total: int, there: Sequence[int], more_than_once: list[int], gaps: list[int]
) -> None:
    """The shard that has more exporters than its part, and the one that nobody is."""
    for place, ordinal in enumerate(there):
        shards(world, total, [ordinal], pair=f" {place}")
    world.run_expecting(15)
    world.run_expecting(5, *map(twice, more_than_once), *missing(*gaps))
    world.check()
    world.check_as_managed()


def test_what_is_said_of_one_that_is_missing(world: World) -> None:
    """Which one, of how many, and which are there."""
    shards(world, 4, (0, 2, 3))
    world.run(20)
    (labels,) = missing(1)
    world.expect_annotations(
        labels,
        summary="Shard 1 of dnsbl is missing.",
        description="No exporter of dnsbl is shard 1 of 4. There are: 0 2 3. Nobody watches the targets of one that is missing; "
        "alerts on them end an hour after its last scrape.",
        first_steps="Is there an exporter for each number below --total-shards, and does Prometheus scrape it? The log of one "
        "that does not start says why.",
        **links("DNSBLShardMissing", DASHBOARD),
    )
    world.check()


@pytest.mark.parametrize(
    ("last", "labels", "said"),
    [
        pytest.param(
            (0, 3),
            twice(0),
            "2 exporters of dnsbl are shard 0, more than its part of them. They ask the same twice and exceed the "
            "limits of lists together.",
            id="the same",
        ),
        pytest.param(
            (2, 4),
            DISAGREE,
            "dnsbl has exporters with 2 different numbers of shards. Targets are watched twice or not at all.",
            id="another number",
        ),
    ],
)
def test_what_is_said_of_those_that_disagree(world: World, last: tuple[int, int], labels: Alert, said: str) -> None:
    """In what, and what comes of it."""
    shards(world, 3, (0, 1))
    shards(world, last[1], [last[0]], pair=" last")
    world.run(20)
    world.expect_annotations(
        labels,
        summary="The shards of dnsbl disagree.",
        description=said,
        first_steps="Give all exporters of the job the same --total-shards, and each a --shard of its own. Sets that have "
        "nothing to do with each other belong in jobs of their own.",
        **links("DNSBLShardsDisagree", DASHBOARD),
    )
    world.check()
