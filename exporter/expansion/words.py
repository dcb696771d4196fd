"""The words of an expansion: what is asked, what may come back, and what becomes of a name.

Rules:

1. A question names a domain that may be asked for as it stands: valid, in lower case, without the final dot.
2. Nothing is left out in silence: what is not watched is a :class:`Skipped`, with a reason from a closed set.
3. Text from DNS is anybody's: it appears only as :func:`printable` shows it.
"""

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from exporter.expansion.known import includes
from exporter.target import Target
from exporter.verdict import Cause

_SHOWN = 80


class RecordKind(StrEnum):
    A = "A"
    AAAA = "AAAA"
    MX = "MX"
    TXT = "TXT"


@dataclass(frozen=True, slots=True)
class Question:
    name: str
    kind: RecordKind


@dataclass(frozen=True, slots=True)
class Records:
    """Addresses as text; MX as ``10 mx.example.com``, the null MX as ``0 .``; TXT as its joined strings, where octets that are no
    UTF-8 are surrogates (PEP 383)."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Nothing:
    """No record of this kind: NOERROR if the name ``exists``, else NXDOMAIN."""

    exists: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer."""

    cause: Cause


Answer = Records | Nothing | Failed


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an expansion goes."""

    largest_network: int = 16
    """Of how many addresses a network may be to be watched address by address."""
    most_addresses: int = 64
    skip_includes: frozenset[str] = field(default_factory=includes)
    """Domains whose SPF records, and those of all below them, are somebody else's to watch."""


class Reason(StrEnum):
    """Why something is not watched. Closed, so it is safe as a label value."""

    NO_RECORDS = "no_records"
    """There is nothing to be found, or not even the name."""
    BAD_RECORD = "bad_record"
    """What stands in DNS is not what may stand there."""
    NULL_MX = "null_mx"
    TOO_MANY_EXCHANGES = "too_many_exchanges"
    TOO_MANY_ADDRESSES = "too_many_addresses"
    NETWORK_TOO_LARGE = "network_too_large"
    NOT_GLOBAL = "not_global"
    KNOWN_PROVIDER = "known_provider"
    MACRO = "macro"
    EXISTS = "exists"
    PTR = "ptr"
    NEUTRAL = "neutral"
    """SPF says nothing for these senders."""
    FAILS_SPF = "fails_spf"
    """SPF does not let these senders pass."""
    UNSURE = "unsure"
    """A term that cannot be enumerated stands before and may refuse them."""
    EXCLUDED = "excluded"
    """The config takes it out."""
    NO_LIST = "no_list"
    """No list is asked about such targets."""
    MORE = "more"
    """Stands for all that was left out after it."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """``what`` is the term, record or name as written, fit to be shown; ``why`` is a sentence for people."""

    reason: Reason
    what: str
    why: str
    count: int = 1
    """How many it stands for."""


@dataclass(frozen=True, slots=True)
class Found:
    """``targets`` are unique, in the order of preference. ``broken`` is a sentence if the domain's own records are in permanent
    error; then ``targets`` are what could be found before it."""

    targets: tuple[Target, ...]
    skipped: tuple[Skipped, ...] = ()
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Stopped:
    """DNS failed, so nothing can be said: what was last found still holds."""

    cause: Cause
    question: Question


_T = TypeVar("_T")

Asks = Generator[Question, Answer, _T]
"""A part of an expansion: asks, and gives a ``_T`` in the end."""


def printable(text: str) -> str:
    """Text from DNS on one line, in ASCII, at most 80 characters."""
    escaped = text[:_SHOWN].encode("unicode_escape").decode("ascii")
    return escaped if len(text) <= _SHOWN and len(escaped) <= _SHOWN else f"{escaped[: _SHOWN - 3]}..."
