"""How long to wait until a check that came to nothing is asked again. It doubles with each failure in a row."""

from collections.abc import Mapping

from exporter.verdict import Cause

_SECONDS: Mapping[Cause, float] = {
    Cause.TIMEOUT: 30.0,
    Cause.NETWORK: 30.0,
    Cause.SERVFAIL: 60.0,
    Cause.REFUSED: 900.0,
    Cause.REFUSED_RCODE: 900.0,
}
_SECONDS_ELSE = 300.0
_MOST_DOUBLINGS = 20


def delay(cause: Cause, failures: int = 1) -> float:
    """Seconds after so many failures in a row, the last of this cause."""
    return _SECONDS.get(cause, _SECONDS_ELSE) * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)
