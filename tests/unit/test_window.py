"""How the window follows a path, played without one: each round is as many answers as the window is wide."""

import itertools

import pytest

from exporter.providers.window import Window


class Path:
    """A path with a round trip and a rate, in seconds and packets a second; what is above their product stands in a queue."""

    def __init__(self, trip: float, rate: float) -> None:
        self.trip = trip
        self.rate = rate
        self.window = Window()
        self.now = 0.0

    def rounds(self, count: int, lost: float = 0.0, full: bool = True) -> list[int]:
        """The window's size after each of some rounds; of every hundred packets so many are lost."""
        return [self._round(lost, full) for _ in range(count)]

    def _round(self, lost: float, full: bool) -> int:
        seconds = max(self.trip, self.window.size / self.rate)
        self.now += seconds
        self.window.full = full
        for number in range(max(self.window.size, 16)):
            if number % 100 < lost * 100:
                self.window.lost(self.now)
            else:
                self.window.answered(seconds, self.now)
        return self.window.size


def test_it_starts_small_and_doubles() -> None:
    """On a long and wide path each round is twice the one before."""
    assert Path(0.05, 1e9).rounds(4) == [64, 128, 256, 512]


def test_it_has_an_upper_limit() -> None:
    """However long the path, no more than 2000 are on their way."""
    assert Path(0.5, 1e9).rounds(20)[-1] == 2000


def test_it_does_not_grow_without_need() -> None:
    """While there is too little to ask to fill it, nothing is learned about what would fit."""
    assert set(Path(0.05, 1e9).rounds(9, full=False)) == {32}


@pytest.mark.parametrize(
    ("trip", "rate", "least", "most"),
    [
        pytest.param(0.0001, 150_000, 100, 150, id="loopback: what rbldnsd's buffer holds"),
        pytest.param(0.01, 80_000, 800, 1600, id="10 ms: the rate times the round trip, and a little queue"),
        pytest.param(0.01, 1_000, 100, 150, id="a slow resolver"),
        pytest.param(0.2, 80_000, 2000, 2000, id="a long path: as much as there may be"),
    ],
)
def test_it_fits_the_path(trip: float, rate: float, least: int, most: int) -> None:
    """It settles at what the path holds and about a hundred more, so neither end runs dry and no buffer runs over."""
    settled = Path(trip, rate).rounds(60)[30:]
    assert least <= min(settled) <= max(settled) <= most


def test_it_leaves_a_bad_path_alone() -> None:
    """Two in a hundred lost are asked again, but they are no reason to slow down."""
    assert Path(0.05, 1e9).rounds(4, lost=0.02) == [64, 128, 256, 512]


def test_it_halves_when_much_is_lost_and_comes_back() -> None:
    """When a third is lost it halves each round, down to 32, and grows again once that ends."""
    path = Path(0.01, 80_000)
    path.rounds(20)
    shrunk = path.rounds(12, lost=0.34)
    assert all(after in (before // 2, 32) for before, after in itertools.pairwise(shrunk))
    assert shrunk[-1] == 32
    assert path.rounds(20)[-1] >= 800


def test_answers_that_come_late_are_not_lost() -> None:
    """A loss that is taken back is none."""
    window = Window()
    for _ in range(16):
        window.lost(1.0)
        window.late()
        window.answered(0.5, 1.0)
    assert window.size == 32


def test_it_forgets_the_shortest_time() -> None:
    """A path that became longer is measured anew within half a minute, and not taken for a queue for ever."""
    path = Path(0.01, 1e9)
    path.rounds(20)
    path.trip = 0.1
    assert path.rounds(10)[-1] < 200
    assert max(path.rounds(400)) == 2000


def test_shrinking_is_at_once() -> None:
    """Where nobody listens only a few are sent, and it grows from there."""
    path = Path(0.05, 1e9)
    path.rounds(5)
    path.window.shrink()
    assert path.window.size == 32
    assert path.rounds(3) == [64, 128, 256]


@pytest.mark.parametrize(("seconds", "timeout"), [(0.0001, 0.02), (0.05, 0.1), (0.4, 0.8)])
def test_the_timeout_follows_the_answers(seconds: float, timeout: float) -> None:
    """It is 300 ms before anything is known, then twice what answers take if they are steady, and never below 20 ms."""
    window = Window()
    assert window.timeout == 0.3
    for _ in range(640):
        window.answered(seconds, 1.0)
    assert window.timeout == pytest.approx(timeout, rel=0.01)


def test_the_timeout_leaves_room_for_unsteady_answers() -> None:
    """A resolver that answers some from its cache and asks others is not taken to be losing packets."""
    window = Window()
    for number in range(640):
        window.answered(0.2 if number % 4 == 0 else 0.001, 1.0)
    assert window.timeout > 0.25


def test_a_clock_that_stands_still_is_no_exception() -> None:
    """Answers that take no time at all say nothing, and harm nothing."""
    window = Window()
    for _ in range(100):
        window.full = True
        window.answered(0.0, 1.0)
    assert window.size == 32
