"""What a user should know of a list before it is asked: that it has ended, or what its operator wants first.

Every function gives a sentence, or nothing if there is nothing to say.
"""

from exporter import catalogue
from exporter.catalogue import Defunct
from exporter.config import sets
from exporter.config.model import ListEntry


def ended(zone: str) -> str | None:
    """When and how a list that the catalogue knows to be dead ended, and what to ask instead."""
    row = catalogue.ended(zone)
    if row is None:
        return None
    below = " with every zone below it" if row.subtree else ""
    return f"{row.zone} is defunct{below} ({row.died}). {row.reason} {_instead(row)}"


def _instead(row: Defunct) -> str:
    if not row.replaced_by:
        return "Nothing in the catalogue replaces it"
    return f"Ask {' or '.join(row.replaced_by)} instead"


def key_missing(entry: ListEntry, zone: str) -> str | None:
    """That a list wants a key, and what to ask by those who have none."""
    if not entry.needs_key and entry.status != "key":
        return None
    others = sets.without_key(zone)
    return "needs a key: give key_file or key_env" + (f"; without a key, ask {' or '.join(others)}" if others else "")


def agreement_missing(entry: ListEntry, zone: str) -> str | None:
    """What the operator wants to be told before it answers. Nobody can see from here whether it was."""
    operator = entry.operator or "its operator"
    match entry.status:
        case "registration":
            wanted = f"answers registered resolvers: register the address of yours with {operator}"
        case "subscription":
            wanted = f"answers subscribers: subscribe with {operator}"
        case _:
            return None
    return f"{zone} {wanted}, or it will show as unhealthy{_where(entry)}"


def _where(entry: ListEntry) -> str:
    links = [link for link in (entry.lookup_url, entry.delist_url) if link and "{target}" not in link]
    more = next(iter(links), entry.policy.removesuffix("."))
    return f" ({more})" if more else ""
