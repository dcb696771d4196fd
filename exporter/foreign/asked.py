"""What the files of check_rbl and dnsbl_exporter ask for: which sections are theirs, and what the lines of those mean.

Rules:

1. ``[targets]`` holds what is to be watched. A section of lists is called after them (``[rbl]``, ``[check_rbl]``), or has a
   ``server`` that is a known list: for check_rbl it may have any name. Other sections are other tools', and are only mentioned.
2. check_rbl resolves its ``host`` and takes its ``url`` as it is. What dnsbl_exporter does with a name among its targets is said
   by a flag, not by a file, so that it is open here, unless the name of the file says it (``targets-domain.ini``).
3. A zone outside the catalogue is taken for a list of domains if the name of its file says so, or its section: that checks a
   ``url`` and no ``host``, or names lists of domains and no others, as far as they are known.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from exporter import catalogue
from exporter.foreign.ini import Ini, IniError, Section, Setting
from exporter.target import MAX_NAME_OCTETS

MAX_LISTS = 2000
"""There have never been so many."""

_LIST = ("server", "s")
_HOST = ("host", "h")
_URL = ("url", "u")
_NAMES_OF_LISTS = ("rbl", "dnsbl", "blocklist", "blacklist")
_TARGETS = "targets"
_DOUBLED = re.compile(r"^(server=\s*)+", re.IGNORECASE)
"""A chart of dnsbl_exporter writes ``server=server=…`` from its own defaults."""


class NameMeans(Enum):
    """What is to be watched for a name among the targets."""

    HOST = auto()
    """The addresses that it resolves to."""
    DOMAIN = auto()
    OPEN = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True)
class AskedList:
    """A list, as it is written; ``of_domains`` if the file says that it lists domains."""

    text: str
    place: Place
    of_domains: bool


@dataclass(frozen=True, slots=True)
class AskedTarget:
    """A target, as it is written."""

    text: str
    place: Place
    name_means: NameMeans


@dataclass(frozen=True, slots=True)
class Remainder:
    """An option or a section that is not imported."""

    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Asked:
    """All that one file asks for."""

    file: str
    lists: tuple[AskedList, ...]
    targets: tuple[AskedTarget, ...]
    options: tuple[Remainder, ...]
    sections: tuple[Remainder, ...]
    commented_out: int


def understand(file: str, ini: Ini) -> Asked:
    """What a file asks for. Raises :class:`IniError` if it is none of those tools'."""
    ours: list[Section] = []
    others: list[Section] = []
    for section in ini.sections:
        (ours if section.name == _TARGETS or _holds_lists(section) else others).append(section)
    _refuse_strangers(ours, others)
    lists = tuple(each for section in ours if section.name != _TARGETS for each in _lists(file, section))
    if len(lists) > MAX_LISTS:
        raise IniError(lists[MAX_LISTS].place.line, f"names more than {MAX_LISTS} lists: remove those that you do not need")
    return Asked(
        file,
        lists=lists,
        targets=tuple(each for section in ours for each in _targets(file, section)),
        options=tuple(Remainder(each.key, Place(file, each.line)) for each in _options(ours)),
        sections=tuple(Remainder(section.name, Place(file, section.line)) for section in others),
        commented_out=ini.commented_out,
    )


def says_domains(file: str) -> bool:
    """Whether the name of a file says that it is for lists of domains, as ``rbls-domain.ini`` does."""
    return "domain" in file.lower().rsplit("/", 1)[-1]


def _refuse_strangers(ours: Sequence[Section], others: Sequence[Section]) -> None:
    homeless = next((setting for section in others if not section.name for setting in section.values(*_LIST)), None)
    if homeless is not None:
        raise IniError(homeless.line, "stands above the first section: write [rbl] above lists and [targets] above targets")
    if not ours:
        line = others[0].line if others else 1
        raise IniError(
            line,
            "is no file of check_rbl or dnsbl_exporter: it has neither a [rbl] nor a [targets] section; name the file that has",
        )


def _holds_lists(section: Section) -> bool:
    return any(name in section.name for name in _NAMES_OF_LISTS) or any(map(_is_known, _zones(section)))


def _zones(section: Section) -> Iterable[str]:
    return (_single(setting).lower().removesuffix(".") for setting in section.values(*_LIST))


def _is_known(zone: str) -> bool:
    return len(zone) <= MAX_NAME_OCTETS and (zone in catalogue.entries() or catalogue.ended(zone) is not None)


def _single(setting: Setting) -> str:
    return _DOUBLED.sub("", setting.value, count=1)


def _lists(file: str, section: Section) -> Iterable[AskedList]:
    of_domains = says_domains(file) or _is_of_domains(section)
    return (AskedList(_single(each), Place(file, each.line), of_domains) for each in section.values(*_LIST))


def _is_of_domains(section: Section) -> bool:
    if section.values(*_URL) and not section.values(*_HOST):
        return True
    known = [zone for zone in _zones(section) if zone in catalogue.entries()]
    return bool(known) and all(catalogue.texts(zone, "kinds") == ("domain",) for zone in known)


def _targets(file: str, section: Section) -> Iterable[AskedTarget]:
    if section.name == _TARGETS:
        means = NameMeans.DOMAIN if says_domains(file) else NameMeans.OPEN
        return (AskedTarget(_single(each), Place(file, each.line), means) for each in section.values(*_LIST))
    return (
        AskedTarget(each.value, Place(file, each.line), NameMeans.HOST if each.key in _HOST else NameMeans.DOMAIN)
        for each in section.values(*_HOST, *_URL)
    )


def _options(sections: Iterable[Section]) -> Iterable[Setting]:
    for section in sections:
        taken = _LIST if section.name == _TARGETS else (*_LIST, *_HOST, *_URL)
        yield from (setting for setting in section.settings if setting.key not in taken)
