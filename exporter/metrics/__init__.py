"""The only exposition: every name, help and label.

Rules:

1. Families of checks and targets come as text from ``blocks``; all others are collected at the scrape. What left the plan
   vanishes by itself.
2. A scrape never waits for a list or the disk, and never holds up the checks: encoding and compressing run in a thread.
3. Nothing is exposed that PromQL can work out: no ages, percentages or sums beside their parts. Label values are bounded; no
   text of a stranger is ever one.
4. Counters start at 0 for every label set that is known in advance.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, assert_never

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
from exporter.history import History, State
from exporter.metrics.blocks import Blocks
from exporter.metrics.exposition import Form, Packed, Plain, Scrape, render
from exporter.origins import Origin
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
class _Moment:
    """What was running when a scrape began: another plan may take over while its text is made."""

    plan: Plan
    schedule: Schedule


@dataclass(slots=True)
class Metrics:
    """Collects everything that is exposed. ``clock`` is the schedule's; ``exposed_checks`` as in the config."""

    running: Running
    history: History
    tally: Tally
    reloads: Reloads
    resolvers: Callable[[], Mapping[str, bool]]
    origins: Callable[[], Sequence[Origin]]
    exposed_checks: Callable[[], Literal["all", "history"]]
    clock: Callable[[], float]
    version: str
    registry: CollectorRegistry
    blocks: Blocks

    async def scrape(self, form: Form, *, compressed: bool) -> Scrape:
        """The body of a scrape as of now. Whatever takes long is done in slices or in a thread."""
        moment = _Moment(self.running.plan, self.running.schedule)
        async with self.blocks.fresh(moment.plan, self.exposed_checks()):
            families, origins = self._of_few(moment), self.origins()  # of the same plan
            text = await self.blocks.packed() if compressed else self.blocks.plain()
        match text:
            case Plain():
                return Scrape(form, *text.with_tail(await asyncio.to_thread(_tail, families, origins, form)))
            case Packed():
                body = await asyncio.to_thread(lambda: text.with_tail(_tail(families, origins, form)))
                return Scrape(form, len(body), (body,))
            case _:
                assert_never(text)

    def families(self) -> list[Metric]:
        """Every family but those of checks and targets, as of now."""
        return [*self._of_few(self.running), *_origins(self.origins())]

    def _of_few(self, running: Running) -> list[Metric]:
        """Those of which there are few samples, of what is running or was a moment ago."""
        return [
            *self._lists(running),
            *self._counters(running.plan),
            *self._service(running),
            *self.registry.collect(),
        ]

    def _lists(self, running: Running) -> Iterator[Metric]:
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
        schedule = running.schedule
        for name, blocklist in running.plan.lists.items():
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
        verdicts = _gauge("dnsbl_list_checks", "Checks in each state.", ("list", "verdict"))
        for name in running.plan.lists:
            counts = {state: self.blocks.states[name, state] for state in State}
            for verdict, count in (
                ("listed", counts[State.LISTED]),
                ("not_listed", counts[State.NOT_LISTED]),
                ("pending", counts[State.PENDING]),
                ("unknown", counts[State.UNKNOWN] + counts[State.NEVER]),
            ):
                verdicts.add_metric([name, verdict], count)
        yield from (info, sublists, up, health, success, interval, lap, verdicts)

    def _sublists(self, blocklist: Blocklist) -> Iterable[str]:
        """Declared ones, and those that history has of the checks of this plan."""
        return {**dict.fromkeys(sublist.name for sublist in blocklist.declared()), **self.blocks.sublists.get(blocklist.name, {})}

    def _last_success(self, name: str) -> float:
        """Of this process, or before any, as far as the history knows: looked up once, since that is to look at every check."""
        if name not in self.tally.last_success:
            self.tally.last_success[name] = max(self.history.column(name).known_at, default=0.0)
        return self.tally.last_success[name]

    def _counters(self, plan: Plan) -> Iterator[Metric]:
        """
        dnsbl_checks_total{list="zen.spamhaus.org"} 12
        dnsbl_check_failures_total{list="zen.spamhaus.org",cause="timeout"} 0
        """
        checks = CounterMetricFamily("dnsbl_checks", "Checks finished.", labels=("list",))
        failures = CounterMetricFamily("dnsbl_check_failures", "Checks that came to nothing.", labels=("list", "cause"))
        listed = CounterMetricFamily("dnsbl_listings", "Listings that opened, since the history began.", labels=("list",))
        delisted = CounterMetricFamily("dnsbl_delistings", "Listings that closed, since the history began.", labels=("list",))
        durations = HistogramMetricFamily("dnsbl_query_duration_seconds", "One DNS query.", labels=("list",))
        for name in plan.lists:
            checks.add_metric([name], self.tally.checks[name])
            for cause in Cause:
                failures.add_metric([name, cause], self.tally.failures[name, cause])
            totals = self.history.totals(name)
            listed.add_metric([name], totals.listed)
            delisted.add_metric([name], totals.delisted)
            spent = self.tally.durations.get(name, Durations())
            durations.add_metric([name], _buckets(spent), spent.total)
        yield from (checks, failures, listed, delisted, durations)

    def _service(self, running: Running) -> Iterator[Metric]:
        """
        dnsbl_resolver_up{resolver="127.0.0.1:53"} 1
        dnsbl_checks_overdue 0
        """
        resolvers = _gauge("dnsbl_resolver_up", "0 if the resolver failed several times in a row.", ("resolver",))
        for resolver, up in self.resolvers().items():
            resolvers.add_metric([resolver], float(up))
        build = _gauge("dnsbl_build_info", "The running version.", ("version",))
        build.add_metric([self.version], 1.0)
        targets = _gauge("dnsbl_targets", "Targets of this shard.", ("kind",))
        for kind in Kind:
            targets.add_metric([kind], self.blocks.kinds[kind])
        failures = CounterMetricFamily("dnsbl_history_write_failures", "Writes to the history that failed.")
        failures.add_metric([], self.history.write_failures)
        shard = running.plan.shard
        singles = (
            ("dnsbl_checks_overdue", "Checks due by now and not yet started.", running.schedule.overdue(self.clock())),
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
        yield from (resolvers, build, targets, failures)
        for name, help_text, value in singles:
            family = _gauge(name, help_text, ())
            family.add_metric([], float(value))
            yield family


def _tail(families: Sequence[Metric], origins: Sequence[Origin], form: Form) -> bytes:
    """The text of the families that are no blocks. Of origins there may be many, so it is called in a thread."""
    return render([*families, *_origins(origins)], form)


def _origins(origins: Sequence[Origin]) -> Iterator[Metric]:
    """
    dnsbl_origin_up{origin="example.com spf"} 1
    dnsbl_origin_skipped{origin="example.com spf",reason="known_provider"} 2
    """
    up = _gauge("dnsbl_origin_up", "0 if the last look-up or reading failed, so what it led to before is kept.", ("origin",))
    success = _gauge("dnsbl_origin_last_success_timestamp_seconds", "Last look-up or reading; 0 if none yet.", ("origin",))
    skipped = _gauge("dnsbl_origin_skipped", "What an origin leads to and is not watched.", ("origin", "reason"))
    for origin in origins:
        up.add_metric([origin.name], float(origin.up))
        success.add_metric([origin.name], origin.succeeded_at)
        counts = Counter[str]()
        for one in origin.skipped:
            counts[one.reason] += one.count
        for reason, count in counts.items():
            skipped.add_metric([origin.name, reason], count)
    yield from (up, success, skipped)


def own_registry() -> CollectorRegistry:
    """The process_* and python_* families, in a registry that nothing else is in."""
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    return registry


def _gauge(name: str, documentation: str, labels: tuple[str, ...]) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, labels=labels)


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Cumulative counts by upper bound, as the format wants them."""
    buckets, below = [], 0
    for bound, count in zip((*(str(bound) for bound in BUCKETS), "+Inf"), durations.counts, strict=True):
        below += count
        buckets.append((bound, float(below)))
    return buckets
