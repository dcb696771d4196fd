"""What rbldnsd serves: zones, in its own syntax.

Rule 1: a zone is some datasets, each a file, and a rule. Who is listed twice has two codes: in two
datasets, or in one (but for IPv6, where rbldnsd takes one code per range and dataset).
Rule 2: the rule is rbldnsd's ACL for all clients. It makes any zone dead, refusing, silent or
list-the-world by a reload, whatever its data.
"""

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["ip4set", "ip4trie", "ip6trie", "dnset", "generic"]
Entries = Iterable[str] | Mapping[str, str | Sequence[str]]

DEFAULT_CODE = "127.0.0.2"


@dataclass(frozen=True, slots=True)
class Dataset:
    """One file of a zone, in rbldnsd's own syntax."""

    kind: Kind
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Zone:
    """The data of a zone, and what rbldnsd does with a question about it."""

    datasets: tuple[Dataset, ...]
    rule: str = ":pass"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The type of each file, the rule's last."""
        return (*(each.kind for each in self.datasets), "acl")

    @property
    def contents(self) -> tuple[tuple[str, ...], ...]:
        """The lines of each file, the rule's last."""
        rule = (f"0/1 {self.rule}", f"128/1 {self.rule}")
        return (*(each.lines for each in self.datasets), rule)


def addresses(listed: Entries = (), *, reason: str = "Listed $", tested: bool = True) -> Zone:
    """A zone of addresses and CIDRs of both families: `{"192.0.2.7": ["127.0.0.4", "127.0.0.10"]}`.

    A code may carry a reason of its own, `127.0.0.4:Exploited $`. An IPv6 entry has one code only.
    """
    tests = _lines(["127.0.0.2", "::ffff:7f00:2"] if tested else [], "Test entry")
    lines = [*tests, *_lines(listed, reason)]
    four, six = _of_version(4, lines), _of_version(6, lines)
    return Zone((Dataset("ip4set", four), Dataset("ip6trie", six)))


def domains(listed: Entries = (), *, reason: str = "Listed $", tested: bool = True) -> Zone:
    """A zone of domains: `bad.example`, `*.bad.example` (all below it), `.bad.example` (both)."""
    tests = _lines(["test"] if tested else [], "Test entry")
    return Zone((Dataset("dnset", (*tests, *_lines(listed, reason))),))


def names(lines: Iterable[str]) -> Zone:
    """A zone that is no blocklist: `mx A 192.0.2.1`, `@ MX 10 mx.bad.example`, `@ TXT "text"`. rbldnsd knows no other types."""
    return Zone((Dataset("generic", tuple(lines)),))


def dead(zone: Zone) -> Zone:
    """The zone as if it held nothing: NXDOMAIN for its test entries too."""
    return replace(zone, rule=":empty")


def listing_everything(zone: Zone, code: str = DEFAULT_CODE) -> Zone:
    """The zone as if it held the world: one code for every name."""
    return replace(zone, rule=f":{code}:Everything is listed")


def refusing(zone: Zone) -> Zone:
    """The zone answering REFUSED."""
    return replace(zone, rule=":refuse")


def ignoring(zone: Zone) -> Zone:
    """The zone never answering."""
    return replace(zone, rule=":ignore")


def _lines(listed: Entries, reason: str) -> list[str]:
    entries = listed if isinstance(listed, Mapping) else dict.fromkeys(listed, DEFAULT_CODE)
    return [
        f"{entry} :{code if ':' in code else f'{code}:{reason}'}"
        for entry, codes in entries.items()
        for code in ([codes] if isinstance(codes, str) else codes)
    ]


def _of_version(version: int, lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if ipaddress.ip_network(line.split()[0]).version == version)
