"""Pieces of PromQL.

Rules:

1. Facts of one exporter are joined with each other (``on (job, instance, …)``) before exporters are put together, so two of them
   that disagree make no query fail.
2. Timestamps become milliseconds, since Grafana's dates are.
"""

from grafana.build.words import IMPACTS

SINCE = "dnsbl_listed_since_timestamp_seconds"
DELISTED = "dnsbl_last_delisted_timestamp_seconds"
NUMBER = "dnsbl_listing_number"
UNKNOWN = "dnsbl_unknown_since_timestamp_seconds"

PLACE = "target, list, sublist"
"""The labels that name a listing."""


def select(metric: str, *matchers: str, window: str = "") -> str:
    """A metric of the chosen exporters, with more matchers; with a window, over a range."""
    chosen = ", ".join(('job=~"$job"', 'instance=~"$instance"', *matchers))
    return f"{metric}{{{chosen}}}" + (f"[{window}]" if window else "")


def of_job(metric: str) -> str:
    """A metric of all exporters of the chosen jobs, for what they can only tell together."""
    return f'{metric}{{job=~"$job"}}'


def equal(label: str, value: str) -> str:
    """A matcher."""
    return f'{label}="{value}"'


def present(*matchers: str) -> str:
    """When each present listing began, of each exporter."""
    return f"({select(SINCE, *matchers)} > 0)"


def of_impact(listings: str, *labels: str, impact: str = "$impact") -> str:
    """Listings on sublists of an impact, with labels that tell more of the sublist."""
    sublists = select("dnsbl_sublist_info", f'impact=~"{impact}"')
    return f"{listings} * on (job, instance, list, sublist) group_left ({', '.join(labels)}) {sublists}"


def ranked(listings: str) -> str:
    """The impact of each listing as a number: 5 is critical, 1 is info."""
    ranks = (
        f"{len(IMPACTS) - place} * {select('dnsbl_sublist_info', equal('impact', impact))}"
        for place, impact in enumerate(IMPACTS)
    )
    ones = f"({listings} ^ 0)"
    return f"{ones} * on (job, instance, list, sublist) group_left () ({' or '.join(ranks)})"


def with_codes(listings: str) -> str:
    """Present listings with their codes."""
    return f"{listings} * on (job, instance, {PLACE}) group_left (codes) {select('dnsbl_listing_info')}"


def with_link(listings: str) -> str:
    """Listings with a label ``removal``: the page where removal is asked for, the target filled in."""
    parts = (
        ("fill", "$1", "target", "(.*)"),
        ("fill", "", "delist_url", "[^{]*"),  # an address without a place for the target
        ("before", "$1", "delist_url", "([^{]*).*"),
        ("after", "$1", "delist_url", "[^}]*}(.*)"),
    )
    for name, value, source, pattern in parts:
        listings = f'label_replace({listings}, "{name}", "{value}", "{source}", "{pattern}")'
    return f'label_join({listings}, "removal", "", "before", "fill", "after")'


def once(values: str, *labels: str) -> str:
    """One value for each combination of labels, whatever exporters say it."""
    return f"max by ({', '.join(labels)}) ({values})"


def ours(values: str) -> str:
    """Values of exporters of ours only: other programs have processes and are scraped, too."""
    return f"{values} and on (job, instance) {select('dnsbl_build_info')}"


def up() -> str:
    """Whether exporters are scraped that were there in the last day."""
    return f"({select('up')} and on (job, instance) max_over_time({select('dnsbl_build_info', window='1d')}))"


def count(values: str, *labels: str) -> str:
    """How many combinations of labels there are."""
    return f"count({once(values, *labels)})"


def or_zero(number: str) -> str:
    """A number, or 0 if an exporter is there to say that there is none."""
    return f"{number} or 0 * max({select('dnsbl_build_info')})"


def milliseconds(seconds: str) -> str:
    return f"1000 * {seconds}"
