"""Serve address files with rbldnsd as lists, watch addresses from them, and compare what the exporter says with the files.

    python -m tests.bench.real_lists [FOLDER]

FOLDER holds files of one address a line (`*.txt`), each served as a list of its own; without it six nested lists are made up.
Half of the watched addresses are drawn from the files, half are not in any. Then addresses are taken out of the files and some
put back, and listings, removals and their numbers are compared with what was done.
"""

import argparse
import random
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

from tests.bench.figures import Figures, at_most
from tests.servers.exporter import Exporter, Labels
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.zones import addresses

SEED = 15782
MADE_UP_SIZES = (14_000, 5_000, 1_400, 320, 70, 23)
PATIENCE = 300.0

CONFIG = """
resolvers: ["{resolver}"]
checks: {{interval: 30s, confirm_interval: 2s}}
lists: [{lists}]
targets:
{targets}
history: {{path: history.db}}
"""

Files = Mapping[str, frozenset[str]]
"""The addresses of each list."""


@dataclass(slots=True)
class Bench:
    """A running exporter, the lists it asks, and what came of it so far."""

    exporter: Exporter
    lists: Rbldnsd
    watched: list[str]
    figures: Figures
    wrong: int = 0

    def compare(self, what: str, expected: Mapping[Labels, float], found: Mapping[Labels, float]) -> None:
        """Count the values that are not as they should be."""
        different = sum(expected.get(key) != found.get(key) for key in expected.keys() | found.keys())
        self.must_be_none(f"{what}: wrong of {len(expected):,}", different)

    def must_be_none(self, what: str, wrong: int) -> None:
        self.wrong += wrong
        self.figures.add(what, wrong, digits=0, aim=at_most(0))

    def say(self, what: str, count: float, digits: int = 0) -> None:
        self.figures.add(what, count, digits=digits)

    def serve(self, files: Files) -> None:
        for zone, listed in files.items():
            self.lists.write(zone, addresses(sorted(listed)))

    def total(self, name: str) -> int:
        return int(sum(self.exporter.samples(name).values()))


def main() -> None:
    """Run it all and print what came of it; exit code 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", help="address files, one list each")
    parser.add_argument("--targets", type=int, default=2000)
    options = parser.parse_args()
    chance = random.Random(SEED)
    files = _made_up(chance) if options.folder is None else _read(options.folder)
    watched = _drawn(files, options.targets, chance)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Rbldnsd(folder, {zone: addresses(sorted(listed)) for zone, listed in files.items()}) as lists:
            (folder / "exporter").mkdir()
            with Exporter(folder / "exporter", _config(lists.address, files, watched)) as exporter:
                bench = Bench(exporter, lists, watched, Figures("The service against the lists' files", ("",)))
                _first_lap(bench, files)
                _swap(bench, files, chance)
    bench.figures.show()
    raise SystemExit(1 if bench.wrong else 0)


def _config(resolver: str, files: Files, watched: list[str]) -> str:
    return CONFIG.format(
        resolver=resolver,
        lists=", ".join(f"{{zone: {zone}, kinds: [ipv4]}}" for zone in files),
        targets="\n".join(f"  - {target}" for target in watched),
    )


def _first_lap(bench: Bench, files: Files) -> None:
    checks = len(bench.watched) * len(files)
    expected = _expected(bench.watched, files)
    listed = sum(map(int, expected.values()))
    bench.say("lists", len(files))
    bench.say("  addresses on them", sum(map(len, files.values())))
    bench.say("checks", checks)
    bench.say("  of them on a list", listed)
    bench.exporter.wait(lambda e: bench.total("dnsbl_checks_total") >= checks, "first lap", PATIENCE)
    seconds = max(bench.exporter.samples("dnsbl_list_lap_seconds").values())
    cpu = bench.exporter.value("process_cpu_seconds_total") or 0.0
    bench.exporter.wait(lambda e: bench.total("dnsbl_listings_total") >= listed, "all listings recorded", PATIENCE)
    bench.say("first lap, seconds", seconds, digits=1)
    bench.say("checks a second", checks / seconds)
    bench.say("CPU a check, start and scrapes included, microseconds", cpu / checks * 1e6)
    bench.say("memory (RSS) after the first lap, MB", (bench.exporter.value("process_resident_memory_bytes") or 0) / 1e6)
    bench.compare("dnsbl_listed as in the files", expected, bench.exporter.samples("dnsbl_listed"))


def _swap(bench: Bench, files: Files, chance: random.Random) -> None:
    """Take half of the listed ones out of all lists, then put half of these back."""
    on_any = sorted({target for target in bench.watched if any(target in listed for listed in files.values())})
    removed = frozenset(chance.sample(on_any, len(on_any) // 2))
    back = frozenset(chance.sample(sorted(removed), len(removed) // 2))
    after_removal = {zone: listed - removed for zone, listed in files.items()}
    after_return = {zone: listed - (removed - back) for zone, listed in files.items()}
    opened = sum(map(int, _expected(bench.watched, files).values()))
    closed = opened - sum(map(int, _expected(bench.watched, after_removal).values()))
    reopened = sum(map(int, _expected(sorted(back), files).values()))

    bench.serve(after_removal)
    bench.exporter.wait(lambda e: bench.total("dnsbl_delistings_total") >= closed, "removals recorded", PATIENCE)
    bench.say("addresses taken out of all lists", len(removed))
    bench.say("  removals expected", closed)
    bench.compare("dnsbl_listed after removal", _expected(bench.watched, after_removal), bench.exporter.samples("dnsbl_listed"))

    bench.serve(after_return)
    bench.exporter.wait(lambda e: bench.total("dnsbl_listings_total") >= opened + reopened, "returns recorded", PATIENCE)
    bench.say("addresses put back", len(back))
    bench.say("  repeat listings expected", reopened)
    bench.compare("dnsbl_listed after the return", _expected(bench.watched, after_return), bench.exporter.samples("dnsbl_listed"))
    numbers = {
        _labels(target, zone, sublist=""): 2.0 if target in back else 1.0
        for zone, listed in files.items()
        for target in bench.watched
        if target in listed
    }
    bench.compare("dnsbl_listing_number (2 for the returned, else 1)", numbers, bench.exporter.samples("dnsbl_listing_number"))
    bench.must_be_none("listings counted beyond those done", bench.total("dnsbl_listings_total") - opened - reopened)
    bench.must_be_none("removals counted beyond those done", bench.total("dnsbl_delistings_total") - closed)
    bench.figures.add("inconclusive checks", bench.total("dnsbl_check_failures_total"), digits=0, aim=at_most(0))


def _expected(watched: list[str], files: Files) -> dict[Labels, float]:
    return {_labels(target, zone): float(target in listed) for zone, listed in files.items() for target in watched}


def _labels(target: str, zone: str, **more: str) -> Labels:
    return frozenset({"target": target, "list": zone, **more}.items())


def _read(folder: Path) -> Files:
    return {f"{path.stem}.example": frozenset(path.read_text().split()) for path in sorted(folder.glob("*.txt"))}


def _made_up(chance: random.Random) -> Files:
    largest = [_somewhere(chance) for _ in range(MADE_UP_SIZES[0])]
    return {f"made-up-{place}.example": frozenset(largest[:size]) for place, size in enumerate(MADE_UP_SIZES)}


def _drawn(files: Files, count: int, chance: random.Random) -> list[str]:
    union = sorted(frozenset().union(*files.values()))
    strangers: set[str] = set()
    while len(strangers) < count - count // 2:
        strangers.add(_somewhere(chance))
    return [*chance.sample(union, count // 2), *sorted(strangers - frozenset(union))]


def _somewhere(chance: random.Random) -> str:
    """A public address."""
    while True:
        address = IPv4Address(chance.randrange(2**32))
        if address.is_global and not address.is_multicast:
            return str(address)


if __name__ == "__main__":
    main()
