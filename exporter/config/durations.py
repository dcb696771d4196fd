"""How a time is written: as Prometheus writes it."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

_UNIT_SECONDS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNIT_SECONDS))
_LONGEST = 100 * _UNIT_SECONDS["y"]


def parse_duration(value: object) -> float:
    """Seconds of a Prometheus duration: ``500ms``, ``30s``, ``1h30m``, ``30d``.

    Raises ``ValueError`` for anything else, zero included.
    """
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = sum(_UNIT_SECONDS[unit] * int(count) for unit, count in found.groupdict("0").items()) if found else 0
    if seconds <= 0:
        raise ValueError("must be a duration above zero with its unit, such as 500ms, 30s, 5m, 1h or 30d")
    if seconds > _LONGEST:
        raise ValueError("must be at most 100y")
    return float(seconds)


_DurationText = Annotated[str, Field(examples=["30s", "5m", "1h", "30d"])]
Duration = Annotated[float, BeforeValidator(parse_duration, json_schema_input_type=_DurationText)]
