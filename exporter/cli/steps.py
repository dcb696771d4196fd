"""First steps below the table of ``check``: said once for each target and likely cause, the worst first.

If there are many targets, or more than a few that are listed, once for each cause.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import partial

from rich.console import Console

from exporter.advice import Advice, advice_for
from exporter.blocklist import Blocklist, Impact, Sublist
from exporter.cli import terminal
from exporter.target import Target

_IMPACTS = list(Impact)


@dataclass(frozen=True, slots=True)
class Listing:
    """A target on a sublist."""

    target: Target
    blocklist: Blocklist
    sublist: Sublist

    @property
    def name(self) -> str:
        return f"{self.blocklist.name} {self.sublist.name}".rstrip()


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be done about some targets, and the listings that are why."""

    advice: Advice
    listings: list[Listing] = field(default_factory=list)

    @property
    def targets(self) -> list[str]:
        return list(dict.fromkeys(listing.target.text for listing in self.listings))

    @property
    def rank(self) -> int:
        return min(_IMPACTS.index(listing.sublist.impact) for listing in self.listings)


def cases(listings: Iterable[Listing], *, together: bool = False) -> list[Case]:
    """One for each target and cause; targets stay in their order. With all targets ``together``: one for each cause."""
    found: dict[Target | None, dict[str, Case]] = {}
    for listing in listings:
        advice = advice_for(listing.sublist)
        of_target = found.setdefault(None if together else listing.target, {})
        of_target.setdefault(advice.cause, Case(advice)).listings.append(listing)
    return [case for of_target in found.values() for case in sorted(of_target.values(), key=lambda case: case.rank)]


def show(console: Console, case: Case) -> None:
    """Print it, wrapped to the terminal."""
    advice = case.advice
    say = partial(terminal.say, console, indent="  ")
    terminal.say(console, f"{terminal.few(case.targets)}: {_decapitalised(advice.title)}, most likely", "bold")
    say(f"on {', '.join(dict.fromkeys(listing.name for listing in case.listings))}", "dim")
    say(advice.likely)
    for number, step in enumerate(advice.first_steps, start=1):
        say(f"{number}. {step}", hanging="   ")
    say(f"Who: {advice.who}")
    say(f"How long: {' '.join([advice.how_long, *_expiries(case)])}")
    say(f"Warning: {advice.warning}", "yellow")
    for link in _links(case, Blocklist.lookup_url_for):
        say(f"Look up: {link}")
    for link in _links(case, Blocklist.delist_url_for):
        say(f"Remove: {link}")


def as_json(sublist: Sublist) -> dict[str, object]:
    """The same for programs."""
    return asdict(advice_for(sublist))


def _decapitalised(title: str) -> str:
    return title[:1].lower() + title[1:]


def _expiries(case: Case) -> Iterator[str]:
    """What the lists themselves say of how long it takes."""
    for blocklist in _lists(case):
        if blocklist.facts.expiry:
            yield f"On {blocklist.name}: {blocklist.facts.expiry}."


def _links(case: Case, link: Callable[[Blocklist, Target], str]) -> list[str]:
    """Of a few targets only: each has its own in the table."""
    listings = case.listings if len(case.targets) <= terminal.FEW else []
    links = (link(listing.blocklist, listing.target) for listing in listings)
    return [link for link in dict.fromkeys(links) if link]


def _lists(case: Case) -> list[Blocklist]:
    return list({listing.blocklist.name: listing.blocklist for listing in case.listings}.values())
