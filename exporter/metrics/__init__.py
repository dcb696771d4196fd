"""The only exposition: every name, help and label.

Rules:

1. Families of state are computed at the scrape from the snapshot. What left the plan vanishes by itself.
2. A check's families are made from one standing, which is replaced as a whole, so a listing's timestamps never show half a
   change.
3. Nothing is exposed that PromQL can work out: no ages, percentages or sums beside their parts. Label values are bounded; no
   text of a stranger is ever one.
4. Counters start at 0 for every label set that is known in advance.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from exporter.blocklist import Blocklist
from exporter.health import Health
from exporter.history import History
from exporter.listing import Listing, Standing
from exporter.plan import Plan
from exporter.schedule import Schedule
from exporter.tally import BUCKETS, Durations, Reloads, Tally
from exporter.target import Kind
from exporter.verdict import Cause


class Running(Protocol):
    """What of the engine is exposed."""

    @property
    def plan(self) -> Plan: ...

    @property
    def schedule(self) -> Schedule: ...


@dataclass(frozen=True, slots=True)
class Metrics:
    """Collects everything that is exposed. ``clock`` is the schedule's; ``exposed_checks`` as in the config."""

    running: Running
    history: History
    tally: Tally
    reloads: Reloads
    resolvers: Callable[[], Mapping[str, bool]]
    exposed_checks: Callable[[], Literal["all", "history"]]
    clock: Callable[[], float]
    version: str
    registry: CollectorRegistry

    def families(self) -> list[Metric]:
        """Every family, as of now."""
        return [
            *self._checks(),
            *self._targets(),
            *self._lists(),
            *self._counters(),
            *self._service(),
            *self.registry.collect(),
        ]

    def _checks(self) -> Iterator[Metric]:
        """
        dnsbl_listed{target="192.0.2.7",list="zen.spamhaus.org"} 1
        dnsbl_listed_since_timestamp_seconds{target="192.0.2.7",list="zen.spamhaus.org",sublist="XBL"} 1.7e+09
        """
        check, sublist = ("target", "list"), ("target", "list", "sublist")
        listed = _gauge("dnsbl_listed", "1 if the target is on any sublist of the list, 0 if on none; last known value.", check)
        since = _gauge("dnsbl_listed_since_timestamp_seconds", "Start of the present listing; 0 if not listed now.", sublist)
        delisted = _gauge("dnsbl_last_delisted_timestamp_seconds", "End of the latest ended listing; 0 if none ended.", sublist)
        onset = _gauge(
            "dnsbl_listing_onset_observed",
            "1 if the target was seen clean before its latest listing, 0 if it was listed when first checked.",
            sublist,
        )
        number = _gauge("dnsbl_listing_number", "How many listings so far; 2 and up are repeats.", sublist)
        info = _gauge("dnsbl_listing_info", "Return codes of a present listing.", (*sublist, "codes"))
        unknown = _gauge(
            "dnsbl_unknown_since_timestamp_seconds",
            "First of the inconclusive answers since the last conclusive one.",
            (*check, "cause"),
        )
        verdicts = _gauge("dnsbl_list_checks", "Checks in each state.", ("list", "verdict"))
        present: Counter[str] = Counter()
        for name, checks in self.running.plan.checks.items():
            states: Counter[str] = Counter(listed=0, not_listed=0, unknown=0, pending=0)
            for one in checks:
                key = one.key
                held = self.history.shown(key)
                states[_state(held)] += 1
                if held.unknown is not None:
                    unknown.add_metric([*key, held.unknown], held.unknown_since or 0.0)
                if held.listings or (held.known_at is not None and self.exposed_checks() == "all"):
                    listed.add_metric(key, float(held.listed))
                for listing in held.listings:
                    labels = [*key, listing.sublist]
                    since.add_metric(labels, listing.opened if listing.present else 0.0)
                    delisted.add_metric(labels, _last_delisted(listing))
                    onset.add_metric(labels, float(listing.onset_observed))
                    number.add_metric(labels, listing.number)
                    if listing.present:
                        present[key[0]] += 1
                        info.add_metric([*labels, ",".join(listing.codes)], 1.0)
            for state, count in states.items():
                verdicts.add_metric([name, state], count)
        listings = _gauge("dnsbl_target_listings", "Present listings of the target.", ("target",))
        for target in self.running.plan.origins:
            listings.add_metric([target.text], present[target.text])
        yield from (listed, since, delisted, onset, number, info, unknown, verdicts, listings)

    def _targets(self) -> Iterator[Metric]:
        """
        dnsbl_target_info{target="192.0.2.7",kind="ipv4",origin="192.0.2.7"} 1
        """
        info = _gauge("dnsbl_target_info", "Every target and the config entries it came from.", ("target", "kind", "origin"))
        kinds = Counter(dict.fromkeys(Kind, 0))
        for target, origins in self.running.plan.origins.items():
            kinds[target.kind] += 1
            for origin in origins:
                info.add_metric([target.text, target.kind, origin], 1.0)
        count = _gauge("dnsbl_targets", "Targets of this shard.", ("kind",))
        for kind, number in kinds.items():
            count.add_metric([kind], number)
        yield from (info, count)

    def _lists(self) -> Iterator[Metric]:
        """
        dnsbl_list_up{list="zen.spamhaus.org"} 1
        dnsbl_list_health{list="zen.spamhaus.org",health="ok"} 1
        """
        info = _gauge("dnsbl_list_info", "Every list that is asked.", ("list", "operator", "provider"))
        sublists = _gauge(
            "dnsbl_sublist_info", "What a sublist is and does.", ("list", "sublist", "class", "impact", "scope", "delist_url")
        )
        up = _gauge("dnsbl_list_up", "1 if the list passed its last test, or is untested by configuration.", ("list",))
        health = _gauge("dnsbl_list_health", "The list's health: 1 for the state it is in.", ("list", "health"))
        success = _gauge("dnsbl_list_last_success_timestamp_seconds", "Last conclusive answer; 0 if none yet.", ("list",))
        interval = _gauge("dnsbl_list_interval_seconds", "The lap that the list must keep.", ("list",))
        lap = _gauge("dnsbl_list_lap_seconds", "How long the last full lap took.", ("list",))
        schedule = self.running.schedule
        for name, blocklist in self.running.plan.lists.items():
            info.add_metric([name, blocklist.operator, blocklist.provider], 1.0)
            for sublist in self._sublists(blocklist):
                facts = blocklist.sublist(sublist)
                sublists.add_metric([name, sublist, facts.listing_class, facts.impact, facts.scope, blocklist.delist_url], 1.0)
            trial = schedule.trial(name)
            up.add_metric([name], float(trial is not None and trial.health.trusted))
            for state in Health:
                health.add_metric([name, state], float(trial is not None and trial.health is state))
            success.add_metric([name], self._last_success(name))
            interval.add_metric([name], blocklist.pace.interval)
            if (seconds := schedule.lap_seconds(name)) is not None:
                lap.add_metric([name], seconds)
        yield from (info, sublists, up, health, success, interval, lap)

    def _sublists(self, blocklist: Blocklist) -> Iterable[str]:
        """Declared ones, and those that history has of the checks of this plan."""
        names = dict.fromkeys(sublist.name for sublist in blocklist.declared())
        for check in self.running.plan.checks[blocklist.name]:
            names.update(dict.fromkeys(listing.sublist for listing in self.history.shown(check.key).listings))
        return names

    def _last_success(self, name: str) -> float:
        """Of this process, or before any of it, as far as the history knows."""
        if name in self.tally.last_success:
            return self.tally.last_success[name]
        return max((self.history.shown(check.key).known_at or 0.0 for check in self.running.plan.checks[name]), default=0.0)

    def _counters(self) -> Iterator[Metric]:
        """
        dnsbl_checks_total{list="zen.spamhaus.org"} 12
        dnsbl_check_failures_total{list="zen.spamhaus.org",cause="timeout"} 0
        """
        checks = CounterMetricFamily("dnsbl_checks", "Checks finished.", labels=("list",))
        failures = CounterMetricFamily("dnsbl_check_failures", "Checks that came to nothing.", labels=("list", "cause"))
        listed = CounterMetricFamily("dnsbl_listings", "Listings that opened, since the history began.", labels=("list",))
        delisted = CounterMetricFamily("dnsbl_delistings", "Listings that closed, since the history began.", labels=("list",))
        durations = HistogramMetricFamily("dnsbl_query_duration_seconds", "One DNS query.", labels=("list",))
        for name in self.running.plan.lists:
            checks.add_metric([name], self.tally.checks[name])
            for cause in Cause:
                failures.add_metric([name, cause], self.tally.failures[name, cause])
            totals = self.history.totals(name)
            listed.add_metric([name], totals.listed)
            delisted.add_metric([name], totals.delisted)
            spent = self.tally.durations.get(name, Durations())
            durations.add_metric([name], _buckets(spent), spent.total)
        yield from (checks, failures, listed, delisted, durations)

    def _service(self) -> Iterator[Metric]:
        """
        dnsbl_resolver_up{resolver="127.0.0.1:53"} 1
        dnsbl_checks_overdue 0
        """
        resolvers = _gauge("dnsbl_resolver_up", "0 if the resolver failed several times in a row.", ("resolver",))
        for resolver, up in self.resolvers().items():
            resolvers.add_metric([resolver], float(up))
        build = _gauge("dnsbl_build_info", "The running version.", ("version",))
        build.add_metric([self.version], 1.0)
        failures = CounterMetricFamily("dnsbl_history_write_failures", "Writes to the history that failed.")
        failures.add_metric([], self.history.write_failures)
        shard = self.running.plan.shard
        singles = (
            ("dnsbl_checks_overdue", "Checks due by now and not yet started.", self.running.schedule.overdue(self.clock())),
            ("dnsbl_history_created_timestamp_seconds", "When the history began.", self.history.created),
            ("dnsbl_shard_ordinal", "This process's shard, from 0.", shard.ordinal),
            ("dnsbl_total_shards", "Shards in all.", shard.total),
            ("dnsbl_config_last_reload_successful", "1 if the config was last read without fault.", self.reloads.successful),
            (
                "dnsbl_config_last_reload_success_timestamp_seconds",
                "When the config was last read without fault.",
                self.reloads.last_success,
            ),
        )
        yield from (resolvers, build, failures)
        for name, help_text, value in singles:
            family = _gauge(name, help_text, ())
            family.add_metric([], float(value))
            yield family


def own_registry() -> CollectorRegistry:
    """The process_* and python_* families, in a registry that nothing else is in."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _gauge(name: str, documentation: str, labels: tuple[str, ...]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=labels)


def _state(held: Standing) -> str:
    if held.known_at is None or held.unknown is not None:
        return "unknown"
    if held.pending:
        return "pending"
    return "listed" if held.listed else "not_listed"


def _last_delisted(listing: Listing) -> float:
    ended = listing.last_delisted if listing.present else listing.closed
    return ended or 0.0


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Cumulative counts by upper bound, as the format wants them."""
    buckets, below = [], 0
    for bound, count in zip((*(str(bound) for bound in BUCKETS), "+Inf"), durations.counts, strict=True):
        below += count
        buckets.append((bound, float(below)))
    return buckets
