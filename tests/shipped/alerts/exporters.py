"""What an exporter says on /metrics, and how that changes.

Rule 1: the families of a listing change together, as `exporter.listing` changes them.
Rule 2: one that is down says nothing, and Prometheus notes that; one that is back says what it knew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

INTERVAL_SECONDS = 1800
HEALTHS = ("ok", "silent", "everything", "refused", "bogus", "unreachable", "untested")

Labels = Mapping[str, str]


class Place(NamedTuple):
    """Where a listing is; `labels` are what the user gave the target."""

    target: str
    list: str
    sublist: str = ""
    labels: tuple[tuple[str, str], ...] = ()


class Sample(NamedTuple):
    """One line of /metrics."""

    name: str
    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of a place that was ever listed; times in seconds, 0 for none."""

    since: float
    last_delisted: float
    onset_observed: bool
    number: int


@dataclass(slots=True)
class List:
    """A list as it stands in /metrics."""

    operator: str = "Example"
    impacts: dict[str, str] = field(default_factory=lambda: {"": "medium"})
    """Of each sublist."""
    listing_class: str = "abuse"
    health: str = "ok"
    checks: int = 10
    last_success: float | None = None
    """When the last conclusive answer came; None: just now."""
    lap_seconds: float = INTERVAL_SECONDS
    answered: int = 0
    refused: int = 0
    """Checks, and those of them that were refused, so far."""


@dataclass(slots=True)
class Origin:
    """What targets come from, as it stands in /metrics."""

    up: bool = True
    last_success: float = 0


@dataclass(slots=True)
class Exporter:
    """One process. Its methods are what happens to it."""

    instance: str
    job: str
    now: float
    up: bool = True
    lists: dict[str, List] = field(default_factory=dict)
    held: dict[Place, Held] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    """By the label of that name."""
    overdue: int = 0
    history_created: float = 1.0
    write_failures: int = 0
    config_good: bool = True
    started: float = 1.0
    shard: int = 0
    total_shards: int = 1

    def finds(self, *places: Place) -> None:
        """They are listed when first checked."""
        for place in places:
            self._open(place, Held(self.now, 0, onset_observed=False, number=1))

    def puts_on(self, *places: Place) -> None:
        """They get listed, having been clean."""
        for place in places:
            before = self.held.get(place)
            number, ended = (before.number + 1, before.last_delisted) if before else (1, 0.0)
            self._open(place, Held(self.now, ended, onset_observed=True, number=number))

    def takes_off(self, *places: Place) -> None:
        """They are removed."""
        for place in places:
            self.held[place] = replace(self.held[place], since=0, last_delisted=self.now)

    def leaves_out(self, *places: Place) -> None:
        """They left the config; what was known of them is known again when they come back."""
        for place in places:
            del self.held[place]

    def forgets(self) -> None:
        """Its history is lost."""
        self.held.clear()
        self.history_created = self.now

    def says(self) -> Iterator[Sample]:
        """All of /metrics that a rule reads, and `up`."""
        mine = {"job": self.job, "instance": self.instance}
        yield Sample("up", mine, float(self.up))
        if self.up:
            for name, labels, value in (*self._of_itself(), *self._of_origins(), *self._of_lists(), *self._of_listings()):
                yield Sample(name, {**mine, **labels}, value)

    def _open(self, place: Place, held: Held) -> None:
        self.lists.setdefault(place.list, List()).impacts.setdefault(place.sublist, "medium")
        self.held[place] = held

    def _of_itself(self) -> Iterator[Sample]:
        yield Sample("dnsbl_build_info", {"version": "0.1.0"}, 1)
        yield Sample("dnsbl_checks_overdue", {}, self.overdue)
        yield Sample("dnsbl_history_created_timestamp_seconds", {}, self.history_created)
        yield Sample("dnsbl_history_write_failures_total", {}, self.write_failures)
        yield Sample("dnsbl_config_last_reload_successful", {}, self.config_good)
        yield Sample("dnsbl_shard_ordinal", {}, self.shard)
        yield Sample("dnsbl_total_shards", {}, self.total_shards)
        yield Sample("process_start_time_seconds", {}, self.started)

    def _of_origins(self) -> Iterator[Sample]:
        for name, each in self.origins.items():
            yield Sample("dnsbl_origin_up", {"origin": name}, each.up)
            yield Sample("dnsbl_origin_last_success_timestamp_seconds", {"origin": name}, each.last_success)

    def _of_lists(self) -> Iterator[Sample]:
        for name, each in self.lists.items():
            mine = {"list": name}
            yield Sample("dnsbl_list_info", {**mine, "operator": each.operator, "provider": "dnsxl"}, 1)
            for sublist, impact in each.impacts.items():
                facts = {"class": each.listing_class, "impact": impact, "scope": "address"}
                url = f"https://{name}/remove?ip={{target}}"
                yield Sample("dnsbl_sublist_info", {**mine, "sublist": sublist, **facts, "delist_url": url}, 1)
            yield Sample("dnsbl_list_up", mine, each.health in ("ok", "untested"))
            for health in HEALTHS:
                yield Sample("dnsbl_list_health", {**mine, "health": health}, each.health == health)
            yield Sample("dnsbl_list_checks", {**mine, "verdict": "listed"}, 0)
            yield Sample("dnsbl_list_checks", {**mine, "verdict": "not_listed"}, each.checks)
            last_success = self.now if each.last_success is None else each.last_success
            yield Sample("dnsbl_list_last_success_timestamp_seconds", mine, last_success)
            yield Sample("dnsbl_list_interval_seconds", mine, INTERVAL_SECONDS)
            yield Sample("dnsbl_list_lap_seconds", mine, each.lap_seconds)
            yield Sample("dnsbl_checks_total", mine, each.answered)
            for cause, count in (("refused", each.refused), ("timeout", 0)):
                yield Sample("dnsbl_check_failures_total", {**mine, "cause": cause}, count)

    def _of_listings(self) -> Iterator[Sample]:
        for place, held in self.held.items():
            labels = {"target": place.target, "list": place.list, "sublist": place.sublist, **dict(place.labels)}
            yield Sample("dnsbl_listed_since_timestamp_seconds", labels, held.since)
            yield Sample("dnsbl_last_delisted_timestamp_seconds", labels, held.last_delisted)
            yield Sample("dnsbl_listing_onset_observed", labels, held.onset_observed)
            yield Sample("dnsbl_listing_number", labels, held.number)
