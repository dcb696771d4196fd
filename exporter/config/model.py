"""The shape of the config file: what may stand where, and of which type. What a value *means* is decided in ``words``.

A catalogue entry and an entry of a user's ``lists:`` have the same shape, :class:`ListEntry`.
"""

import re
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from exporter.blocklist import Impact, ListingClass, Scope
from exporter.target import Kind

_UNIT_SECONDS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}
_DURATION = re.compile("".join(rf"(?:(?P<{unit}>[0-9]{{1,9}}){unit})?" for unit in _UNIT_SECONDS))

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True, populate_by_name=False)


def parse_duration(value: object) -> float:
    """Seconds of a Prometheus duration: ``500ms``, ``30s``, ``1h30m``, ``30d``.

    Raises ``ValueError`` for anything else, zero included.
    """
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    seconds = sum(_UNIT_SECONDS[unit] * int(count) for unit, count in found.groupdict("0").items()) if found else 0
    if seconds <= 0:
        raise ValueError("must be a duration above zero with its unit, such as 500ms, 30s, 5m, 1h or 30d")
    return float(seconds)


def _none_is_null(value: object) -> object:
    """``test_entries: none`` reads better than ``null`` and means the same."""
    return None if value == "none" else value


Duration = Annotated[
    float, BeforeValidator(parse_duration), WithJsonSchema({"type": "string", "examples": ["30s", "5m", "1h", "30d"]})
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Rate = Annotated[float, Field(gt=0, le=1_000_000, strict=False)]
# Enumerations: strict mode would take their members only, a file has their values.
KindText = Annotated[Kind, Field(strict=False)]
ClassText = Annotated[ListingClass, Field(strict=False)]
ImpactText = Annotated[Impact, Field(strict=False)]
ScopeText = Annotated[Scope, Field(strict=False)]


class Query(BaseModel):
    """How a question is put to a resolver."""

    model_config = STRICT

    timeout: Duration = 3.0
    attempts: Annotated[int, Field(ge=1, le=10)] = 2


class Checks(BaseModel):
    """Defaults of the pace for every list."""

    model_config = STRICT

    interval: Duration = 1800.0
    delist_after: Annotated[int, Field(ge=1, le=100)] = 2
    confirm_interval: Duration = 300.0
    test_interval: Duration = 3600.0


class CodeEntry(BaseModel):
    """A row of a code table."""

    model_config = STRICT

    sublist: Annotated[str, StringConstraints(min_length=1, max_length=63, pattern=r"^[A-Za-z0-9._-]+$")]
    listing_class: Annotated[ClassText | None, Field(alias="class")] = None
    impact: ImpactText | None = None
    scope: ScopeText | None = None
    meaning: str = ""


class TestEntriesEntry(BaseModel):
    """What must be listed and what must not be."""

    __test__ = False  # pytest would take the name for a test class

    model_config = STRICT

    listed: Annotated[list[Text], Field(min_length=1)]
    not_listed: Annotated[list[Text], Field(min_length=1)]


class ListEntry(BaseModel):
    """A list of the config or of the catalogue. What is left out is taken from the catalogue, then from ``checks``."""

    model_config = STRICT

    zone: Text
    operator: str = ""
    provider: Literal["dnsxl"] = "dnsxl"
    kinds: Annotated[list[KindText], Field(min_length=1)]
    match: Literal["exact", "bitmask", "range"] = "exact"
    listing_class: Annotated[ClassText | None, Field(alias="class")] = None
    impact: ImpactText = Impact.MEDIUM
    scope: ScopeText | None = None
    meaning: str = ""
    codes: dict[str, CodeEntry] = {}
    refusal_codes: list[str | int] = ["127.255.255.0/24"]
    neutral_codes: list[str | int] = []
    test_entries: Annotated[TestEntriesEntry | None, BeforeValidator(_none_is_null)] = None
    """Left out: those of RFC 5782 §5 for the kinds. ``None``: there are none, the list is never tested."""
    non_global: bool = False
    needs_key: bool = False
    includes: list[Text] = []
    delist_url: str = ""
    lookup_url: str = ""
    key_file: Text | None = None
    key_env: Text | None = None
    resolvers: Annotated[list[Text] | None, Field(min_length=1)] = None
    interval: Duration | None = None
    delist_after: Annotated[int | None, Field(ge=1, le=100)] = None
    confirm_interval: Duration | None = None
    test_interval: Duration | None = None
    max_qps: Rate | None = None
    max_queries_per_day: Annotated[int | None, Field(ge=1)] = None
    source: list[Text] = []
    checked: str = ""
    notes: list[Text] = []


class TargetEntry(BaseModel):
    """A target that is written as a mapping."""

    model_config = STRICT

    target: Text


class Metrics(BaseModel):
    """What is exposed."""

    model_config = STRICT

    checks: Literal["all", "history"] = "all"


class History(BaseModel):
    """Where listings are remembered, and for how long after they ended."""

    model_config = STRICT

    path: Text = "dnsbl-exporter.db"
    keep: Duration = 400 * 86400.0


class ConfigFile(BaseModel):
    """dnsbl-exporter's config file."""

    model_config = STRICT

    resolvers: Annotated[list[Text], Field(min_length=1)] = ["system"]
    query: Query = Query()
    checks: Checks = Checks()
    lists: Annotated[list[Text | ListEntry], Field(min_length=1)]
    targets: Annotated[list[Text | TargetEntry], Field(min_length=1)]
    metrics: Metrics = Metrics()
    history: History = History()
