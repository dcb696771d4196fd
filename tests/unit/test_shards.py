"""Which process owns a target, what part of a list's limits is its own, and how it is told which one it is."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.blocklist import Pace
from exporter.pace import Allowance, Level
from exporter.plan import Shard, build, read_shard
from exporter.target import Target, parse
from tests.unit.builders import a_list, a_pace, a_roster, domains, quick

ADDRESSES = st.ip_addresses().map(lambda address: parse(str(address)))
TARGETS = tuple(domains(1700))
START = 1_800_000_000.0


def owners(total: int) -> Mapping[Target, int]:
    """The one shard that owns each target; two or none are an error."""
    found = {}
    for target in TARGETS:
        (found[target],) = [ordinal for ordinal in range(total) if Shard(ordinal, total).owns(target)]
    return found


# ---- targets


@quick
@given(ADDRESSES, st.integers(1, 40))
def test_a_target_belongs_to_exactly_one_shard(target: Target, total: int) -> None:
    """Of any number of shards, one and only one owns a target."""
    assert sum(Shard(ordinal, total).owns(target) for ordinal in range(total)) == 1


@pytest.mark.parametrize("total", [*range(1, 17), 31, 32])
def test_one_shard_more_takes_its_part_and_never_mixes(total: int) -> None:
    """Going from n to n+1 shards, one target in n+1 moves, and each that moves goes to the new shard."""
    before, after = owners(total), owners(total + 1)
    moved = [target for target in TARGETS if before[target] != after[target]]
    assert {after[target] for target in moved} == {total}
    expected = len(TARGETS) / (total + 1)
    assert abs(len(moved) - expected) < 4 * expected**0.5


@pytest.mark.parametrize("total", [2, 3, 5, 16, 20])
def test_shards_are_about_equal(total: int) -> None:
    """Each shard owns about its share of many targets."""
    owner = list(owners(total).values())
    expected = len(TARGETS) / total
    assert all(abs(owner.count(ordinal) - expected) < 4 * expected**0.5 for ordinal in range(total))


@pytest.mark.parametrize(
    ("text", "of_three", "of_twenty"),
    [("192.0.2.1", 2, 11), ("2001:db8::1", 1, 19), ("example.com", 2, 6), ("198.51.100.11", 0, 4)],
)
def test_a_target_stays_where_it_is_in_every_version(text: str, of_three: int, of_twenty: int) -> None:
    """Who owns a target is no accident of a release: its history lies with that shard."""
    assert Shard(of_three, 3).owns(parse(text))
    assert Shard(of_twenty, 20).owns(parse(text))


# ---- limits


@quick
@given(st.integers(1, 10**12), st.integers(1, 64))
def test_the_parts_of_a_days_queries_are_the_whole(daily: int, total: int) -> None:
    """They differ by one at most, and add up to what is configured, or to one for each shard if that is more."""
    parts = [Shard(ordinal, total).part(a_pace(max_queries_per_day=daily)).max_queries_per_day or 0 for ordinal in range(total)]
    assert sum(parts) == max(daily, total)
    assert max(parts) - min(parts) <= 1


@quick
@given(st.floats(0.001, 1e6), st.integers(1, 64))
def test_the_parts_of_a_seconds_queries_are_the_whole(max_qps: float, total: int) -> None:
    """All are equal."""
    parts = [Shard(ordinal, total).part(a_pace(max_qps=max_qps)).max_qps or 0 for ordinal in range(total)]
    assert sum(parts) == pytest.approx(max_qps)
    assert len(set(parts)) == 1


@pytest.mark.parametrize("pace", [a_pace(), a_pace(interval=7.0, delist_after=3, confirm_interval=1.0, test_interval=9.0)])
def test_what_is_no_limit_is_not_shared_out(pace: Pace) -> None:
    """Intervals are the same on every shard, and no limit stays none."""
    assert Shard(1, 3).part(pace) == pace


@pytest.mark.parametrize("pace", [a_pace(max_queries_per_day=7), a_pace(max_qps=0.3)])
def test_the_only_shard_has_all(pace: Pace) -> None:
    """Without shards limits are what the config says."""
    assert Shard().part(pace) == pace


def test_a_plan_asks_with_its_part() -> None:
    """Every list of a shard's plan has the part of this shard, in its checks too."""
    lists = [a_list("one.example", pace=a_pace(max_queries_per_day=10)), a_list("two.example", pace=a_pace(max_qps=6.0))]
    plan = build(a_roster(domains(9)), lists, Shard(0, 3))
    assert {name: (each.pace.max_qps, each.pace.max_queries_per_day) for name, each in plan.lists.items()} == {
        "one.example": (None, 4),
        "two.example": (2.0, None),
    }
    assert all(plan.holds(check) for checks in plan.checks.values() for check in checks)


@pytest.mark.parametrize(("kept", "total", "left"), [(50.0, 2, 50), (50.0, 4, 25), (50.0, 20, 5), (5.0, 2, 5)])
def test_what_was_left_is_no_more_than_the_part_of_today_gives(kept: float, total: int, left: float) -> None:
    """With more shards than before a restart, less of a day may come at once; with fewer, what is left has to grow first."""
    part = Shard(0, total).part(a_pace(max_queries_per_day=1000))
    allowance = Allowance(part, START, Level(kept, START))
    assert allowance.left(START) == left
    assert allowance.free(START) == left


@pytest.mark.parametrize(
    ("total", "daily", "short"),
    [(1, 1, False), (3, None, False), (3, 30, False), (4, 24, False), (4, 23, True), (3, 2, True)],
)
def test_a_part_that_holds_no_two_tests_is_too_small(total: int, daily: int | None, short: bool) -> None:
    """Of less, tests alone take more than it is; what a single process is given is for its user to know."""
    assert Shard(0, total).is_short(a_list(pace=a_pace(max_queries_per_day=daily))) is short


@pytest.mark.parametrize("ordinal", range(4))
def test_all_shards_agree_on_what_is_too_small(ordinal: int) -> None:
    """The smallest part decides."""
    assert Shard(ordinal, 4).is_short(a_list(pace=a_pace(max_queries_per_day=23)))


def test_a_list_without_tests_needs_one_query() -> None:
    """One a day for each shard, or all together ask more than they may."""
    untested = [a_list(test_entries=None, pace=a_pace(max_queries_per_day=daily)) for daily in (3, 4)]
    assert [Shard(0, 4).is_short(each) for each in untested] == [True, False]


# ---- which one it is


@pytest.mark.parametrize(
    ("text", "total", "machine", "ordinal"),
    [
        ("0", 1, "anything", 0),
        ("2", 3, "dnsbl-exporter-1", 2),
        ("auto", 4, "dnsbl-exporter-3", 3),
        ("auto", 4, "dnsbl-exporter-3.shards.monitoring.svc.cluster.local", 3),
        ("auto", 12, "a-1-11", 11),
        ("auto", 12, "mx-09", 9),
    ],
)
def test_a_shard_is_told_by_a_number_or_by_a_name(text: str, total: int, machine: str, ordinal: int) -> None:
    """``auto`` is the number at the end of the machine's name, its domain aside."""
    assert read_shard(text, total, machine) == Shard(ordinal, total)


@pytest.mark.parametrize(
    ("text", "machine", "said"),
    [
        ("3", "m-1", "--shard=3 must be below --total-shards=3: shards count from 0"),
        ("-1", "m-1", "--shard=-1 is neither a number nor auto"),
        ("first", "m-1", "--shard=first is neither a number nor auto"),
        ("٣", "m-1", "--shard=٣ is neither a number nor auto"),
        ("auto", "m-3", "--shard=3 (of m-3) must be below --total-shards=3: shards count from 0"),
        (
            "auto",
            "mail",
            "--shard=auto: the name of this machine, mail, does not end like dnsbl-exporter-3 in a number",
        ),
        ("auto", "web1", "the name of this machine, web1, does not end like"),
        ("auto", "exporter-6c9f7d5b8-x2k41", "does not end like dnsbl-exporter-3 in a number"),
        ("auto", "3f2a9c1b4d07", "does not end like dnsbl-exporter-3 in a number"),
        ("auto", "", "does not end like dnsbl-exporter-3 in a number"),
    ],
)
def test_what_names_no_shard_is_said(text: str, machine: str, said: str) -> None:
    """Digits that a container or a pod of a Deployment has by chance are no ordinal."""
    with pytest.raises(ValueError, match="shard") as error:
        read_shard(text, 3, machine)
    assert said in str(error.value)
