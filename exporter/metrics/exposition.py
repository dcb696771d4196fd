"""How a scrape is written: the form that the client prefers, and the families in it.

The client's word is compared with what we can write; nothing of it comes back in the answer.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.openmetrics.exposition import (
    generate_latest as generate_openmetrics,
)
from prometheus_client.registry import Collector

Form = Literal["text", "openmetrics"]

CONTENT_TYPES: Mapping[Form, str] = {
    "text": "text/plain; version=0.0.4; charset=utf-8",
    "openmetrics": "application/openmetrics-text; version=1.0.0; charset=utf-8",
}


def negotiate(accept: str) -> Form:
    """OpenMetrics 1.0 if the client prefers it to text 0.0.4, by the quality values of RFC 9110 §12.4.2; else text."""
    best: dict[str, float] = {"text": 0.0, "openmetrics": 0.0}
    for choice in accept.split(","):
        media, *parameters = (part.strip().lower() for part in choice.split(";"))
        named = dict(parameter.split("=", 1) for parameter in parameters if "=" in parameter)
        try:
            quality = float(named.get("q", "1"))
        except ValueError:
            quality = 0.0
        if media == "application/openmetrics-text" and named.get("version", "1.0.0") == "1.0.0":
            best["openmetrics"] = max(best["openmetrics"], quality)
        elif media in ("text/plain", "text/*", "*/*") and named.get("version", "0.0.4") == "0.0.4":
            best["text"] = max(best["text"], quality)
    return "openmetrics" if best["openmetrics"] > best["text"] else "text"


def render(families: Iterable[Metric], form: Form) -> bytes:
    """The body of a scrape."""
    registry = _Collected(families)
    encode: Callable[[CollectorRegistry], bytes] = generate_openmetrics if form == "openmetrics" else generate_latest
    return encode(registry)


class _Collected(CollectorRegistry):
    """Families already collected, in the shape that the encoders take."""

    def __init__(self, families: Iterable[Metric]) -> None:
        super().__init__(auto_describe=False)
        self.register(_Families(families))


class _Families(Collector):
    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families
