"""Which list holds which, through every level: ZEN by key holds ZEN, and so all that ZEN holds.

Asking a list and a part of it counts one listing twice.
"""

from collections.abc import Callable, Iterable

from exporter import catalogue

Holds = Callable[[str], Iterable[str]]
"""The zones that a zone holds, as far as it is said of itself."""


def in_catalogue(zone: str) -> tuple[str, ...]:
    """What the catalogue says that a zone holds."""
    return catalogue.texts(zone, "includes")


def parts(zone: str, holds: Holds = in_catalogue) -> set[str]:
    """All zones that ``zone`` holds, at whatever level; never itself."""
    found: set[str] = set()
    ahead = [*holds(zone)]
    while ahead:
        part = ahead.pop()
        if part not in found:
            found.add(part)
            ahead.extend(holds(part))
    return found - {zone}
