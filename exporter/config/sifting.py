"""Many texts to targets: as :func:`exporter.config.written.read_target` reads each, but quickly.

Rules:

1. What is common has a short way that gives the same as the long one. What is not goes the long way.
2. Reading ends soon after the first faults, and with more targets than are watched. Networks count by their size and are not
   spread.
"""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from socket import AF_INET, AF_INET6, inet_pton

from exporter.config.written import read_target
from exporter.portions import MAX_TARGETS, Members
from exporter.target import MAX_NAME_OCTETS, Kind, Network, Target

MOST_FAULTS = 5
LONGEST = 2000
"""Characters: no target is as long, and names cost more than their length to read."""

_DOMAIN = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_MAPPED = 0xFFFF


@dataclass(frozen=True, slots=True)
class Fault:
    """A text that is no target; ``place`` counts texts from 0, those that were skipped too."""

    place: int
    text: str
    reason: str


class FullError(Exception):
    """There are more targets than are watched, or enough faults."""


@dataclass(slots=True)
class Sieve:
    """The targets of the texts so far, and what is wrong with the others."""

    ipv4: "array[int]" = field(default_factory=lambda: array("I"))
    ipv6: list[int] = field(default_factory=list)
    domains: list[str] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    seen: int = 0
    spread: int = 0
    """How many addresses the networks have."""

    def __len__(self) -> int:
        return len(self.ipv4) + len(self.ipv6) + len(self.domains) + self.spread

    def members(self) -> Members:
        return Members(tuple(self.networks), self.ipv4, tuple(self.ipv6), tuple(self.domains))

    def sift(self, texts: Iterable[str]) -> None:
        """Read some more. An empty text is nothing. Raises :class:`FullError` if there are too many faults."""
        four, six, name = self.ipv4.append, self.ipv6.append, self.domains.append
        place = self.seen - 1
        for place, text in enumerate(texts, self.seen):
            try:
                if ":" in text:
                    number = int.from_bytes(inet_pton(AF_INET6, text))
                    if number >> 32 == _MAPPED:
                        four(number & 0xFFFF_FFFF)
                    else:
                        six(number)
                elif text[-1:].isdigit():
                    four(int.from_bytes(inet_pton(AF_INET, text)))
                elif text:
                    name(_plain_domain(text))
            except (OSError, ValueError):
                self._read(place, text)
        self.seen = place + 1

    def _read(self, place: int, text: str) -> None:
        """The long way."""
        try:
            if len(text) > LONGEST:
                raise ValueError(f"must not be longer than {LONGEST} characters")
            found = read_target(text)
        except ValueError as error:
            self.faults.append(Fault(place, text, str(error)))
            if len(self.faults) > MOST_FAULTS:
                raise FullError from None
            return
        if isinstance(found, Target):
            assert found.kind is Kind.DOMAIN, "the short ways know every address"
            self.domains.append(found.text)
        else:
            self.networks.append(found)
            self.spread += found.num_addresses


def check_size(targets: int) -> None:
    """Raises :class:`FullError` if so many are not watched."""
    if targets > MAX_TARGETS:
        raise FullError


def _plain_domain(text: str) -> str:
    # Not all that is ASCII in lower case was ASCII before.
    name = text.lower().removesuffix(".") if text.isascii() else text
    if len(name) > MAX_NAME_OCTETS or not _DOMAIN.fullmatch(name):
        raise ValueError
    return name
