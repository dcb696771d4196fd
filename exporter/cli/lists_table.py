"""How ``lists`` looks to a person.

On a wide terminal each fact has its column; on a narrow one, what is short stands below the zone. In a pipe a list is a line.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from exporter.advice import cure
from exporter.blocklist import Blocklist, Impact, Status
from exporter.catalogue import Defunct
from exporter.cli import terminal
from exporter.health import Health

_WIDE = 160
_IMPACT_STYLES: Mapping[Impact, str] = {
    Impact.CRITICAL: "bold red",
    Impact.HIGH: "red",
    Impact.MEDIUM: "yellow",
    Impact.LOW: "cyan",
    Impact.INFO: "dim",
}
_STATUS_STYLES: Mapping[Status, str] = {Status.ALIVE: "green", Status.UNPROVEN: "yellow"}
_HEALTH_STYLES: Mapping[Health, str] = {Health.OK: "green", Health.UNTESTED: "yellow"}


@dataclass(frozen=True, slots=True)
class Row:
    """A list, and what a test of it showed if there was one."""

    blocklist: Blocklist
    sets: tuple[str, ...]
    """The sets of the catalogue that it is in."""
    configured: bool = False
    needs: str = ""
    """What is missing to ask it."""
    health: Health | None = None
    seconds: float | None = None
    """The usual time of a round trip."""

    @property
    def unhealthy(self) -> bool:
        return self.health is not None and not self.health.trusted


@dataclass(frozen=True, slots=True)
class Extent:
    """What of the lists is shown."""

    tested: bool
    mark: bool
    """Whether to tell the config's lists from others."""
    others: int
    """How many lists of the catalogue are not shown."""


def show(rows: Sequence[Row], extent: Extent, resolvers: Sequence[str]) -> None:
    """Print the lists, what is to be done about the sick ones, and a sum."""
    console = terminal.console()
    table = _narrow(rows, extent, console) if _is_narrow(console) else _wide(rows, extent, console)
    console.print(table)
    console.print()
    if extent.tested:
        _show_cures(rows, console)
        _show_suspicion(rows, resolvers, console)
    terminal.say(console, _sum(rows, extent), "bold")


def show_defunct(rows: Sequence[Defunct]) -> None:
    """Print the lists that no longer exist."""
    console = terminal.console()
    narrow = _is_narrow(console)
    table = _bare_table(spaced=narrow)
    for title in ("List", "Why") if narrow else ("List", "Ended", "Why", "Instead"):
        table.add_column(title, overflow="fold")
    for row in rows:
        zone = Text(row.zone, "bold").append(" and all below it" if row.subtree else "", "not bold")
        instead = ", ".join(row.replaced_by)
        if narrow:
            why = f"{row.reason}\nInstead: {instead}" if instead else row.reason
            table.add_row(zone.append(f"\n{row.died}", "not bold"), Text(why))
        else:
            table.add_row(zone, row.died, Text(row.reason), instead)
    console.print()
    terminal.say(console, f"{len(rows)} lists that no longer exist, or should not be asked", "bold")
    console.print()
    console.print(table)


def _is_narrow(console: Console) -> bool:
    return console.is_terminal and console.width < _WIDE


def _wide(rows: Sequence[Row], extent: Extent, console: Console) -> Table:
    table = _bare_table(spaced=console.is_terminal)
    mark = ["Config"] if extent.mark else []
    tested = ["Health", "Time"] if extent.tested else []
    for title in ("List", "Operator", "Kinds", "Status", *mark, *tested, "Sublists by impact", "Policy"):
        table.add_column(title, overflow="fold", justify="right" if title == "Time" else "left")
    for row in rows:
        blocklist = row.blocklist
        table.add_row(
            Text(blocklist.name, "bold"),
            Text(blocklist.operator),
            Text(_kinds(blocklist)),
            _status(row),
            *([Text("yes" if row.configured else "no")] if extent.mark else []),
            *([_health(row, " "), Text(_time(row))] if extent.tested else []),
            _sublists(blocklist, "\n" if console.is_terminal else "; "),
            Text(blocklist.facts.policy),
        )
    return table


def _narrow(rows: Sequence[Row], extent: Extent, console: Console) -> Table:
    table = _bare_table(spaced=True)
    longest = max((len(row.blocklist.name) for row in rows), default=0)
    table.add_column("List", overflow="fold", width=min(longest, console.width // 2))
    if extent.tested:
        table.add_column("Health", overflow="fold")
    table.add_column("Sublists by impact, and policy", overflow="fold")
    for row in rows:
        blocklist = row.blocklist
        name = [Text(blocklist.name, "bold"), Text(f"{blocklist.operator}; {_kinds(blocklist)}"), _status(row)]
        if extent.mark:
            name.append(Text("in the config" if row.configured else "not in the config", "" if row.configured else "dim"))
        lists = [_sublists(blocklist, "\n"), Text(blocklist.facts.policy, "italic")]
        table.add_row(
            Text("\n").join(name),
            *([Text("\n").join(filter(None, [_health(row, "\n"), Text(_time(row))]))] if extent.tested else []),
            Text("\n").join(filter(None, lists)),
        )
    return table


def _bare_table(*, spaced: bool) -> Table:
    """Rows of several lines have a free one between them."""
    return Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False, leading=int(spaced))


def _kinds(blocklist: Blocklist) -> str:
    return " ".join(sorted(blocklist.kinds))


def _status(row: Row) -> Text:
    status = row.blocklist.facts.status
    shown = Text(status, _STATUS_STYLES.get(status, "magenta"))
    return shown.append(f" ({', '.join(row.sets)})" if row.sets else "", "default")


def _health(row: Row, gap: str) -> Text:
    if row.health is None:
        return Text(f"not asked:{gap}{row.needs}", "dim")
    return Text(row.health, _HEALTH_STYLES.get(row.health, "red"))


def _time(row: Row) -> str:
    if row.seconds is None:
        return ""
    return "<1 ms" if row.seconds < 0.001 else f"{row.seconds * 1000:.0f} ms"


def _sublists(blocklist: Blocklist, gap: str) -> Text:
    """The worst impact first; a list without sublists has an impact only."""
    names: dict[Impact, list[str]] = defaultdict(list)
    for sublist in blocklist.declared():
        names[sublist.impact].append(sublist.name)
    parts = []
    for impact in Impact:
        if impact in names:
            said = ", ".join(filter(None, names[impact]))
            parts.append(Text(impact, _IMPACT_STYLES[impact]).append(f": {said}" if said else "", "default"))
    return Text(gap).join(parts)


def _show_cures(rows: Iterable[Row], console: Console) -> None:
    """What to do, once for all lists that it is to be done about."""
    same: dict[tuple[Health, str], list[str]] = defaultdict(list)
    for row in rows:
        if row.health is not None and row.health is not Health.OK:
            same[row.health, cure(row.blocklist, row.health)].append(row.blocklist.name)
    for (health, said), zones in sorted(same.items(), key=lambda item: list(Health).index(item[0][0])):
        terminal.say(console, f"{health}: {said}.", _HEALTH_STYLES.get(health, "red"))
        terminal.say(console, ", ".join(zones), indent="  ")
        console.print()


def _show_suspicion(rows: Sequence[Row], resolvers: Sequence[str], console: Console) -> None:
    """Lists seldom fail together, but a resolver fails them all."""
    tested = [row for row in rows if row.health not in (None, Health.UNTESTED)]
    if len(tested) > 1 and all(row.unhealthy for row in tested):
        terminal.say(console, f"Not one list passed, so look at the resolver first ({', '.join(resolvers)}).", "bold red")
        console.print()


def _sum(rows: Sequence[Row], extent: Extent) -> str:
    counts = {str(health): sum(row.health is health for row in rows) for health in Health}
    counts["not asked"] = sum(row.health is None for row in rows)
    words = [f"{count} {word}" for word, count in counts.items() if count] if extent.tested else []
    lists = f"{len(rows)} list{'' if len(rows) == 1 else 's'}"
    said = f"{lists}: {', '.join(words)}" if words else lists
    return f"{said}; --all shows {extent.others} more" if extent.others else said
