"""The text of an SPF record, as its terms (RFC 7208 §4.6.1, §5, §6, §7.1, §12).

Rules:

1. A syntax error anywhere in a record means nothing of that record (§4.6): :func:`read` gives all its terms or raises.
2. Names are in any case (RFC 5234 §2.3). Terms are separated by spaces only.
3. A domain is kept as written; whether it has macros, and so cannot be known beforehand, is asked of it.
"""

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network

from exporter.expansion.words import printable

_TAG = "v=spf1"
_TERM = re.compile(r"([-+?~]?)([a-z][a-z0-9._-]*)(.*)", re.IGNORECASE | re.DOTALL)
_CIDR = r"0|[1-9][0-9]{0,2}"
_DUAL_CIDR = re.compile(rf"(.*?)(?:/({_CIDR}))?(?://({_CIDR}))?", re.DOTALL)
_NETWORK = re.compile(rf"[0-9a-f:.]+(?:/(?:{_CIDR}))?", re.IGNORECASE)
_TOKEN = re.compile(r"%(?:[%_-]|\{[slodiphv](?:0*[1-9][0-9]*)?r?[-.+,/_=]*\})|[!-$&-~]", re.IGNORECASE)
_TOP_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)

Network = IPv4Network | IPv6Network


class Result(Enum):
    """What SPF says of a sender (§2.6)."""

    PASS = "+"  # noqa: S105 - the qualifier, not a password
    FAIL = "-"
    SOFTFAIL = "~"
    NEUTRAL = "?"
    REST = "~all"
    """A softfail that names nobody: that of all who are named nowhere."""
    ERROR = "!"


@dataclass(frozen=True, slots=True)
class All:
    pass


@dataclass(frozen=True, slots=True)
class Include:
    domain: str


@dataclass(frozen=True, slots=True)
class Hosts:
    """``a`` or ``mx`` with the lengths of the networks; no ``domain`` is the record's own."""

    domain: str
    by_mx: bool
    lengths: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Pointer:
    """``ptr``."""


@dataclass(frozen=True, slots=True)
class Exists:
    pass


Mechanism = All | Include | Hosts | Pointer | Exists | Network


@dataclass(frozen=True, slots=True)
class Term:
    """A mechanism, what it says of whom it matches, and how it is written."""

    text: str
    result: Result
    mechanism: Mechanism


@dataclass(frozen=True, slots=True)
class Record:
    terms: tuple[Term, ...]
    redirect: str
    """Where the record goes on, or nothing."""


def is_spf(text: str) -> bool:
    """Whether a TXT record is an SPF record (§4.5)."""
    return text[: len(_TAG)].lower() == _TAG and text[len(_TAG) : len(_TAG) + 1] in ("", " ")


def has_macros(domain: str) -> bool:
    return "%" in domain


def read(text: str) -> Record:
    """The terms of an SPF record.

    Raises ``ValueError`` with what is wrong with it.
    """
    terms: list[Term] = []
    modifiers: dict[str, str] = {}
    for word in text[len(_TAG) :].split(" "):
        parts = _TERM.fullmatch(word)
        if not word:
            continue
        if parts is None:
            raise _wrong(word)
        qualifier, name, rest = parts.groups()
        if rest.startswith("=") and not qualifier:
            _add_modifier(modifiers, word, name.lower(), rest[1:])
        else:
            terms.append(_term(word, qualifier, name.lower(), rest))
    return Record(tuple(terms), modifiers.get("redirect", ""))


def _add_modifier(modifiers: dict[str, str], word: str, name: str, value: str) -> None:
    """Unknown modifiers may come as often as they like (§6)."""
    if name not in ("redirect", "exp"):
        _tokens(value, word)
        return
    if name in modifiers:
        raise ValueError(f"{name}= comes twice")
    modifiers[name] = _domain(value, word)


def _term(word: str, qualifier: str, name: str, rest: str) -> Term:
    result = Result(qualifier or "+")
    if name == "all" and result is Result.SOFTFAIL:
        result = Result.REST
    return Term(word, result, _mechanism(word, name, rest))


def _mechanism(word: str, name: str, rest: str) -> Mechanism:
    match name:
        case "all" if not rest:
            return All()
        case "include" if rest.startswith(":"):
            return Include(_domain(rest[1:], word))
        case "exists" if rest.startswith(":"):
            _domain(rest[1:], word)
            return Exists()
        case "ptr":
            _optional_domain(rest, word)
            return Pointer()
        case "a" | "mx":
            return _hosts(word, rest, by_mx=name == "mx")
        case "ip4" | "ip6" if _NETWORK.fullmatch(rest[1:]) and rest.startswith(":"):
            return _network(word, rest[1:], IPv4Network if name == "ip4" else IPv6Network)
        case _:
            raise _wrong(word)


def _hosts(word: str, rest: str, *, by_mx: bool) -> Hosts:
    parts = _DUAL_CIDR.fullmatch(rest)
    assert parts is not None  # it matches any text
    domain, four, six = parts.groups()
    lengths = int(four or 32), int(six or 128)
    if lengths[0] > 32 or lengths[1] > 128:
        raise ValueError(f"the network of {printable(word)} is too long")
    return Hosts(_optional_domain(domain, word), by_mx, lengths)


def _network(word: str, text: str, kind: type[IPv4Network] | type[IPv6Network]) -> Network:
    try:
        return kind(text, strict=False)
    except ValueError:
        raise ValueError(f"{printable(word)} holds no network") from None


def _optional_domain(rest: str, word: str) -> str:
    if not rest:
        return ""
    if not rest.startswith(":"):
        raise _wrong(word)
    return _domain(rest[1:], word)


def _domain(text: str, word: str) -> str:
    """A ``domain-spec`` (§7.1): it ends in a top label or in a macro."""
    tokens = _tokens(text, word)
    top = text.removesuffix(".").rpartition(".")
    in_label = top[1] and _TOP_LABEL.fullmatch(top[2]) and not top[2].isdigit()
    if not tokens or not (in_label or tokens[-1].startswith("%")):
        raise ValueError(f"{printable(word)} holds no domain")
    return text


def _tokens(text: str, word: str) -> list[str]:
    """The characters and macros of a ``macro-string``."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text:
        raise ValueError(f"{printable(word)} holds something that is no macro and no printable character")
    return tokens


def _wrong(word: str) -> ValueError:
    return ValueError(f"{printable(word)} is no term of SPF")
