"""Lists and targets made up for measurements: always the same for the same size."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from tests.servers.ask import prefix
from tests.servers.zones import Zone, addresses

SEED = 15782
LISTINGS_A_ZONE = 4_000
LISTED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Made:
    """Targets, lists, and which targets are on which list."""

    targets: tuple[str, ...]
    listed: Mapping[str, frozenset[str]]

    @property
    def checks(self) -> int:
        return len(self.targets) * len(self.listed)

    @property
    def listings(self) -> int:
        return sum(len(listed & set(self.targets)) for listed in self.listed.values())

    def zones(self) -> dict[str, Zone]:
        """What rbldnsd serves."""
        return {name: addresses(sorted(listed)) for name, listed in self.listed.items()}

    def config(self, resolver: str, *, interval: str = "1h", more: str = "") -> str:
        """A config file that watches them; ``more`` is added to every list."""
        lists = "\n".join(f"  - {{zone: {name}, kinds: [ipv4]{more}}}" for name in self.listed)
        targets = "\n".join(f"  - {target}" for target in self.targets)
        return (
            f'resolvers: ["{resolver}"]\nchecks: {{interval: {interval}}}\n'
            f"lists:\n{lists}\ntargets:\n{targets}\nhistory: {{path: history.db}}\n"
        )

    def names(self) -> Iterator[str]:
        """Every query name, in the order in which lists take turns."""
        for target in self.targets:
            for name in self.listed:
                yield f"{prefix(target)}.{name}"


def make(targets: int, lists: int) -> Made:
    """``targets`` public addresses, one in a hundred of them on each of ``lists`` lists."""
    chance = random.Random(SEED)
    pool = list(_addresses(chance, targets))
    strangers = list(_addresses(chance, LISTINGS_A_ZONE))
    listed = {
        f"bl{number}.bench.example": frozenset(chance.sample(pool, max(1, round(targets * LISTED_SHARE)))) | frozenset(strangers)
        for number in range(lists)
    }
    return Made(tuple(pool), listed)


def _addresses(chance: random.Random, count: int) -> Iterator[str]:
    seen: set[int] = set()
    while len(seen) < count:
        number = chance.randrange(2**32)
        address = IPv4Address(number)
        if number not in seen and address.is_global and not address.is_multicast:
            seen.add(number)
            yield str(address)
