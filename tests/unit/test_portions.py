"""Portions become one set: each target once, with its origins and labels, in an order that nothing but the set decides."""

import random
from array import array
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter import portions as module
from exporter.portions import Assembled, Exclusion, Members, Portion, Taken, assemble, members
from exporter.roster import SCRAMBLING, Addresses, Roster, Share
from exporter.target import Kind, Target, number_of, parse

settled = settings(max_examples=100, deadline=None, derandomize=True, database=None)

NETWORK = "9.9.9.0/30"
A, B = (("team", "a"),), (("team", "b"),)


def _members(*texts: str) -> Members:
    networks = [ip_network(text) for text in texts if "/" in text]
    return members([parse(text) for text in texts if "/" not in text], networks)


def _portion(*texts: str, origin: str = "", labels: tuple[tuple[str, str], ...] = ()) -> Portion:
    return Portion(_members(*texts), origin, labels)


def _texts(found: Iterable[Target]) -> set[str]:
    return {target.text for target in found}


def _shares(assembled: Assembled) -> Mapping[str, Share]:
    return {target.text: share for target, share in assembled.roster.shared()}


# ---- one set


def test_a_target_is_there_once_with_all_its_origins() -> None:
    """Whatever gives it: itself, the empty text, comes first, then networks, the narrower before the wider."""
    found = assemble(
        [_portion("9.9.8.0/23"), _portion(NETWORK), _portion("9.9.9.1"), _portion("9.9.9.1", origin="mail.example.com")]
    )
    assert _shares(found)["9.9.9.1"].origins == ("", "mail.example.com", NETWORK, "9.9.8.0/23")
    assert _shares(found)["9.9.9.2"].origins == (NETWORK, "9.9.8.0/23")
    assert len(found.roster) == 512


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ([_portion(NETWORK, labels=A), _portion("9.9.9.1", labels=B)], B),
        ([_portion(NETWORK, labels=A), _portion("9.9.8.0/22", labels=B)], A),
        ([_portion("9.9.8.0/22", labels=A), _portion(NETWORK, labels=B)], B),
        ([_portion("9.9.9.1", labels=A), _portion("9.9.9.1", labels=B)], A),
        ([_portion(NETWORK, labels=A), _portion(NETWORK, labels=B)], A),
        ([_portion("9.9.9.1/32", labels=A), _portion("9.9.9.1", labels=B)], B),
        ([_portion(NETWORK, labels=(("rack", "4"), *A)), _portion("9.9.9.1", labels=B)], (("rack", "4"), *B)),
        ([_portion("9.9.9.1"), _portion(NETWORK, labels=A)], A),
        ([_portion("9.9.9.1", labels=B), _portion("9.9.9.1", labels=(("rack", "4"),))], (("rack", "4"), *B)),
        ([_portion("9.9.9.1", labels=(("rack", "4"),)), _portion("9.9.9.1", labels=B)], (("rack", "4"), *B)),
        ([_portion("9.9.8.0/22", labels=A), _portion("9.9.9.0/24", labels=B), _portion(NETWORK)], B),
    ],
)
def test_labels_are_those_of_the_narrowest(given: list[Portion], labels: tuple[tuple[str, str], ...]) -> None:
    """And among equals of the first; what only a wider one says is kept."""
    assert _shares(assemble(given))["9.9.9.1"].labels == labels


def test_a_domain_that_two_portions_give() -> None:
    """Is merged like an address."""
    found = assemble([_portion("example.com", labels=A), _portion("example.com", "example.org", origin="targets.txt", labels=B)])
    assert _shares(found) == {"example.com": Share(("", "targets.txt"), A), "example.org": Share(("targets.txt",), B)}


def test_who_came_first_is_told_for_each_target_by_itself() -> None:
    """Two portions that have two targets in common, one each time first, leave each with its own order."""
    one, two = _portion("9.9.9.1", origin="one", labels=A), _portion("9.9.9.1", "9.9.9.2", origin="two", labels=B)
    shares = _shares(assemble([one, two, _portion("9.9.9.2", origin="one", labels=A)]))
    assert shares == {"9.9.9.1": Share(("one", "two"), A), "9.9.9.2": Share(("two", "one"), B)}


# ---- what is kept out


@pytest.mark.parametrize(
    ("excluded", "left"),
    [
        ([], {"9.9.9.0", "9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.9", "2620:fe::9", "example.com"}),
        (["9.9.9.1"], {"9.9.9.0", "9.9.9.2", "9.9.9.3", "9.9.9.9", "2620:fe::9", "example.com"}),
        (["9.9.9.0", "9.9.9.3"], {"9.9.9.1", "9.9.9.2", "9.9.9.9", "2620:fe::9", "example.com"}),
        (["9.9.9.2/31", "9.9.9.1"], {"9.9.9.0", "9.9.9.9", "2620:fe::9", "example.com"}),
        (["9.0.0.0/8"], {"2620:fe::9", "example.com"}),
        (["9.9.9.0/29", "9.9.9.0/31", "9.9.9.9"], {"2620:fe::9", "example.com"}),
        (["9.9.9.0/28", "9.9.9.1", "9.9.9.2/31"], {"2620:fe::9", "example.com"}),
        (["0.0.0.0/0", "::/0"], {"example.com"}),
        (["example.com", "www.example.com"], {"9.9.9.0", "9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.9.9", "2620:fe::9"}),
    ],
)
def test_what_is_excluded_is_excluded_whoever_gives_it(excluded: list[str], left: set[str]) -> None:
    """From single targets and out of the middle and the ends of networks."""
    given = [_portion(NETWORK), _portion("9.9.9.1", "9.9.9.9", "2620:fe::9", "example.com")]
    exclusion = Exclusion.of(_members(*excluded), Taken())
    assert _texts(assemble(given, _members(*excluded)).roster) == left
    assert {target for target in assemble(given).roster if not exclusion.keeps_out(target)} == {*map(parse, left)}
    assert exclusion.leaves(ip_network(NETWORK)) == sum(text.rpartition(".")[0] == "9.9.9" for text in left - {"9.9.9.9"})


UPPER = ("16.1.0.0/16", "16.2.0.0/15", "16.4.0.0/14", "16.8.0.0/13")
LOWER = ("16.0.0.0/13", "16.8.0.0/14", "16.12.0.0/15", "16.14.0.0/16")
ENDS_OF_ALL = ("0.0.0.0", "255.255.255.255", "::", f"{'ffff:' * 7}ffff")


@pytest.mark.parametrize(
    ("network", "excluded", "ends"),
    [
        ("16.0.0.0/12", ["15.0.0.0/8", "16.0.0.128/25", "16.0.1.0/24", *UPPER], ["16.0.0.0", "16.0.255.255"]),
        ("16.0.0.0/12", [*LOWER, "16.15.255.254/31", "16.16.0.0/12"], ["16.15.0.0", "16.15.255.253"]),
        ("16.0.0.0/15", ["15.255.255.255", "16.2.0.0"], ["16.0.0.0", "16.1.255.255"]),
        ("16.0.0.0/15", ["16.0.0.0", "16.0.0.2/31", "16.1.0.0/16"], ["16.0.0.1", "16.0.255.255"]),
        ("2620:fe::/112", [], ["2620:fe::", "2620:fe::ffff"]),
        ("2620:fe::/112", ["2620:fe::", "2620:fe::8000/113"], ["2620:fe::1", "2620:fe::7fff"]),
    ],
)
def test_a_network_is_whole_but_for_its_holes(network: str, excluded: list[str], ends: list[str]) -> None:
    """The largest that are taken too, and however many steps it takes to spread them: every address once, from end to end."""
    whole, holes = ip_network(network), [ip_network(text) for text in excluded]
    inside = sum(hole.num_addresses for hole in holes if hole.version == whole.version and hole.overlaps(whole))
    (segment,) = assemble([_portion(network)], _members(*excluded)).roster.segments
    numbers = sorted(map(SCRAMBLING[segment.kind].number, map(int, segment.codes)))
    assert [number_of(parse(text)) for text in ends] == [numbers[0], numbers[-1]]
    assert len(set(numbers)) == len(numbers) == whole.num_addresses - inside


def test_of_a_kind_that_no_list_takes_every_address_is_kept_out() -> None:
    """From the first to the last."""
    given = [_portion(*ENDS_OF_ALL, "example.com")]
    assert _texts(assemble(given, taken=Taken(frozenset({Kind.DOMAIN}), frozenset())).roster) == {"example.com"}
    assert _texts(assemble(given, taken=Taken(frozenset(), frozenset())).roster) == set()
    exclusion = Exclusion.of(_members("example.org"), Taken(frozenset({Kind.IPV4}), frozenset({Kind.IPV4})))
    assert [exclusion.keeps_out(parse(text)) for text in (*ENDS_OF_ALL, "example.com")] == [False, False, True, True, True]


@settled
@given(
    spans=st.lists(st.tuples(st.integers(0, 31), st.integers(0, 5)), max_size=8),
    first=st.integers(0, 31),
    length=st.integers(0, 31),
)
def test_an_exclusion_leaves_what_is_outside_its_spans(spans: list[tuple[int, int]], first: int, length: int) -> None:
    """Overlapping, touching, apart: as sets of numbers would."""
    excluded = {number for start, more in spans for number in range(start, start + more + 1)}
    networks = [ip_network((number, 32)) for number in sorted(excluded)]
    networks += [network.supernet(2) for network in networks[:1]]
    excluded |= set(range(int(networks[-1].network_address), int(networks[-1].broadcast_address) + 1)) if networks else set()
    found = Exclusion.of(Members(tuple(networks)), Taken()).spans[Kind.IPV4]
    outside = [number for start, end in found.outside(first, first + length) for number in range(start, end + 1)]
    assert outside == [number for number in range(first, first + length + 1) if number not in excluded]
    assert [number in found for number in range(40)] == [number in excluded for number in range(40)]


def test_what_no_list_takes_is_kept_out() -> None:
    """Kinds, and special addresses of kinds: those that are reachable all the same are not special."""
    given = [_portion("192.0.0.8/29"), _portion("10.0.0.1", "fd00::1", "2620:fe::9", "example.com")]
    ordinary = {"192.0.0.9", "192.0.0.10"}
    assert _texts(assemble(given, taken=Taken(frozenset({Kind.IPV4}), frozenset())).roster) == ordinary
    assert _texts(assemble(given, taken=Taken(frozenset({Kind.IPV6}), frozenset())).roster) == {"2620:fe::9"}
    assert _texts(assemble(given, taken=Taken(frozenset(Kind), frozenset({Kind.IPV6}))).roster) == {
        *ordinary,
        "fd00::1",
        "2620:fe::9",
        "example.com",
    }


def test_only_what_is_owned_is_there() -> None:
    """The others belong to other processes."""
    found = assemble([_portion(NETWORK, "example.com", "example.org")], owns=lambda target: target.text.endswith(("1", "m")))
    assert _texts(found.roster) == {"9.9.9.1", "example.com"}


def test_a_portion_that_would_be_too_many_is_left_out_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """And said; smaller ones after it may have room."""
    monkeypatch.setattr(module, "MAX_TARGETS", 10)
    small, large, other = _portion(NETWORK), _portion("8.8.8.0/29"), _portion("9.9.9.9", "example.com")
    found = assemble([small, large, other])
    assert found.left_out == (large,)
    assert len(found.roster) == 6
    assert assemble([small, other, _portion("2620:fe::/126")]).left_out == ()
    assert assemble([small, other, _portion("2620:fe::/126"), small]).left_out == (small,)


@pytest.mark.parametrize(
    ("texts", "special"),
    [
        (["9.9.9.0/30", "9.9.9.9", "2620:fe::9", "example.com"], False),
        (["10.0.0.0/30"], True),
        (["fd00::/126"], True),
        (["10.0.0.1"], True),
        (["fd00::1"], True),
    ],
)
def test_a_set_knows_whether_there_may_be_special_addresses_in_it(texts: list[str], special: bool) -> None:
    """Whichever portion they come with."""
    assert assemble([_portion(*texts), _portion("9.9.9.9")]).roster.special is special
    assert assemble([_portion("9.9.9.9"), _portion(*texts)]).roster.special is special


# ---- the order, and places


def _lots() -> list[Portion]:
    singles = _portion(*(f"9.1.{number}.7" for number in range(100)), *(f"shop-{number}.example" for number in range(50)))
    return [
        _portion("9.9.8.0/23"),
        singles,
        _portion("2620:fe::/120"),
        _portion(*(f"2620:fe:1::{number:x}" for number in range(50))),
    ]


def test_the_order_depends_on_the_members_only() -> None:
    """Not on that of entries, nor on how they are cut."""
    given = _lots()
    order = list(assemble(given).roster)
    cut = [Portion(members([target])) for portion in given for target in portion.members.singles()]
    cut += [portion for portion in given if portion.members.networks]
    random.Random(1).shuffle(cut)
    assert list(assemble(cut).roster) == order
    assert list(assemble([*given, *given]).roster) == order


def test_a_place_is_that_of_its_target() -> None:
    """Each is found where it stands, and what is not there is not found."""
    roster = assemble(_lots()).roster
    assert [roster.place(target) for target in roster] == list(range(len(roster)))
    assert [roster[place] for place in range(len(roster))] == list(roster)
    for text in ("9.9.7.255", "9.9.10.0", "2620:fe::100", "shop-50.example"):
        assert parse(text) not in roster
    with pytest.raises(IndexError):
        roster[len(roster)]


def test_neighbours_are_not_asked_one_after_another() -> None:
    """A network's operator sees questions all over it, not a walk through it."""
    roster = assemble([_portion("9.9.0.0/20")]).roster
    numbers = [int(target.text.split(".")[2]) * 256 + int(target.text.split(".")[3]) for target in roster]
    assert all(abs(one - other) > 1 for one, other in pairwise(numbers))


@settled
@given(number=st.integers(0, (1 << 32) - 1) | st.integers(0, (1 << 128) - 1))
def test_scrambling_can_be_undone(number: int) -> None:
    """Of every number of every kind."""
    for scrambling in SCRAMBLING.values():
        small = number % scrambling.number_of_all
        assert scrambling.number(scrambling.code(small)) == small


def test_members_know_how_many_they_are_at_most() -> None:
    """Networks count by their size, before they are spread."""
    assert len(_members("16.0.0.0/12", "2620:fe::/112", "9.9.9.9", "example.com")) == (1 << 20) + (1 << 16) + 2
    assert len(Members(ipv4=array("I", [1, 2, 3]))) == 3
    assert len(_members("2620:fe::1", "2620:fe::2")) == 2


def test_nothing_is_a_set() -> None:
    """Of no portion, and of empty ones."""
    for found in (assemble([]), assemble([Portion(Members())]), assemble([_portion(NETWORK)], _members(NETWORK))):
        assert (len(found.roster), found.roster.segments, found.roster.counts()) == (0, (), {})


def test_targets_are_counted_by_kind() -> None:
    """Each once, whatever gives it."""
    found = assemble([_portion(NETWORK, "9.9.9.1", "2620:fe::1", "2620:fe::2", "example.com")])
    assert found.roster.counts() == {Kind.IPV4: 4, Kind.IPV6: 2, Kind.DOMAIN: 1}


def test_an_address_of_ipv4_is_four_octets() -> None:
    """Millions of them are kept, and parts of them are kept alike."""
    (segment,) = assemble([_portion(NETWORK)]).roster.segments
    assert isinstance(segment, Addresses)
    for codes in (segment.codes, segment.only(lambda target: target.text != "9.9.9.1").codes):
        assert memoryview(array("I", codes)).nbytes == 4 * len(codes)
        assert isinstance(codes, array)


def test_a_part_of_a_set_is_as_it_was_in_the_whole() -> None:
    """Each target has its own origins and labels, though another is before it no more."""
    texts = ("9.9.9.1", "9.9.9.2", "9.9.9.3", "a.example", "b.example", "c.example")
    whole = assemble([_portion(text, origin=text) for text in texts]).roster
    for gone in map(parse, texts):
        parts = tuple(segment.only(gone.__ne__) for segment in whole.segments)
        shared = {target.text: share.origins for target, share in Roster(parts, whole.shares).shared()}
        assert shared == {text: (text,) for text in texts if text != gone.text}
