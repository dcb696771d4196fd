"""What holds of every expansion, whatever it is answered."""

import re
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from exporter.expansion import Answer, Failed, Limits, Nothing, Question, RecordKind, Records, Stopped, Way
from exporter.target import Kind, parse
from exporter.verdict import Cause
from tests.unit.builders import quick
from tests.unit.naming import NAME, Played, play

WAYS = st.sampled_from(Way)
LIMITS = Limits(largest_network=8, most_addresses=5, skip_includes=frozenset({"provider.example"}))
MOST_SKIPPED = 102

SOUND = st.sampled_from([NAME, "a.example", "b.example", "c.example"])
NAMES = SOUND | SOUND | st.sampled_from(["x" * 64 + ".example", "-", "..", "a..b", "192.0.2.1", "\x00", "ü.example", ""])
GARBAGE = st.text(st.characters(), max_size=12) | st.sampled_from(["all", "%{i}", "%", "ip4:", "ip6:::/x", "=", "a/33", "\udcff"])
SOUND_TERMS = st.one_of(
    st.builds("{}:{}{}".format, st.sampled_from(["a", "mx"]), SOUND, st.sampled_from(["", "", "/30", "//125", "/9"])),
    st.builds("include:{}".format, SOUND),
    st.builds("ip4:{}/{}".format, st.ip_addresses(v=4), st.integers(28, 32)),
    st.builds("ip6:{}/{}".format, st.ip_addresses(v=6), st.integers(124, 128)),
    st.sampled_from(["a", "mx", "ptr", "exists:%{i}.example", "include:provider.example", "ip4:8.8.8.0/29", "ip4:8.8.0.0/16"]),
)
ODD_TERMS = st.one_of(
    st.builds(
        "{}:{}{}".format, st.sampled_from(["a", "mx", "include", "exists", "ptr"]), NAMES, st.sampled_from(["", "/24", "//9"])
    ),
    st.builds("{}={}".format, st.sampled_from(["redirect", "exp", "x"]), NAMES),
    GARBAGE,
)
QUALIFIERS = st.sampled_from(["", "", "", "-", "~", "?", "+"])


def spf(terms: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    """An SPF record of such terms."""
    words = st.lists(st.builds("{}{}".format, QUALIFIERS, terms), min_size=1, max_size=most)
    ends = st.sampled_from(["", "-all", "~all", "redirect=c.example"])
    return st.builds(lambda before, end: f"v=spf1 {' '.join(before)} {end}", words, ends)


VALUES = {
    RecordKind.A: st.ip_addresses(v=4).map(str) | st.ip_addresses(v=4).map(str) | GARBAGE,
    RecordKind.AAAA: st.ip_addresses(v=6).map(str) | st.just("2a00::1") | GARBAGE,
    RecordKind.MX: st.builds("{} {}".format, st.integers(0, 70_000), NAMES) | GARBAGE,
    RecordKind.TXT: st.one_of(spf(SOUND_TERMS, 8), spf(SOUND_TERMS, 14), spf(SOUND_TERMS | ODD_TERMS, 4), GARBAGE),
}
NOTHING: st.SearchStrategy[Answer] = st.builds(Nothing, st.booleans())


@st.composite
def answers_to(draw: st.DrawFn, question: Question, *, failing: bool) -> Answer:
    """Any answer to a question, most often a single record."""
    values = VALUES[question.kind]
    records: st.SearchStrategy[Answer] = st.builds(Records, st.tuples(values) | st.lists(values, max_size=12).map(tuple))
    answer = st.one_of(records, records, records, NOTHING)
    return draw(answer | st.builds(Failed, st.sampled_from(Cause)) if failing else answer)


def played(data: st.DataObject, way: Way, *, failing: bool) -> tuple[Played, list[Answer]]:
    """An expansion that is answered anything, and the answers. It fails if it asks more questions than are allowed."""
    answers: list[Answer] = []

    def answer(question: Question) -> Answer:
        answers.append(data.draw(answers_to(question, failing=failing)))
        return answers[-1]

    return play(way, answer, limits=LIMITS, non_global=False), answers


@quick
@given(st.data(), WAYS)
def test_an_expansion_ends_within_its_bounds(data: st.DataObject, way: Way) -> None:
    """Nothing is raised, and what is found and what is not are few."""
    found = played(data, way, failing=False)[0].found
    assert len(found.targets) <= LIMITS.most_addresses
    assert len(found.skipped) <= MOST_SKIPPED


@quick
@given(st.data(), WAYS)
def test_targets_are_unique_addresses_that_strangers_may_list(data: st.DataObject, way: Way) -> None:
    """In their one spelling."""
    targets = played(data, way, failing=False)[0].found.targets
    assert len(set(targets)) == len(targets)
    assert all(target == parse(target.text) and target.kind is not Kind.DOMAIN and target.is_global for target in targets)


@quick
@given(st.data(), WAYS)
def test_nothing_from_dns_is_shown_as_it_came(data: st.DataObject, way: Way) -> None:
    """One line of ASCII, and short."""
    found = played(data, way, failing=False)[0].found
    assert all(re.fullmatch(r"[ -~]{0,80}", skipped.what) for skipped in found.skipped)
    assert all(
        re.fullmatch(r"[ -~…]{1,400}", text) for text in [*(skipped.why for skipped in found.skipped), found.broken or "."]
    )


@quick
@given(st.data(), WAYS)
def test_a_question_is_valid_and_asked_once(data: st.DataObject, way: Way) -> None:
    """A name that may not be asked for is not."""
    questions = played(data, way, failing=False)[0].questions
    assert len(set(questions)) == len(questions)
    assert all(parse(question.name).text == question.name for question in questions)


@quick
@given(st.data(), WAYS)
def test_it_stops_at_the_first_failure_and_at_nothing_else(data: st.DataObject, way: Way) -> None:
    """Whatever was found before."""
    result, answers = played(data, way, failing=True)
    failed = [number for number, answer in enumerate(answers) if isinstance(answer, Failed)]
    assert failed == ([len(answers) - 1] if isinstance(result.outcome, Stopped) else [])


@quick
@given(st.data(), WAYS, st.randoms(use_true_random=False))
def test_the_order_of_records_means_nothing(data: st.DataObject, way: Way, chance: Random) -> None:
    """Resolvers turn it round from answer to answer."""
    result, answers = played(data, way, failing=False)
    turned = iter(
        [Records(tuple(chance.sample(each.values, len(each.values)))) if isinstance(each, Records) else each for each in answers]
    )
    again = play(way, lambda _: next(turned), limits=LIMITS, non_global=False)
    assert (again.targets, again.found.broken) == (result.targets, result.found.broken)
