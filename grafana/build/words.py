"""JSON as Python's types, and the words that the exporter uses."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | float | bool | None"
Panel: TypeAlias = dict[str, Json]

IMPACTS = ("critical", "high", "medium", "low", "info")
"""Of a sublist, the worst first."""
HEALTHS = ("ok", "untested", "unreachable", "refused", "silent", "bogus", "everything")
"""Of a list, the best first."""
