"""When a lookup that came to nothing is asked again, and what it ends with; without a packet."""

import pytest

from exporter.providers.lookup import Flight, Lookup, ending, settle
from exporter.providers.resolvers import Address
from exporter.providers.sockets import Port
from exporter.providers.troubles import Troubles
from exporter.providers.upstream import Upstream
from exporter.providers.upstreams import Upstreams
from exporter.providers.wire import Suffix, labels
from exporter.verdict import Answer, Cause, Failure

PATIENCE = 2.0
ATTEMPTS = 3
TIMEOUT = 0.3
"""What a window says before it knows better."""
ONE = Address("192.0.2.53", 53)
TWO = Address("2001:db8::53", 53)


def told(token: None, answer: Answer, seconds: float) -> None:
    raise AssertionError("nobody is told here")


def unread(port: Port[Flight]) -> None:
    raise AssertionError("nothing is read here")


class Story:
    """One lookup, and the packets that ask it."""

    def __init__(self, *addresses: Address) -> None:
        self.upstreams = Upstreams(addresses or (ONE,), unread)
        self.troubles = Troubles(PATIENCE, ATTEMPTS, len(self.upstreams))
        self.lookup: Lookup[None] = Lookup(labels("7.2.0.192"), Suffix("bl.example"), None, told, started=100.0)
        self.now = 100.0
        self.flight = self.fly(self.upstreams.first)

    def fly(self, upstream: Upstream) -> Flight:
        port = Port[Flight].__new__(Port)  # a socket that is never opened
        port.waiting = {}
        upstream.launch(self.lookup, port, b"ID", b"secret", self.now)
        assert self.lookup.flight is not None
        return self.lookup.flight

    def ended(self) -> bool:
        return list(self.troubles.ended(self.now)) == [self.lookup]

    def sent_at(self) -> list[float]:
        """Seconds after the first packet at which others follow if none is answered, until the lookup ends."""
        sent = []
        while not self.ended():
            due = list(self.upstreams.first.overdue(self.now, PATIENCE))
            for flight in due:
                flight.upstream.lost(flight, self.now)
                assert self.troubles.lost(flight, self.now) is None
            while self.troubles.again:
                self.troubles.again.popleft()
                self.troubles.asked(self.lookup, self.upstreams.first)
                self.fly(self.upstreams.first)
                sent.append(round(self.now - 100, 2))
            self.now += 0.01
        assert round(self.now - 100, 1) == PATIENCE * ATTEMPTS
        return sent


def test_it_is_asked_again_at_longer_and_longer_intervals() -> None:
    """Each wait is twice the one before, up to the length of an attempt, until the patience is over."""
    assert Story().sent_at() == pytest.approx([0.3, 0.9, 2.1, 4.1], abs=0.05)


def test_a_lookup_that_is_over_is_let_go() -> None:
    """What is answered meanwhile is neither asked again nor ended."""
    story = Story()
    assert story.troubles.lost(story.flight, 100.3) is None
    settle(story.lookup)
    story.now = 1000.0
    assert not story.ended()


def test_refusals_end_it_when_all_resolvers_had_their_attempts() -> None:
    """Nobody is asked more often than there are attempts only to be refused."""
    story = Story(ONE, TWO)
    ends = []
    for _ in range(ATTEMPTS * 2):
        ends.append(story.troubles.refused(story.lookup, 100.0))
        story.troubles.asked(story.lookup, story.upstreams.first)
    assert ends == [None] * 5 + [Failure(Cause.NETWORK)]


def test_no_more_is_asked_when_the_patience_is_over() -> None:
    """A refusal or an error after that is the end."""
    late = 100.0 + PATIENCE * ATTEMPTS
    story = Story(ONE, TWO)
    assert story.troubles.refused(story.lookup, late) == Failure(Cause.NETWORK)
    assert story.troubles.erred(story.flight, Failure(Cause.SERVFAIL), late) == Failure(Cause.SERVFAIL)


def test_an_error_answered_to_an_earlier_packet_waits_for_the_latest() -> None:
    """While another resolver is being asked already, an error does not send the question to a third."""
    story = Story(ONE, TWO)
    _, second = story.upstreams
    assert story.troubles.lost(story.flight, 100.3) is None
    story.troubles.again.clear()
    story.troubles.asked(story.lookup, second)
    story.fly(second)
    assert story.troubles.erred(story.flight, Failure(Cause.SERVFAIL), 100.4) is None
    assert not story.troubles.again
    assert ending(story.lookup) == Failure(Cause.SERVFAIL)


@pytest.mark.parametrize(
    ("happened", "cause"),
    [
        ("", Cause.TIMEOUT),
        ("lost", Cause.TIMEOUT),
        ("mismatched", Cause.MALFORMED),
        ("lost mismatched", Cause.MALFORMED),
        ("refused", Cause.NETWORK),
        ("refused asked lost", Cause.TIMEOUT),
        ("refused asked refused", Cause.NETWORK),
        ("refused mismatched", Cause.MALFORMED),
        ("erred", Cause.REFUSED_RCODE),
        ("mismatched erred refused lost", Cause.REFUSED_RCODE),
    ],
)
def test_the_ending_is_the_most_telling_cause(happened: str, cause: Cause) -> None:
    """An error answered says more than packets that were no answer, these more than a refusal, and that more than silence."""
    story = Story(ONE, TWO)
    for event in happened.split():
        match event:
            case "lost":
                story.troubles.lost(story.flight, 100.3)
            case "refused":
                story.troubles.refused(story.lookup, 100.3)
            case "asked":
                story.troubles.asked(story.lookup, story.upstreams.first)
            case "erred":
                story.troubles.erred(story.flight, Failure(Cause.REFUSED_RCODE), 100.3)
            case "mismatched":
                story.lookup.mismatched = True
    assert ending(story.lookup) == Failure(cause)


def test_turns_go_round_the_resolvers_that_are_left() -> None:
    """The next after the last one asked; none that has answered an error; none without room."""
    story = Story(ONE, TWO)
    first, second = story.upstreams
    trouble = story.troubles.of(story.lookup)
    assert trouble.last is first
    assert story.upstreams.after(trouble, 100.0) is second
    story.troubles.asked(story.lookup, second)
    assert story.upstreams.after(trouble, 100.0) is first
    trouble.erred.add(first)
    assert story.upstreams.after(trouble, 100.0) is second
    assert not story.upstreams.exhausted(trouble)
    second.refused(100.0)
    assert story.upstreams.after(trouble, 100.0) is None
    assert story.upstreams.after(trouble, 101.0) is second
    trouble.erred.add(second)
    assert story.upstreams.after(trouble, 101.0) is None
    assert story.upstreams.exhausted(trouble)


def test_the_first_that_works_is_asked_first() -> None:
    """A resolver that refuses comes last for a moment, one that fails again and again for its rest, and both come back."""
    upstreams = Upstreams((ONE, TWO), unread)
    first, second = upstreams
    assert upstreams.first is first
    first.refused(100.0)
    upstreams.failed(first, 100.0)
    assert upstreams.first is second
    upstreams.rank(101.0)
    assert upstreams.first is first
    for _ in range(5):
        upstreams.failed(first, 101.0)
    assert upstreams.first is second
    assert upstreams.alone, "what is down takes over from nobody"
    upstreams.rank(140.0)
    assert upstreams.first is first
    upstreams.recovered(first, 140.0)
    assert not upstreams.alone


def test_no_question_shows() -> None:
    """A question may hold a key, and what is printed of a lookup or its packets must not."""
    story = Story()
    assert story.flight.question == b"secret"
    assert "secret" not in f"{story.lookup!r} {story.flight!r} {story.troubles.of(story.lookup)!r}"
