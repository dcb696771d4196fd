"""Which checks exist, and which process owns them."""

from dataclasses import replace
from itertools import pairwise

import pytest

from exporter.blocklist import Blocklist
from exporter.plan import Check, Plan, Shard, build
from exporter.target import Kind, parse
from tests.unit.builders import a_list, a_pace, a_plan, a_roster, domains


def a_part(count: int, lists: list[Blocklist], shard: Shard) -> Plan:
    """A shard's plan of so many domains."""
    return build(a_roster(domains(count), shard), lists, shard)


def test_shards_together_are_the_whole_plan() -> None:
    """The checks of all shards are the checks of one process, none twice."""
    lists = [a_list("one.example"), a_list("two.example")]
    whole = build(a_roster(domains(50)), lists, Shard())
    parts = [a_part(50, lists, Shard(ordinal, 3)) for ordinal in range(3)]
    for name in whole.checks:
        together = [check.key for part in parts for check in part.checks[name]]
        assert sorted(together) == sorted(check.key for check in whole.checks[name])
    assert {target for part in parts for target in part.roster} == set(whole.roster)


@pytest.mark.parametrize(
    ("blocklist", "accepted"),
    [
        pytest.param(a_list(kinds=(Kind.IPV4,)), {"9.9.9.9"}, id="ipv4"),
        pytest.param(a_list(kinds=(Kind.IPV6,)), {"2620:fe::fe"}, id="ipv6"),
        pytest.param(a_list(kinds=(Kind.DOMAIN,)), {"example.com"}, id="domain"),
        pytest.param(a_list(), {"9.9.9.9", "2620:fe::fe", "example.com"}, id="all kinds"),
        pytest.param(a_list(kinds=(Kind.IPV4,), non_global=True), {"9.9.9.9", "10.0.0.1"}, id="non-global"),
        pytest.param(a_list(f"{'z.' * 118}example"), {"9.9.9.9"}, id="name too long for a domain"),
        pytest.param(a_list(f"{'z.' * 118}example", key="key-of-seventeen"), set(), id="name too long with the key"),
    ],
)
def test_a_list_takes_what_it_can_say_something_about(blocklist: Blocklist, accepted: set[str]) -> None:
    """A list gets the targets of its kinds that are global, unless it takes others, and whose name fits."""
    targets = [parse(text) for text in ("9.9.9.9", "10.0.0.1", "2620:fe::fe", "example.com")]
    plan = build(a_roster(targets), [blocklist], Shard())
    assert {check.target.text for check in plan.checks[blocklist.name]} == accepted


def test_lists_of_registrable_domains_take_fewer_targets_than_others_like_them() -> None:
    """Lists that differ in nothing else have targets of their own."""
    targets = [parse(text) for text in ("co.uk", "mail.example.co.uk")]
    plan = build(a_roster(targets), [a_list("any.example"), a_list("own.example", registrable=True)], Shard())
    found = {name: {check.target.text for check in checks} for name, checks in plan.checks.items()}
    assert found == {"any.example": {"co.uk", "mail.example.co.uk"}, "own.example": {"mail.example.co.uk"}}


def test_the_order_does_not_follow_the_config() -> None:
    """Targets given in another order make the same plan, and neighbours are not asked one after another."""
    blocklist = a_list()
    range_of_addresses = [parse(f"198.51.100.{number}") for number in range(100)]
    there, back = (build(a_roster(targets), [blocklist], Shard()) for targets in (range_of_addresses, range_of_addresses[::-1]))
    assert there.checks == back.checks
    laps = [int(target.text.rpartition(".")[2]) for target in there.roster]
    assert sorted(laps) == list(range(100))
    assert all(abs(one - next_one) > 1 for one, next_one in pairwise(laps))


def test_a_plan_holds_its_own_checks_only() -> None:
    """A check is held if its target and its list, with all its settings, are in the plan."""
    one, two = a_list("one.example"), a_list("two.example")
    plan = a_plan(3, one)
    changed = replace(one, pace=a_pace(interval=60.0))
    mine, stranger = parse("t0.example"), parse("t9.example")
    assert plan.holds(Check(mine, one))
    assert not plan.holds(Check(stranger, one))
    assert not plan.holds(Check(mine, two))
    assert not plan.holds(Check(mine, changed))


def test_a_plan_holds_no_target_of_another_shard() -> None:
    """A target that another shard owns is not part of this plan."""
    blocklist = a_list()
    parts = [a_part(20, [blocklist], Shard(ordinal, 2)) for ordinal in range(2)]
    for target in domains(20):
        assert [part.holds(Check(target, blocklist)) for part in parts] == [
            Shard(ordinal, 2).owns(target) for ordinal in range(2)
        ]


@pytest.mark.parametrize(
    ("blocklist", "asks"),
    [
        pytest.param(a_list("one.example"), True, id="the same"),
        pytest.param(a_list("two.example"), False, id="another zone"),
        pytest.param(a_list("one.example", key="secret"), False, id="another key"),
        pytest.param(a_list("one.example", pace=a_pace(max_qps=1.0)), False, id="another pace"),
        pytest.param(a_list("one.example", refusal=()), False, id="other codes"),
    ],
)
def test_a_plan_asks_a_list_only_as_it_is(blocklist: Blocklist, asks: bool) -> None:
    """A list with other settings is another list."""
    assert a_plan(1, a_list("one.example")).asks(blocklist) is asks


def test_a_check_is_known_by_target_and_list() -> None:
    """The key of a check is the pair of names, without any secret."""
    assert Check(parse("192.0.2.1"), a_list("bl.example", key="secret")).key == ("192.0.2.1", "bl.example")
