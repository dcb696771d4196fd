"""What somebody else's SPF says of a sender: pyspf, given our answers by the function that it lets be replaced.

Rule: where the two differ by design, the difference has a name here.

- pyspf counts a redirect when it reads a record, though nothing may ever be redirected (RFC 7208 §4.6.4 counts evaluation).
- pyspf takes a record that includes its own domain for a syntax error; by §4.6 it ends only those who get as far as the include.
- pyspf lets no modifier come twice; by §6 unknown ones may.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address

from exporter.expansion import Nothing, Question, RecordKind, Records
from tests.unit.naming import NAME, World, answer_of

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its source has escapes that Python dislikes, each time it is compiled
    import spf

STRICTER = ("Too many DNS lookups", "include has trivial recursion", "x= MUST appear at most once")

Rows = list[tuple[tuple[str, str], object]]
Lookup = Callable[[str, str], Rows]

PTR = "elsewhere.example.net"
"""The name of every sender's address; it has addresses, so asking for it is not in vain."""
PTR_ADDRESSES = {"A": "203.0.113.1", "AAAA": "2001:db8:ffff::1"}


@contextmanager
def answering(lookup: Lookup) -> Iterator[None]:
    """pyspf asks here."""
    before = spf.DNSLookup
    spf.DNSLookup = lambda name, qtype, strict=True, timeout=20: lookup(name, qtype)
    try:
        yield
    finally:
        spf.DNSLookup = before


def result(address: str, name: str = NAME) -> str:
    """What pyspf says of mail from this address for a domain; ``stricter`` where it differs by design."""
    verdict, why = spf.check2(i=address, s=f"somebody@{name}", h=name, querytime=0)
    reason = why.removeprefix("SPF Permanent Error: ")
    return "stricter" if verdict == "permerror" and reason.startswith(STRICTER) else f"{verdict} ({reason})"


def may_send(address: str, name: str = NAME) -> bool:
    """Whether pyspf lets mail from this address pass or fail softly."""
    return result(address, name).startswith(("pass ", "softfail ", "stricter"))


def in_world(world: World) -> Lookup:
    """A world's answers, as pyspf takes them."""

    def look_up(name: str, qtype: str) -> Rows:
        if qtype == "PTR":
            return [((name, "PTR"), PTR)]
        if name == PTR:
            return [((name, qtype), PTR_ADDRESSES[qtype])]
        answer = answer_of(world, Question(name, RecordKind(qtype)))
        assert isinstance(answer, Records | Nothing)
        return [((name, qtype), value_of(qtype, value)) for value in answer.values] if isinstance(answer, Records) else []

    return look_up


def value_of(qtype: str, text: str) -> object:
    """A record's value, as pyspf takes it."""
    match qtype:
        case "TXT":
            return (text.encode("utf-8", "surrogateescape"),)
        case "MX":
            preference, _, exchange = text.partition(" ")
            return int(preference), exchange
        case _:
            return str(ip_address(text))
