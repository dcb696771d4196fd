"""How much may be on its way to a resolver at once, and how long an answer may take. Pure: times are arguments, in seconds.

A resolver drops what its receive buffer cannot hold; rbldnsd asks for one of 64 KiB, about 170 queries. So the window follows
what the path can take, as TCP's does, in rounds of as many answers as it is wide:

1. It starts small and doubles each round (slow start, RFC 5681 §3.1). Nothing grows while there is too little to ask to fill it.
2. When answers take clearly longer than the shortest time known, queries stand in a queue somewhere (as in TCP Vegas). What is on
   the path itself is the window times the shortest time over the mean, with :data:`_TOLERANCE` for a path that is unsteady; the
   window is that and :data:`_QUEUE` more: enough to keep both ends busy, and less than rbldnsd holds.
3. When more than a quarter of a round got lost, it halves. Less than that is no congestion but a bad path or a silent list, and
   is only asked again; TCP would crawl at 2 % loss. What is lost twice counts once, and an answer that comes after all takes it
   back.
4. The path may change, so every :data:`_AFRESH_SECONDS` the shortest time is forgotten and the window starts small again.

An answer is overdue after the mean and four times the deviation (RFC 6298 §2), and not before twice the mean: a hiccup is no
loss. Both are taken over a round, since single answers are so many that they would forget the past at once (RFC 7323, appendix
G). Each transmission has an ID of its own, so its time is never ambiguous and Karn's rule (RFC 6298 §3) is not needed.
"""

from math import inf

_START = 32
_LEAST = 32
_MOST = 2000
_QUEUE = 96
_TOLERANCE = 1.5
_LEAST_ROUND = 16
_LOST_PART = 4
_AFRESH_SECONDS = 30.0

_FIRST_TIMEOUT = 0.3
_LEAST_TIMEOUT = 0.02


class Window:
    """``size`` queries may be on their way."""

    __slots__ = (
        "_afresh_at",
        "_answered",
        "_deviation",
        "_errors",
        "_lost",
        "_mean",
        "_round",
        "_seconds",
        "_shortest",
        "_slow_start",
        "full",
        "size",
    )

    def __init__(self) -> None:
        self.size = _START
        self.full = False
        """Set when there was more to ask than the window let out; each round clears it."""
        self._slow_start = True
        self._mean = 0.0
        self._deviation = 0.0
        self._shortest = inf
        self._afresh_at = inf
        self._begin_round()

    @property
    def timeout(self) -> float:
        """How long an answer may take before its query is taken for lost."""
        return max(_LEAST_TIMEOUT, self._mean + max(self._mean, 4 * self._deviation)) if self._mean else _FIRST_TIMEOUT

    def answered(self, seconds: float, now: float) -> None:
        """An answer came after so many seconds."""
        if not self._mean:
            self._begin(seconds, now)
        if seconds < self._shortest:
            self._shortest = seconds
        self._seconds += seconds
        self._errors += abs(seconds - self._mean)
        self._answered += 1
        if self._answered + self._lost >= self._round:
            self._end_round(now)

    def lost(self, now: float) -> None:
        """The answer to a first transmission is not there in time."""
        self._lost += 1
        if self._answered + self._lost >= self._round:
            self._end_round(now)

    def late(self) -> None:
        """It came after all."""
        self._lost -= 1

    def shrink(self) -> None:
        """Nobody is there: begin as carefully as can be."""
        self.size = _LEAST
        self._slow_start = True
        self._begin_round()

    def _begin(self, seconds: float, now: float) -> None:
        self._mean = seconds
        self._deviation = seconds / 2
        self._afresh_at = now + _AFRESH_SECONDS

    def _begin_round(self) -> None:
        self._round = max(self.size, _LEAST_ROUND)
        self._answered = self._lost = 0
        self._seconds = self._errors = 0.0
        self.full = False

    def _end_round(self, now: float) -> None:
        if self._answered:
            self._mean += (self._seconds / self._answered - self._mean) / 2
            self._deviation += (self._errors / self._answered - self._deviation) / 2
        if self._lost * _LOST_PART > self._round:
            self._slow_start = False
            self.size = max(_LEAST, self.size // 2)
        elif now >= self._afresh_at:
            self._start_afresh(now)
        elif self.full and self._seconds:
            self._follow_queue(self._seconds / self._answered)
        self._begin_round()

    def _follow_queue(self, mean: float) -> None:
        """``mean`` is that of this round alone."""
        on_path = self._shortest / mean
        if self._slow_start and self.size * (1 - on_path) * 2 < _QUEUE:
            size = self.size * 2
        else:
            self._slow_start = False
            size = int(self.size * min(1.0, on_path * _TOLERANCE)) + _QUEUE
        self.size = min(_MOST, size)

    def _start_afresh(self, now: float) -> None:
        self.size = min(self.size, _LEAST)
        self._slow_start = True
        self._shortest = inf
        self._afresh_at = now + _AFRESH_SECONDS
