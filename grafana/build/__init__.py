"""The dashboards, written in Python: ``python -m grafana.build`` writes ``grafana/dashboards/*.json``, which are committed.

It needs nothing but Python, and nothing of the exporter. Rules:

1. What a panel says is in its dashboard's module; how panels look is in ``panels`` and ``tables``, once for all.
2. Every panel has a title, a description and a unit, and every selector the job and the instance that are chosen.
3. Panels read the sparse families, the counts of lists, or one target. None reads every clean check.
4. What several exporters say of one listing counts once. Numbers of targets and checks take each target to be on one shard.
5. Nothing listed is 0 only if an exporter says so. Without one there is no number, and the panel says that.
6. Red is for what hurts: a critical listing, an exporter that is down, a history that is not written.

    words       what PromQL has no type for: JSON
    queries     pieces of PromQL
    narrowed    … about the listings of chosen targets
    asked       … about chosen lists
    looks       colours, thresholds and texts for values
    panels      kinds of panels
    tables      tables: columns with links and units
    listings    columns that tell of listings
    inventory   tables of exporters and origins
    page        a dashboard around its panels: places, variables, links, annotations
    fleet, target, lists, exporter: the dashboards
"""

from collections.abc import Callable, Mapping

from grafana.build import exporter, fleet, lists, target
from grafana.build.page import text
from grafana.build.words import Json

DASHBOARDS: Mapping[str, Callable[[], Mapping[str, Json]]] = {
    "dnsbl-fleet": fleet.dashboard,
    "dnsbl-target": target.dashboard,
    "dnsbl-lists": lists.dashboard,
    "dnsbl-exporter": exporter.dashboard,
}
"""By the names of their files and, the same, their uids."""


def built() -> dict[str, str]:
    """The text of each file, by its name."""
    return {f"{name}.json": text(make()) for name, make in DASHBOARDS.items()}
