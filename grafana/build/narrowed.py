"""The listings of the targets that are chosen by a label and by impact, as PromQL."""

from grafana.build import queries as q

NARROWED = '$label=~"$label_value"'
"""A label that listings have: a user's own, or list, sublist or target."""
PLACE = ("target", "list", "sublist")
ROW = f"{q.PLACE}, $label"
"""Labels of a row of a table: the chosen one is shown too."""


def select(metric: str, *, window: str = "") -> str:
    """A metric of the chosen targets' listings."""
    return q.select(metric, NARROWED, window=window)


def began() -> str:
    """When each present listing began, whatever its impact."""
    return q.present(NARROWED)


def opened(window: str, seconds: str) -> str:
    """When each listing began that opened in the last ``window``, which is so many seconds; ended since or not."""
    return f"(max_over_time({select(q.SINCE, window=window)}) > time() - {seconds})"


def present(*labels: str) -> str:
    """Present listings of the chosen impact, with labels that tell more of the sublist."""
    return q.of_impact(began(), *labels)


def number(listings: str, impact: str = "$impact") -> str:
    """How many listings of an impact there are."""
    return q.count(q.of_impact(f"({listings})", "impact", impact=impact), *PLACE)


def labelled(values: str) -> str:
    """Values, with a dash for the chosen label of targets that lack it."""
    return f'label_replace({values}, "$label", "–", "$label", "")'


def rows(values: str, *labels: str) -> str:
    """A value for each listing."""
    return labelled(q.once(values, ROW, *labels))


def rows_of_present(values: str) -> str:
    """Values of present listings."""
    return rows(f"{values} and on (job, instance, {q.PLACE}) {present('impact')}")


def new(listings: str) -> str:
    """Those of the listings that are the first on their sublist, and began while the exporter looked."""
    onset = f"{select('dnsbl_listing_onset_observed')} == 1"
    return f"{listings} and on (job, instance, {q.PLACE}) ({select(q.NUMBER)} == 1 and on (job, instance, {q.PLACE}) {onset})"


def repeated(listings: str) -> str:
    """Those of the listings that are repeats."""
    return f"{listings} and on (job, instance, {q.PLACE}) {select(q.NUMBER)} > 1"
