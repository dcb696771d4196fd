"""How one roster differs from another."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from exporter.moves import Comparing, difference
from exporter.portions import Portion, assemble, members
from exporter.roster import Roster
from exporter.target import Target, parse
from tests.unit.builders import quick

TARGETS = [parse(text) for text in (*(f"192.0.2.{number}" for number in range(8)), "2001:db8::1", "2001:db8::2", "a.example")]
TEAMS = st.sampled_from(["", "mail", "web"])
ROSTERS = st.dictionaries(st.sampled_from(TARGETS), TEAMS, max_size=len(TARGETS))


def roster(teams: Mapping[Target, str]) -> Roster:
    """These targets, each with its team as a label."""
    return assemble([Portion(members([target]), labels=(("team", team),)) for target, team in teams.items()]).roster


@quick
@given(ROSTERS, ROSTERS)
def test_every_target_that_stays_is_found_where_it_is_now(before: Mapping[Target, str], after: Mapping[Target, str]) -> None:
    """Moves lead from each old place to the same target, or nowhere if it is gone; the others are those that are new."""
    old, new = roster(before), roster(after)
    moves = Comparing().moves(old, new)
    for place, target in enumerate(old):
        moved = moves.place(place)
        assert (None if moved is None else new[moved]) == (target if target in after else None)
    assert {new[place] for place in moves.added()} == after.keys() - before.keys()
    assert {old[place] for place in moves.gone()} == before.keys() - after.keys()
    assert moves.still == (before.keys() == after.keys())
    assert [new[place] for place in moves.of(range(len(old)))] == [target for target in old if target in after]


@quick
@given(ROSTERS, ROSTERS)
def test_the_next_place_is_that_of_the_next_target_that_stays(before: Mapping[Target, str], after: Mapping[Target, str]) -> None:
    """A lap that stands at a target goes on at it, or at the next one that is still there."""
    old, new = roster(before), roster(after)
    moves = Comparing().moves(old, new)
    for place in range(len(old)):
        staying = [target for target in list(old)[place:] if target in after]
        expected = list(new).index(staying[0]) if staying else len(new)
        assert moves.next_place(place) == expected


@quick
@given(ROSTERS, ROSTERS)
def test_a_difference_names_whom_it_is_about(before: Mapping[Target, str], after: Mapping[Target, str]) -> None:
    """Who is gone, who is new, and whose labels are others."""
    found = difference(roster(before), roster(after))
    assert set(found.gone) == {target.text for target in before.keys() - after.keys()}
    assert {(target, dict(share.labels)["team"]) for target, share in found.added} == {
        (target, after[target]) for target in after.keys() - before.keys()
    }
    assert {(text, dict(share.labels)["team"]) for text, share in found.changed} == {
        (target.text, after[target]) for target in after.keys() & before.keys() if after[target] != before[target]
    }


def test_what_is_shared_is_not_looked_at() -> None:
    """Rosters that hold the same segments are told apart by them alone."""
    one = roster(dict.fromkeys(TARGETS, "mail"))
    moves = Comparing().moves(one, Roster(one.segments, one.shares, special=True))
    assert moves.still
    assert all(isinstance(part.places, range) for part in moves.parts)


def test_behind_the_last_who_stays_is_the_end() -> None:
    """Also where those who are new stand there: a lap that was among the last to leave is over."""
    before = roster(dict.fromkeys([*TARGETS[:3], parse("y.example"), parse("z.example")], ""))
    after = roster(dict.fromkeys([*TARGETS[:3], parse("a.example"), parse("b.example")], ""))
    moves = Comparing().moves(before, after)
    assert [moves.next_place(place) for place in range(5)] == [0, 1, 2, 5, 5]


def test_to_nobody_and_back() -> None:
    """All are gone, then all are new; neither is standing still."""
    some, nobody = roster(dict.fromkeys(TARGETS, "")), roster({})
    away, back = Comparing().moves(some, nobody), Comparing().moves(nobody, some)
    places = list(range(len(TARGETS)))
    assert (away.gone(), away.added(), list(away.of(places)), away.next_place(0)) == (places, [], [], 0)
    assert (back.gone(), back.added()) == ([], places)
    assert not away.still
    assert not back.still


def test_pairs_of_parts_are_told_apart() -> None:
    """Lists that share the one plan's part and not the other's have moves of their own."""
    whole, some, few = (roster(dict.fromkeys(TARGETS[:count], "")) for count in (8, 5, 2))
    comparing = Comparing()
    for before in (whole, some, few):
        for after in (whole, some, few):
            moves = comparing.moves(before, after)
            assert {before[place] for place in moves.gone()} == {*before} - {*after}
            assert {after[place] for place in moves.added()} == {*after} - {*before}
