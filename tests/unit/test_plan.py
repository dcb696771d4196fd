"""Which checks exist, and which process owns them."""

from dataclasses import replace
from itertools import pairwise

import pytest

from exporter.blocklist import Blocklist
from exporter.plan import Check, Plan, Shard, between, build
from exporter.roster import Domains
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


# ---- lists that take alike

LONG = f"{'z.' * 114}long.example"
"""Under it fits no name of more than 12 octets; one of 13 is too long."""
LONGER = f"abcdefg.{LONG}"
"""Under it fits no name of more than 4 octets."""
LISTS = [
    a_list("all.example"),
    a_list("special.example", non_global=True),
    a_list("four.example", kinds=(Kind.IPV4,)),
    a_list("six.example", kinds=(Kind.IPV6,), non_global=True),
    a_list("names.example", kinds=(Kind.DOMAIN,)),
    a_list("own.example", kinds=(Kind.DOMAIN,), registrable=True),
    a_list(LONG, kinds=(Kind.DOMAIN,)),
    a_list(f"y{LONG[1:]}", kinds=(Kind.DOMAIN,), registrable=True),
    a_list(LONGER, kinds=(Kind.DOMAIN,)),
]
ORDINARY = ("9.9.9.9", "9.9.9.10", "2620:fe::fe", "2620:fe::9")
SPECIAL = ("10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2")
NAMES = (
    "co.uk",
    "example.co.uk",
    "a.example.co.uk",
    "ab.example.com",
    "abcdefg.co.uk",
    "ac.uk",
    "b.example.net",
    "uk.com",
    "a.com",
    "a.de",
)


@pytest.mark.parametrize("texts", [ORDINARY, SPECIAL, NAMES, ORDINARY + SPECIAL + NAMES, NAMES[::-1] + SPECIAL[::-1]])
@pytest.mark.parametrize("lists", [LISTS, LISTS[::-1], *([each] for each in LISTS)])
def test_a_plan_has_the_checks_that_each_list_would_say_it_takes(texts: tuple[str, ...], lists: list[Blocklist]) -> None:
    """Though it is found out once for all that are alike; and each target knows its lists, in their order."""
    targets = [parse(text) for text in texts]
    plan = build(a_roster(targets), lists, Shard())
    for blocklist in lists:
        assert set(plan.checks[blocklist.name].targets) == {target for target in targets if blocklist.accepts(target)}
        assert all(len(segment) for segment in plan.checks[blocklist.name].targets.segments)
    for target in [*targets, *targets]:
        assert plan.taking(target) == tuple(blocklist.name for blocklist in lists if blocklist.accepts(target))


def test_lists_that_take_alike_share_their_targets() -> None:
    """A million targets on fifty lists are a million numbers, whether a list takes all or a part."""
    targets = [parse(text) for text in ORDINARY + SPECIAL + NAMES]
    alike = [a_list("one.example"), a_list("two.example"), a_list("six.example", kinds=(Kind.IPV6, Kind.DOMAIN))]
    one, two, six = (checks.targets for checks in build(a_roster(targets), alike, Shard()).checks.values())
    assert one is two
    assert [id(segment) for segment in six.segments] == [id(segment) for segment in one.segments[1:]]
    ordinary = a_roster([parse(text) for text in ORDINARY + NAMES])
    for checks in build(ordinary, alike, Shard()).checks.values():
        assert {id(segment) for segment in checks.targets.segments} <= {id(segment) for segment in ordinary.segments}


def test_a_domain_is_looked_at_once_for_all_that_are_as_long() -> None:
    """Lists are not asked again for each of a million: a list that is changed behind a plan's back is not noticed."""
    lists = {"bl.example": a_list()}
    plan = Plan(Shard(), lists, {}, a_roster(domains(10)))
    assert [plan.taking(parse("t0.example")), plan.taking(parse("9.9.9.9"))] == [("bl.example",)] * 2
    lists.clear()
    assert [plan.taking(parse("t1.example")), plan.taking(parse("9.9.9.8"))] == [("bl.example",)] * 2
    assert plan.taking(parse("t10.example")) == ()


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        pytest.param([a_list("one.example"), a_list("two.example")], True, id="the same"),
        pytest.param([a_list("one.example", refusal=(), pace=a_pace(interval=9.0)), a_list("two.example")], True, id="settings"),
        pytest.param([a_list("one.example", key="k"), a_list("two.example")], False, id="a key"),
        pytest.param([a_list("two.example"), a_list("one.example")], False, id="another order"),
        pytest.param([a_list("one.example")], False, id="one less"),
        pytest.param([a_list("one.example"), a_list("two.example"), a_list("new.example")], False, id="one more"),
        pytest.param([a_list("one.example"), a_list("new.example")], False, id="another name"),
        pytest.param([a_list("one.example"), a_list("two.example", kinds=(Kind.IPV4,))], False, id="kinds"),
        pytest.param([a_list("one.example"), a_list("two.example", non_global=True)], False, id="non-global"),
        pytest.param([a_list("one.example"), a_list("two.example", registrable=True)], False, id="registrable"),
    ],
)
def test_plans_take_alike_if_their_lists_do(other: list[Blocklist], alike: bool) -> None:
    """By the same names and in the same order, for whatever targets; how a list is asked does not matter."""
    ours = [a_list("one.example"), a_list("two.example")]
    assert a_plan(1, *ours).takes_alike(a_plan(5, *other)) is alike


def test_what_moved_is_told_of_lists_that_are_in_both_plans() -> None:
    """For each by what it takes."""
    before = build(a_roster(map(parse, ORDINARY + NAMES)), [*LISTS[:3], a_list("old.example")], Shard())
    after = build(a_roster(map(parse, ORDINARY[1:] + SPECIAL + NAMES[:1])), [*LISTS[:4], LISTS[4]], Shard())
    moves = between(before, after)
    assert set(moves) == {"all.example", "special.example", "four.example"}
    for name, moved in moves.items():
        old, new = before.checks[name].targets, after.checks[name].targets
        assert {new[place] for place in moved.added()} == {*new} - {*old}
        assert {old[place] for place in moved.gone()} == {*old} - {*new}


def test_a_part_of_domains_is_domains() -> None:
    """In their order."""
    plan = build(a_roster(map(parse, NAMES)), [LISTS[5]], Shard())
    (segment,) = plan.checks["own.example"].targets.segments
    assert isinstance(segment, Domains)
    assert list(segment.codes) == sorted(segment.codes)
