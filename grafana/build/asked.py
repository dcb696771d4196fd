"""What the chosen lists were asked and said, as PromQL."""

from grafana.build import queries as q
from grafana.build.words import HEALTHS

CHECKS = "dnsbl_checks_total"
FAILURES = "dnsbl_check_failures_total"
DAY, HOUR = "24h", "1h"

_CHOSEN = 'list=~"$list"'


def select(metric: str, *matchers: str, window: str = "") -> str:
    """A metric of the chosen lists."""
    return q.select(metric, _CHOSEN, *matchers, window=window)


def rate(metric: str) -> str:
    return f"rate({select(metric, window='$__rate_interval')})"


def increase(metric: str, window: str) -> str:
    return f"increase({select(metric, window=window)})"


def ratio(part: str, whole: str) -> str:
    """Nothing where the whole is nothing."""
    return f"{part} / ({whole} > 0)"


def conclusive(window: str) -> str:
    """The share of a list's checks that came to something."""
    failed, done = (f"sum by (list) ({increase(metric, window)})" for metric in (FAILURES, CHECKS))
    return f"clamp_min(1 - {ratio(failed, done)}, 0)"  # growth is estimated, of each for itself


def quantile(share: float, window: str) -> str:
    """How long so many of a list's queries took at most."""
    buckets = increase("dnsbl_query_duration_seconds_bucket", window)
    return f"histogram_quantile({share}, sum by (list, le) ({buckets}))"


def queries() -> str:
    """DNS queries of the last day."""
    return increase("dnsbl_query_duration_seconds_count", DAY)


def lap() -> str:
    """How long a list's last lap took, in intervals."""
    took, interval = select("dnsbl_list_lap_seconds"), select("dnsbl_list_interval_seconds")
    return f"max by (list) ({took} / on (job, instance, list) {interval})"


def listed() -> str:
    """Targets on each list, held while it is unknown."""
    listings = f"({select(q.SINCE)} > 0)"
    return f"count by (list) ({q.once(listings, 'target', 'list')}) or 0 * max by (list) ({select('dnsbl_list_info')})"


def health() -> str:
    """The state that each list is in, as its place in ``HEALTHS``; the worst, if exporters disagree."""
    states = (f"{place} * ({select('dnsbl_list_health', q.equal('health', name))} == 1)" for place, name in enumerate(HEALTHS))
    return f"max by (list) ({' or '.join(states)})"
