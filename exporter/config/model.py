"""The shape of the config file: what may stand where, and of which type. What a value *means* is decided in ``words``.

A catalogue entry and an entry of a user's ``lists:`` have the same shape, :class:`ListEntry`.
"""

import re
from typing import Annotated, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic.config import JsonDict

from exporter import advice
from exporter.blocklist import Impact, ListingClass, Scope, Status
from exporter.config.addresses import parse_resolver
from exporter.config.durations import Duration
from exporter.config.labels import LabelTexts, one_line
from exporter.target import Kind

_SUBLIST = re.compile("[A-Za-z0-9._-]{1,63}")
_UNIQUE: JsonDict = {"uniqueItems": True}
_LINK = re.compile(r"(https?://|mailto:)([^\s<>\"{}]|\{target\})+")

_Item = TypeVar("_Item")

SetName = Literal["default", "domains", "all"]
"""What ``lists:`` may name besides lists. No zone has a name without a dot."""

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)


def _sublist_name(value: str) -> str:
    if not _SUBLIST.fullmatch(value):
        raise ValueError("must be 1 to 63 letters, digits, dots, hyphens or underscores")
    return value


def _link(value: str) -> str:
    if value and not _LINK.fullmatch(value):
        raise ValueError("must be a link (https://…, http://… or mailto:…); {target} is the only thing that is filled in")
    return value


def _cause(value: str) -> str:
    if value not in advice.causes():
        raise ValueError(f"must be one of {', '.join(advice.causes())}")
    return value


def _causes(schema: JsonDict) -> None:
    schema["enum"] = list(advice.causes())


def _none_is_null(value: object) -> object:
    """``test_entries: none`` says that there are none. An empty value says nothing, and is refused before."""
    return None if value == "none" else value


def _bit_as_text(value: object) -> object:
    """A bit of a bitmask is a number in the file, a key of ``codes`` is text: here both are text."""
    return str(value) if type(value) is int else value


def _unique(values: list[_Item]) -> list[_Item]:
    if len(set(values)) < len(values):
        raise ValueError("must not name anything twice")
    return values


def _not_too_often(seconds: float) -> float:
    if seconds < 1:
        raise ValueError("must be at least 1s")
    return seconds


def _as_given(value: object) -> object:
    """Read by ``resolvers``: it knows which form was meant, where pydantic would say what is wrong with either."""
    return value


def _kinds_from_catalogue(schema: JsonDict) -> None:
    """An editor cannot know which zones the catalogue has the kinds of."""
    schema["required"] = ["zone"]


Line = Annotated[str, StringConstraints(max_length=2000), AfterValidator(one_line)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000), AfterValidator(one_line)]
Link = Annotated[Line, AfterValidator(_link)]
SublistName = Annotated[str, AfterValidator(_sublist_name)]
Pattern = Annotated[str, BeforeValidator(_bit_as_text, json_schema_input_type=str | int)]
Patterns = Annotated[list[Pattern], Field(max_length=1000)]
Count = Annotated[int, Field(ge=1, le=100)]
Rate = Annotated[float, Field(ge=0.001, le=1_000_000, allow_inf_nan=False)]
# Enumerations: strict mode would take their members only, a file has their values.
KindText = Annotated[Kind, Field(strict=False)]
ClassText = Annotated[ListingClass, Field(strict=False)]
ImpactText = Annotated[Impact, Field(strict=False)]
ScopeText = Annotated[Scope, Field(strict=False)]
StatusText = Annotated[Status, Field(strict=False)]
Cause = Annotated[str, AfterValidator(_cause), Field(json_schema_extra=_causes)]


class ResolverEntry(BaseModel):
    """A resolver that is written as a mapping."""

    model_config = STRICT

    address: Annotated[str, BeforeValidator(parse_resolver, json_schema_input_type=Text)]
    mixed_case: bool = True


ResolverItem = Annotated[object, BeforeValidator(_as_given, json_schema_input_type=Text | ResolverEntry)]


class Query(BaseModel):
    """How a question is put to a resolver."""

    model_config = STRICT

    timeout: Duration = Field(default="3s", validate_default=True)
    attempts: Annotated[int, Field(ge=1, le=10)] = 2


class Checks(BaseModel):
    """Defaults of the pace for every list."""

    model_config = STRICT

    interval: Duration = Field(default="30m", validate_default=True)
    delist_after: Count = 2
    confirm_interval: Duration = Field(default="5m", validate_default=True)
    test_interval: Duration = Field(default="1h", validate_default=True)


class CodeEntry(BaseModel):
    """A row of a code table."""

    model_config = STRICT

    sublist: SublistName
    listing_class: Annotated[ClassText | None, Field(alias="class")] = None
    impact: ImpactText | None = None
    scope: ScopeText | None = None
    cause: Cause | None = None
    meaning: Line = ""


class TestEntriesEntry(BaseModel):
    """What must be listed and what must not be."""

    __test__ = False  # pytest would take the name for a test class

    model_config = STRICT

    listed: Annotated[list[Text], Field(min_length=1)]
    not_listed: Annotated[list[Text], Field(min_length=1)]


class ListEntry(BaseModel):
    """A list of the config or of the catalogue. What is left out is taken from the catalogue, then from ``checks``."""

    model_config = STRICT | ConfigDict(json_schema_extra=_kinds_from_catalogue)

    zone: Text
    operator: Line = ""
    provider: Literal["dnsxl"] = "dnsxl"
    kinds: Annotated[list[KindText], Field(min_length=1)]
    match: Literal["exact", "bitmask", "range"] = "exact"
    listing_class: Annotated[ClassText | None, Field(alias="class")] = None
    impact: ImpactText = Impact.MEDIUM
    scope: ScopeText | None = None
    cause: Cause | None = None
    meaning: Line = ""
    codes: Annotated[dict[str, CodeEntry], Field(max_length=1000)] = {}
    refusal_codes: Patterns = ["127.255.255.0/24"]
    neutral_codes: Patterns = []
    test_entries: Annotated[
        TestEntriesEntry | None,
        BeforeValidator(_none_is_null, json_schema_input_type=TestEntriesEntry | Literal["none"]),
    ] = None
    """Left out: those of RFC 5782 §5 for the kinds. ``None``: there are none, the list is never tested."""
    non_global: bool = False
    registrable: bool = False
    needs_key: bool = False
    status: StatusText = Status.ALIVE
    sets: list[Literal["default", "domains"]] = []
    policy: Line = ""
    expiry: Line = ""
    includes: list[Text] = []
    part_of: list[Text] = []
    delist_url: Link = ""
    lookup_url: Link = ""
    key_file: Text | None = None
    key_env: Text | None = None
    resolvers: Annotated[list[ResolverItem] | None, Field(min_length=1)] = None
    interval: Duration | None = None
    delist_after: Count | None = None
    confirm_interval: Duration | None = None
    test_interval: Duration | None = None
    max_qps: Rate | None = None
    max_queries_per_day: Annotated[int | None, Field(ge=1, le=1_000_000_000_000)] = None
    source: list[Text] = []
    checked: Line = ""
    notes: list[Text] = []


class TargetEntry(BaseModel):
    """A target or a network that is written as a mapping."""

    model_config = STRICT

    target: Text
    labels: LabelTexts = {}


class HostEntry(BaseModel):
    """A name whose addresses are targets."""

    model_config = STRICT

    host: Text
    labels: LabelTexts = {}


class DomainEntry(BaseModel):
    """A domain that is a target, and so are the addresses that its records lead to."""

    model_config = STRICT

    domain: Text
    expand: Annotated[list[Literal["mx", "spf", "a"]], AfterValidator(_unique), Field(json_schema_extra=_UNIQUE)] = []
    labels: LabelTexts = {}


class FilesEntry(BaseModel):
    """Files of targets, by patterns of their names."""

    model_config = STRICT

    files: Annotated[list[Text], Field(min_length=1, max_length=100)]
    labels: LabelTexts = {}


class Expansion(BaseModel):
    """How names are looked up, and how much may come of one."""

    model_config = STRICT

    interval: Annotated[Duration, AfterValidator(_not_too_often)] = Field(default="1h", validate_default=True)
    largest_network: Annotated[int, Field(ge=1, le=1024)] = 16
    most_addresses: Annotated[int, Field(ge=1, le=1024)] = 64
    skip_includes: Annotated[list[Text] | None, Field(max_length=1000)] = None
    """Left out: those of providers that are known."""


class Metrics(BaseModel):
    """What is exposed."""

    model_config = STRICT

    checks: Literal["all", "history"] = "all"


class History(BaseModel):
    """Where listings are remembered, and for how long after they ended."""

    model_config = STRICT

    path: Text = "dnsbl-exporter.db"
    keep: Duration = Field(default="400d", validate_default=True)


class ConfigFile(BaseModel):
    """dnsbl-exporter's config file."""

    model_config = STRICT

    resolvers: Annotated[list[ResolverItem], Field(min_length=1)] = ["system"]
    query: Query = Query()
    checks: Checks = Checks()
    lists: Annotated[list[SetName | Text | ListEntry], Field(min_length=1)] = ["default", "domains"]
    targets: Annotated[list[Text | TargetEntry | HostEntry | DomainEntry | FilesEntry], Field(min_length=1)]
    exclude: Annotated[list[Text], Field(min_length=1)] | None = None
    expansion: Expansion = Expansion()
    metrics: Metrics = Metrics()
    history: History = History()
