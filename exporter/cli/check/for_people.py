"""What came of a check, for people: a table, what is not known or left out, what to do, and a sum.

Rules:

1. Of a large check the table has what is listed or unknown, and lists are summed up instead of targets: nobody reads a thousand
   rows that say nothing.
2. If no resolver has answered anything that is said once, and no list is blamed for it.
3. Text of others is never markup.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.advice import cure
from exporter.cli import steps, terminal
from exporter.cli.check.words import Picture, Result
from exporter.target import Target
from exporter.verdict import Cause, Hit, Listed, NotListed, Unknown, Verdict

_LARGE = 50
_MOST_SKIPPED = 40


def show(picture: Picture) -> None:
    """Print it."""
    console = terminal.console()
    large = len(picture.results) > _LARGE
    if picture.answered:
        _table(console, picture, large=large)
        _remarks(console, [f"Not known: {failed.origin}: {failed.trouble}" for failed in picture.failed])
    else:
        _say_silence(console, picture.resolvers)
    _remarks(console, [f"Not asked: {each.target}: {each.why}" for each in picture.not_asked])
    _skipped(console, picture)
    _steps(console, picture.results, together=large)
    if picture.answered:
        for line in _sums_of_lists(picture.results) if large else _sums_of_targets(picture.results):
            console.print(line)


def _say_silence(console: Console, resolvers: Sequence[str]) -> None:
    them = "The resolver" if len(resolvers) == 1 else "None of the resolvers"
    verb = "has not answered" if len(resolvers) == 1 else "has answered"
    terminal.say(console, f"{them} {verb} anything: {', '.join(resolvers)}. So nothing is known.", "bold yellow")
    terminal.say(
        console,
        "See that a recursive resolver runs there, that it answers this machine and that it reaches the Internet; "
        "or name another one: `resolvers` in the config, --config.file.",
    )


# ---- the table


def _table(console: Console, picture: Picture, *, large: bool) -> None:
    rows = [cells for result in picture.results for cells in _rows(picture, result, large=large)]
    rows += _rows_of_the_sick(picture.results) if large else []
    if not picture.results:
        console.print("There is nothing to ask about.")
    if not rows:
        return
    table = Table(header_style="bold")
    has_origins = any(picture.others(target) for target in picture.origins)
    titles = ("Target", "From", "List", "Verdict", "Sublist", "Codes", "What it means, and what to do")
    for title in titles:
        if title != "From" or has_origins:
            table.add_column(title, overflow="fold")  # half a zone or a link is of no use
    for target, origins, *others in rows:
        table.add_row(target, *((origins,) if has_origins else ()), *others)
    console.print(table)


def _rows(picture: Picture, result: Result, *, large: bool) -> Iterator[list[Text]]:
    blocklist = result.check.blocklist
    start = [_shown(result), Text(", ".join(picture.others(result.check.target))), Text(blocklist.name)]
    match result.verdict:
        case Listed(hits):
            for hit in hits:
                about = Text("\n".join(_about(result, hit)))
                yield [*start, Text("listed", "bold red"), Text(hit.sublist), Text(" ".join(hit.codes)), about]
        case Unknown() if not large or result.health.trusted:
            yield [*start, *_unknown(result)]
        case NotListed() if not large:
            yield [*start, Text("not listed", "green"), Text(), Text(), Text()]
        case _:
            pass


def _rows_of_the_sick(results: Iterable[Result]) -> Iterator[list[Text]]:
    """A row for each list that was not asked about anything."""
    sick = [result for result in results if not result.health.trusted]
    counts = Counter(result.check.blocklist.name for result in sick)
    for name, result in {result.check.blocklist.name: result for result in sick}.items():
        yield [Text(_count(counts[name], "target")), Text(), Text(name), *_unknown(result)]


def _unknown(result: Result) -> list[Text]:
    return [Text("unknown", "yellow"), Text(), Text(), Text(_why_unknown(result))]


def _why_unknown(result: Result) -> str:
    assert isinstance(result.verdict, Unknown)
    if result.verdict.cause is not Cause.UNHEALTHY:
        return result.verdict.cause
    advice = cure(result.check.blocklist, result.health)
    return f"{result.health}: {advice}" if advice else result.health


def _shown(result: Result) -> Text:
    target = result.check.target
    asked = result.check.blocklist.asked(target)
    return Text(target.text if asked == target else f"{target.text}, as {asked.text}")


def _about(result: Result, hit: Hit) -> list[str]:
    blocklist = result.check.blocklist
    delist = blocklist.delist_url_for(result.check.target)
    lines = (blocklist.meaning_of(hit.sublist), result.reason, f"remove: {delist}" if delist else "")
    return [line for line in lines if line]


# ---- below it


def _remarks(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        terminal.say(console, line, "yellow", hanging="  ")


def _skipped(console: Console, picture: Picture) -> None:
    skipped = picture.skipped
    if not skipped:
        return
    terminal.say(console, "Skipped:", "bold")
    for skip in skipped[:_MOST_SKIPPED]:
        terminal.say(console, f"{skip.origin}: {skip.what}: {skip.why}", "dim", indent="  ", hanging="  ")
    if len(skipped) > _MOST_SKIPPED:
        terminal.say(console, f"and {len(skipped) - _MOST_SKIPPED:,} more; --json has them all.", "dim", indent="  ")


def _steps(console: Console, results: Iterable[Result], *, together: bool) -> None:
    listings = list(_listings(results))
    many = len({listing.target for listing in listings}) > terminal.FEW
    cases = steps.cases(listings, together=together or many)
    for case in cases:
        console.print()
        steps.show(console, case)
    if cases:
        console.print()


def _listings(results: Iterable[Result]) -> Iterator[steps.Listing]:
    for result in results:
        if isinstance(result.verdict, Listed):
            for hit in result.verdict.hits:
                blocklist = result.check.blocklist
                yield steps.Listing(result.check.target, blocklist, blocklist.sublist(hit.sublist))


# ---- the sum


def _sums_of_targets(results: Iterable[Result]) -> Iterator[Text]:
    verdicts: dict[Target, list[Verdict]] = {}
    for result in results:
        verdicts.setdefault(result.check.target, []).append(result.verdict)
    for target, found in verdicts.items():
        listed, unknown = _listed(found), _unknown_of(found)
        said = f"listed on {listed}" if listed else "clean on all"
        text = f"{target.text}: {said} of {len(found) - unknown} lists"
        if unknown == len(found):
            text = f"{target.text}: nothing is known"
        yield Text(f"{text}; {unknown} could not be asked" if unknown else text, "bold red" if listed else "bold")


def _sums_of_lists(results: Iterable[Result]) -> Iterator[Text]:
    verdicts: dict[str, list[Verdict]] = {}
    for result in results:
        verdicts.setdefault(result.check.blocklist.name, []).append(result.verdict)
    for name, found in sorted(verdicts.items()):
        listed, unknown = _listed(found), _unknown_of(found)
        counts = [f"{listed:,} listed" if listed else "", f"{len(found) - listed - unknown:,} not listed"]
        counts.append(f"{unknown:,} unknown" if unknown else "")
        text = f"{name}: {', '.join(count for count in counts if count)}, of {_count(len(found), 'target')}"
        yield Text(text, "bold red" if listed else "bold")


def _listed(verdicts: Iterable[Verdict]) -> int:
    return sum(isinstance(verdict, Listed) for verdict in verdicts)


def _unknown_of(verdicts: Iterable[Verdict]) -> int:
    return sum(isinstance(verdict, Unknown) for verdict in verdicts)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
