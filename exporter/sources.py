"""Where targets come from: written out in the config, or to be found behind a name or in files.

Rules:

1. What is written out is a :class:`Portion` already. A name is looked up again and again, files are read again when they change.
2. A source has a name of its own, its *origin*, by which people and the history know it.
"""

from dataclasses import dataclass
from enum import StrEnum

from exporter.portions import Portion
from exporter.roster import Labels


class Way(StrEnum):
    """What leads from a name to addresses."""

    HOST = "host"
    MX = "mx"
    SPF = "spf"
    A = "a"


@dataclass(frozen=True, slots=True)
class Named:
    """Addresses behind a name: its own, or those that a domain's records lead to."""

    way: Way
    name: str
    labels: Labels = ()

    @property
    def origin(self) -> str:
        return self.name if self.way is Way.HOST else f"{self.name} {self.way}"


@dataclass(frozen=True, slots=True)
class Files:
    """All files that match a pattern, each an origin by its path; ``pattern`` as it is opened."""

    pattern: str
    labels: Labels = ()


Source = Portion | Named | Files
