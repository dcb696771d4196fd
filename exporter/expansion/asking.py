"""How an expansion asks: once each, and not at all for what cannot be asked.

Rules:

1. A question is asked once; the same answer serves again.
2. An answer that fails ends the whole expansion, by :class:`UnansweredError`, which :func:`exporter.expansion.expand` catches.
3. Addresses come sorted: resolvers turn the order of records round, and a cut must not move with it.
"""

from ipaddress import IPv4Address, IPv6Address

from exporter.expansion.words import Answer, Asks, Failed, Nothing, Question, RecordKind, Records
from exporter.target import Kind, parse
from exporter.verdict import Cause

Address = IPv4Address | IPv6Address
KIND_OF_VERSION = {4: RecordKind.A, 6: RecordKind.AAAA}


class UnansweredError(Exception):
    """DNS failed on a question without which nothing can be said."""

    def __init__(self, cause: Cause, question: Question) -> None:
        super().__init__(f"{question.kind} of {question.name}: {cause}")
        self.cause = cause
        self.question = question


class Memory:
    """The answers of one expansion."""

    def __init__(self) -> None:
        self._answers: dict[Question, Records | Nothing] = {}

    def ask(self, name: str, kind: RecordKind) -> Asks[Records | Nothing]:
        """The answer to one question. An answer without values is no records."""
        question = Question(name, kind)
        if question not in self._answers:
            self._answers[question] = _usable((yield question), question)
        return self._answers[question]


def _usable(answer: Answer, question: Question) -> Records | Nothing:
    if isinstance(answer, Failed):
        raise UnansweredError(answer.cause, question)
    return Nothing(exists=True) if answer == Records(()) else answer


def values(answer: Records | Nothing) -> tuple[str, ...]:
    return answer.values if isinstance(answer, Records) else ()


def addresses(answer: Records | Nothing, kind: RecordKind) -> tuple[list[Address], list[str]]:
    """The addresses of this kind in an answer, sorted, and what else stands in it."""
    found, bad = set(), []
    for value in values(answer):
        address = _address(value, kind)
        if address is None:
            bad.append(value)
        else:
            found.add(address)
    return sorted(found, key=int), bad


def _address(text: str, kind: RecordKind) -> Address | None:
    try:
        if kind is RecordKind.A:
            return IPv4Address(text)
        return None if "%" in text else IPv6Address(text)  # a scope means nothing to others
    except ValueError:
        return None


def askable(text: str) -> str | None:
    """The name as it is asked, if it may be."""
    try:
        target = parse(text)
    except ValueError:
        return None
    return target.text if target.kind is Kind.DOMAIN else None


def exchanges(answer: Records | Nothing) -> list[tuple[int, str]]:
    """The MX records of an answer by preference, without doubles; what is no MX record comes last, in brackets."""
    return sorted({_exchange(value) for value in values(answer)})


def _exchange(value: str) -> tuple[int, str]:
    preference, _, name = value.partition(" ")
    if preference.isascii() and preference.isdigit() and len(preference) <= 5:
        return int(preference), name
    return 1 << 16, f"({value})"
