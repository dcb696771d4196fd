"""Prometheus durations, as a table."""

import pytest

from exporter.config.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1ms", 0.001),
        ("500ms", 0.5),
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("1d", 86400.0),
        ("1w", 604800.0),
        ("1y", 31536000.0),
        ("1h30m", 5400.0),
        ("1m30s500ms", 90.5),
        ("1y2w3d4h5m6s7ms", 33019506.007),
        ("90m", 5400.0),
        ("007s", 7.0),
        ("100y", 3153600000.0),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    """Units add up, each at most once, the larger first."""
    assert parse_duration(text) == pytest.approx(seconds)


NO_UNIT = ["", " ", "5", "h", "5 m", "5M", "5min", "inf", "nan", "1e3s", "٣s"]
NO_SUM = ["1m1h", "5m5m", "1h-5m", "1.5h", "5m ", "5m\n"]
NOT_ABOVE_ZERO = ["0s", "0h0m", "-5m", "+5m"]
TOO_MANY_DIGITS = ["9999999999s"]
NO_TEXT = [5, 5.0, 0, True, None, ["5m"], {"m": 5}]


@pytest.mark.parametrize("value", [*NO_UNIT, *NO_SUM, *NOT_ABOVE_ZERO, *TOO_MANY_DIGITS, *NO_TEXT])
def test_what_is_no_duration(value: object) -> None:
    """A number without a unit is none: nobody can tell seconds from minutes."""
    with pytest.raises(ValueError, match=r"^must be a duration above zero with its unit, such as 500ms, 30s, 5m, 1h or 30d$"):
        parse_duration(value)


@pytest.mark.parametrize("text", ["100y1ms", "101y", "999999999y", "999999999w"])
def test_what_is_too_long(text: str) -> None:
    """Nothing here is planned for more than a lifetime, and clocks have an end."""
    with pytest.raises(ValueError, match=r"^must be at most 100y$"):
        parse_duration(text)
