"""What users may call their targets: names and values that stand beside ours on metrics and alerts.

Rules:

1. A name is one that Prometheus takes, and none that says something else on one of our metrics or alerts.
2. What starts with two underscores belongs to Prometheus. In files that were written for it such labels are left out, as it does.
"""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from exporter.config.document import Note
from exporter.roster import Labels

MOST = 20

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]{0,99}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_OURS = "is a label of our own metrics"
_OF_ALERTS = "is a label of our alerts"
_OF_SCRAPES = "is set by Prometheus when it scrapes"
_OF_HISTOGRAMS = "is what histograms and summaries are made of"
_RESERVED: Mapping[str, str] = {
    **dict.fromkeys(("target", "kind", "origin", "list", "sublist", "codes", "cause", "class", "impact", "scope"), _OURS),
    **dict.fromkeys(("delist_url", "operator", "provider", "health", "verdict", "resolver"), _OURS),
    **dict.fromkeys(("alertname", "severity"), _OF_ALERTS),
    **dict.fromkeys(("job", "instance", "pod"), _OF_SCRAPES),
    **dict.fromkeys(("le", "quantile"), _OF_HISTOGRAMS),
}


def one_line(value: str) -> str:
    """The value. Raises ``ValueError`` if it holds more than a line."""
    if _CONTROL.search(value):
        raise ValueError("must be one line, without control characters")
    return value


LabelTexts = Annotated[
    dict[str, Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]], Field(max_length=MOST)
]
"""Names and values as a person writes them."""


def why_not_a_label(name: str) -> str | None:
    """What is wrong with a label's name, if anything."""
    if reason := _RESERVED.get(name):
        return f"{reason}: choose another name"
    if name.startswith("__"):
        return "starts with __, which Prometheus keeps for itself: choose another name"
    if not _NAME.fullmatch(name):
        return "is not the name of a label: up to 100 letters, digits and underscores, no digit first"
    return None


def read_labels(texts: Mapping[str, str], note: Note) -> Labels:
    """Those that may be, sorted by name; notes the others."""
    wrong = {name: reason for name in texts if (reason := why_not_a_label(name))}
    for name, reason in wrong.items():
        note((name,), reason)
    return tuple(sorted((name, value) for name, value in texts.items() if name not in wrong))
