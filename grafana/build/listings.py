"""Columns of tables that tell of listings, the same wherever they stand."""

from grafana.build.looks import ORANGE, PLAIN, empty, impacts, pattern, steps
from grafana.build.page import to
from grafana.build.tables import MINUTES, Column

TARGET = Column("target", "Target", link=to("dnsbl-target", "var-target=${__value.raw}"), linked="Look at this target")
LIST = Column("list", "List", link=to("dnsbl-lists", "var-list=${__value.raw}"), linked="Look at this list")
SUBLIST = Column("sublist", "Sublist", 110, mappings=[empty("–")])
CLASS = Column("class", "Class", 105)
CODES = Column("codes", "Codes", 120)
REMOVAL = Column("removal", "Removal", 100, mappings=[pattern(".+", "ask ↗")], link="${__value.raw}", linked="Ask for removal")


def impact(query: str) -> Column:
    """Ranks, as in ``queries.ranked``."""
    return Column(query, "Impact", 80, mappings=[impacts()], coloured=True)


def time(query: str, title: str) -> Column:
    """Milliseconds since the epoch."""
    return Column(query, title, 140, unit=MINUTES)


def length(query: str, title: str) -> Column:
    """Seconds."""
    return Column(query, title, 100, unit="s", decimals=1)


def number(query: str) -> Column:
    """Which listing it is; repeats stand out."""
    return Column(query, "Number", 80, coloured=True, more=(("thresholds", steps(PLAIN, (2, ORANGE))),))
