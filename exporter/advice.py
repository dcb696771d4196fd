"""What to do: about a listing, by its likely cause; about a list that may not be believed, by its health. In words for people.

Rules:

1. One place: `check` and `lists` say what stands here, and so will pages, runbooks and the API.
2. A list sees a symptom from outside, so a cause is always *likely*, never said to be so.
3. A sublist that names its cause knows best; for any other one, class and scope tell (``causes`` in
   ``catalogue/first_steps.yml``). Every sublist has advice.
4. Nothing said here holds a key, or anything else that a stranger wrote.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from exporter import catalogue
from exporter.blocklist import Blocklist, Status, Sublist
from exporter.health import Health


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about listings of one cause: sentences, and ``first_steps`` in their order."""

    cause: str
    title: str
    likely: str
    first_steps: tuple[str, ...]
    who: str
    """Who can have it delisted."""
    how_long: str
    """How long it usually takes."""
    warning: str
    """Why asking again without a cure makes it worse."""


def causes() -> Sequence[str]:
    """The names of all causes."""
    return tuple(_advice())


def advice_for(sublist: Sublist) -> Advice:
    """What to do about a listing on this sublist."""
    return _advice()[sublist.cause or _likely_cause(sublist)]


def cure(blocklist: Blocklist, health: Health) -> str:
    """What to do about a list of this health: one sentence without a capital and a full stop, or nothing if it is ``ok``."""
    match health:
        case Health.REFUSED:
            return _cure_of_refusal(blocklist)
        case Health.SILENT if blocklist.facts.status is Status.UNPROVEN:
            return (
                "the list does not list its own test entry: nobody has confirmed that it works or what its test entries are; "
                "drop it, unless you know better"
            )
        case Health.SILENT:
            return (
                "the list does not list its own test entry: your resolver hides answers in 127.0.0.0/8, or the list is dead; "
                "if other lists are fine, drop it"
            )
        case Health.EVERYTHING:
            return "the list lists what nobody would: drop it until it recovers"
        case Health.BOGUS:
            return (
                "answers are no return codes: the zone is parked or your resolver rewrites them; "
                "if other lists are fine, drop it, else use a resolver of your own"
            )
        case Health.UNREACHABLE:
            return "no answer: the list is down or your resolver cannot reach it; try again later, and drop it if that lasts"
        case Health.UNTESTED:
            return "it has no test entries, so once it is dead it will look clean; do not rely on it alone"
        case Health.OK:
            return ""


def _cure_of_refusal(blocklist: Blocklist) -> str:
    if blocklist.key is not None:
        return "the list refuses your key: see that it is right, still valid, within its limits, and good for this zone"
    if blocklist.facts.status is Status.REGISTRATION:
        return "the list refuses your resolver: use a resolver of your own, and register its address at the operator"
    if keyed := " or ".join(_zones_for_key_holders(blocklist.zone)):
        return f"the list refuses your resolver: use a resolver of your own, or get a key and ask {keyed} instead"
    return "the list refuses your resolver: use a resolver of your own that nobody else asks; if it is one, ask less"


def _zones_for_key_holders(zone: str) -> Iterator[str]:
    """The zones of the catalogue that hold all of this one and are asked with a key."""
    for name, entry in catalogue.entries().items():
        if entry.get("needs_key") and zone in catalogue.texts(name, "includes"):
            yield name


def _likely_cause(sublist: Sublist) -> str:
    return next(rule["cause"] for rule in catalogue.first_steps().causes if _fits(rule, sublist))


def _fits(rule: Mapping[str, str], sublist: Sublist) -> bool:
    """What a rule leaves out fits anything."""
    return rule.get("class") in (None, sublist.listing_class) and rule.get("scope") in (None, sublist.scope)


@cache
def _advice() -> Mapping[str, Advice]:
    return {
        cause: Advice(
            cause=cause,
            title=words["title"],
            likely=words["likely"],
            first_steps=tuple(words["first_steps"]),
            who=words["who"],
            how_long=words["how_long"],
            warning=words["warning"],
        )
        for cause, words in catalogue.first_steps().words.items()
    }
