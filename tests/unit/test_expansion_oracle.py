"""Another's SPF agrees with ours: pyspf lets pass what we watch, and what it lets pass we watch."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.expansion import Limits, Way
from tests.unit import oracle
from tests.unit.builders import quick
from tests.unit.naming import NAME, World, play
from tests.unit.test_expansion_spf import BROKEN, FIRST_MATCH, INCLUDES, TERMS, UNKNOWABLE, Case

EVERYTHING = Limits(largest_network=256, most_addresses=10_000, skip_includes=frozenset())
SENDERS = [*(f"192.0.2.{number}" for number in range(9)), *(f"2001:db8::{number}" for number in range(1, 6))]

QUALIFIERS = st.sampled_from(["", "", "", "+", "-", "~", "?"])
DOMAINS = [NAME, "i.example.com", "j.example.com", "k.example.com"]
HOSTS = ["g.example.com", "h.example.com", "void.example.com", *DOMAINS[:2]]
LENGTHS = ["", "", "/30", "//126", "/31//127"]
NETWORKS = [
    *(f"ip4:192.0.2.{number}{length}" for number in range(8) for length in ("", "/31", "/29")),
    *(f"ip6:2001:db8::{number}{length}" for number in range(1, 5) for length in ("", "/127", "/125")),
    "ip4:192.0.2.0/24",
]
KNOWABLE = st.one_of(
    st.sampled_from(NETWORKS),
    st.builds("a:{}{}".format, st.sampled_from(HOSTS), st.sampled_from(LENGTHS)),
    st.builds("mx:{}{}".format, st.sampled_from(HOSTS), st.sampled_from(LENGTHS)),
    st.sampled_from(["a", "mx", "all", *(f"include:{domain}" for domain in DOMAINS[1:])]),
)
UNKNOWN = st.sampled_from(["exists:sure.example.com", "ptr", "ptr:example.org"])
ADDRESSES = st.lists(st.sampled_from([f"A 192.0.2.{number}" for number in range(8)] + ["AAAA 2001:db8::1", "AAAA 2001:db8::3"]))
EXCHANGES = st.lists(st.sampled_from([f"MX {number} {host}" for number in (10, 20) for host in HOSTS]), max_size=3, unique=True)


def worlds(terms: st.SearchStrategy[str]) -> st.SearchStrategy[World]:
    """Domains with a record each, hosts and exchanges, all of which lead to the same few addresses."""
    term = st.builds("{}{}".format, QUALIFIERS, terms).filter(lambda text: text not in ("all", "+all"))
    record = st.builds(
        lambda before, after: f"TXT v=spf1 {' '.join(before)} {after}",
        st.lists(term, max_size=5),
        st.sampled_from(["", "-all", "~all", "?all", "redirect=k.example.com", "x=y"]),
    )
    domain = st.builds(
        lambda *parts: [row for part in parts for row in part], st.lists(record, min_size=1, max_size=1), ADDRESSES, EXCHANGES
    )
    hosts = st.fixed_dictionaries(dict.fromkeys(HOSTS[:2], ADDRESSES))
    return st.builds(
        lambda domains, hosts: {**domains, **hosts, "sure.example.com": ["A 203.0.113.9"]},
        st.fixed_dictionaries(dict.fromkeys(DOMAINS, domain)),
        hosts,
    )


def watched_in_vain(world: World, targets: list[str]) -> list[tuple[str, str]]:
    """Targets that pyspf does not let pass, and what it says."""
    with oracle.answering(oracle.in_world(world)):
        return [(target, oracle.result(target)) for target in targets if not oracle.may_send(target)]


def missed(world: World, targets: list[str]) -> list[str]:
    """Senders that pyspf lets pass and that are no target."""
    with oracle.answering(oracle.in_world(world)):
        return [sender for sender in SENDERS if sender not in targets and oracle.result(sender).startswith("pass ")]


ALL_CASES = {**TERMS, **FIRST_MATCH, **INCLUDES, **UNKNOWABLE, **BROKEN}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in ALL_CASES.items()])
def test_whom_a_table_says_is_watched_may_send(case: Case) -> None:
    """The tables of ours are those of another, too."""
    world = {NAME: [f"TXT {case.record}"], **(case.around or {})}
    assert watched_in_vain(world, case.targets) == []


@settings(quick, max_examples=60)
@given(worlds(st.one_of(KNOWABLE, UNKNOWN)))
def test_whom_we_watch_may_send(world: World) -> None:
    """Whatever the records: they pass or fail softly."""
    assert watched_in_vain(world, play(Way.SPF, world, limits=EVERYTHING).targets) == []


@settings(quick, max_examples=60)
@given(worlds(KNOWABLE))
def test_who_may_send_is_watched(world: World) -> None:
    """As long as nothing depends on the message and nothing is broken. Behind an error may be senders who never come to it."""
    found = play(Way.SPF, world, limits=EVERYTHING)
    assert found.found.broken or missed(world, found.targets) == []
