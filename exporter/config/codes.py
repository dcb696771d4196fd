"""The code tables of a list: texts of the file to patterns, and rows that contradict each other."""

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network

from exporter.blocklist import LISTING_NETWORK, Bit, Code, Pattern, Span, Sublist
from exporter.config.document import Note
from exporter.config.model import CodeEntry, ListEntry

_BIT = re.compile("[0-9]{1,3}")
_BITS = {1 << place for place in range(8)}


def code_table(entry: ListEntry, default: Sublist, note: Note) -> tuple[Code, ...]:
    """The rows of ``codes``; what a row leaves out is taken from ``default``."""
    rows: dict[str, Code] = {}
    for text, row in entry.codes.items():
        try:
            pattern = _pattern(text, entry)
        except ValueError as error:
            note(("codes", text), str(error))
            continue
        sublist = Sublist(
            row.sublist,
            row.listing_class or default.listing_class,
            row.impact or default.impact,
            row.scope or default.scope,
            _cause(row, default),
        )
        code = Code(pattern, sublist, row.meaning)
        if conflict := _conflict(code, rows):
            note(("codes", text), conflict)
        rows[text] = code
    return tuple(rows.values())


def _cause(row: CodeEntry, default: Sublist) -> str:
    """The list's own cause holds for a row only while the row accuses of the same."""
    accuses_of_another = row.listing_class is not None or row.scope is not None
    return row.cause or ("" if accuses_of_another else default.cause)


def patterns(
    field: str, texts: Sequence[str], entry: ListEntry, taken: Mapping[str, Sequence[Pattern]], note: Note
) -> tuple[Pattern, ...]:
    """The codes of ``field``, which must not be among those that another field has ``taken``."""
    found = []
    for index, text in enumerate(texts):
        try:
            pattern = _pattern(text, entry)
        except ValueError as error:
            note((field, index), str(error))
            continue
        for other, theirs in taken.items():
            if any(_overlap(pattern, one) for one in theirs):
                note((field, index), f"{text} is also in {other}: a code means one thing")
        found.append(pattern)
    return tuple(found)


def _conflict(code: Code, rows: Mapping[str, Code]) -> str | None:
    for text, other in rows.items():
        if _overlap(other.pattern, code.pattern):
            return f"overlaps {text}"
        if other.sublist.name == code.sublist.name and other.sublist != code.sublist:
            return f"gives sublist {code.sublist.name} another class, impact, scope or cause than {text} does"
    return None


def _pattern(text: str, entry: ListEntry) -> Pattern:
    """``127.0.0.2``, ``127.0.0.4-127.0.0.7``, ``127.255.255.0/24``, or with ``match: bitmask`` a bit such as ``8``."""
    if _BIT.fullmatch(text):
        if entry.match != "bitmask":
            raise ValueError("is a bit: bits need `match: bitmask`")
        if int(text) not in _BITS:
            raise ValueError("is not one bit of an octet: 1, 2, 4, 8, 16, 32, 64 or 128")
        return Bit(int(text))
    try:
        span = _span(text)
    except ValueError:
        raise ValueError("is not a return code: write 127.0.0.2, 127.0.0.4-127.0.0.7 or 127.255.255.0/24") from None
    if span.first > span.last or span.first not in LISTING_NETWORK or span.last not in LISTING_NETWORK:
        raise ValueError("is not a return code: it must lie in 127.0.0.0/8 and run upwards")
    return span


def _span(text: str) -> Span:
    if "/" in text:
        network = IPv4Network(text)
        return Span(network.network_address, network.broadcast_address)
    first, dash, last = text.partition("-")
    return Span(IPv4Address(first), IPv4Address(last if dash else first))


def _overlap(one: Pattern, other: Pattern) -> bool:
    if isinstance(one, Span) and isinstance(other, Span):
        return one.first <= other.last and other.first <= one.last
    return one == other
