"""A little DNS, written down, and an expansion played against it.

Rule: a world maps names to records, ``MX 10 mx.example.com``, ``TXT v=spf1 -all``. A name that is not there does not exist. A
kind whose value is ``!timeout`` fails with that cause.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from exporter.expansion import Answer, Failed, Found, Limits, Nothing, Question, Records, Stopped, Way, expand
from exporter.verdict import Cause

World = Mapping[str, Sequence[str]]

NAME = "example.com"
WATCHING_ALL = Limits(skip_includes=frozenset())
MOST_QUESTIONS = 211


@dataclass(frozen=True, slots=True)
class Played:
    """What came of an expansion, and what it asked."""

    outcome: Found | Stopped
    questions: tuple[Question, ...]

    @property
    def found(self) -> Found:
        """What was found, where DNS did not fail."""
        assert isinstance(self.outcome, Found), self.outcome
        return self.outcome

    @property
    def targets(self) -> list[str]:
        """The addresses, in order."""
        return [target.text for target in self.found.targets]

    @property
    def skipped(self) -> list[str]:
        """What was left out, as ``reason: what``."""
        return [f"{each.reason}: {each.what}" for each in self.found.skipped]


def answer_of(world: World, question: Question) -> Answer:
    """What a resolver says that knows nothing but this world."""
    if question.name not in world:
        return Nothing(exists=False)
    rows = [row.partition(" ") for row in world[question.name]]
    values = tuple(value for kind, _, value in rows if kind == question.kind)
    if values and values[0].startswith("!"):
        return Failed(Cause(values[0][1:]))
    return Records(values) if values else Nothing(exists=True)


def play(
    way: Way,
    world: World | Callable[[Question], Answer],
    *,
    name: str = NAME,
    limits: Limits = WATCHING_ALL,
    non_global: bool = True,
) -> Played:
    """Expand a name in a world, or by what answers a question."""
    walk = expand(way, name, limits, non_global=non_global)
    questions: list[Question] = []
    try:
        question = next(walk)
        while True:
            questions.append(question)
            assert len(questions) <= MOST_QUESTIONS, "it asks for ever"
            question = walk.send(world(question) if callable(world) else answer_of(world, question))
    except StopIteration as end:
        return Played(end.value, tuple(questions))
