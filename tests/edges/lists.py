"""Blocklists as a config would make them, and one question put to them.

Rule 1: what a test does not say is the config's default: 127.255.255.0/24 refuses, RFC 5782's test entries, no code table.
Rule 2: a provider lives in one loop, as in the service. Every test has one, and its providers are closed in it: see `conftest`.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from ipaddress import IPv4Address
from typing import TypeVar

from exporter.blocklist import (
    Bit,
    Blocklist,
    Code,
    Impact,
    ListingClass,
    Pace,
    Pattern,
    Resolver,
    Scope,
    Span,
    Sublist,
    TestEntries,
)
from exporter.providers.dnsxl import Dnsxl
from exporter.target import Kind, Target, parse, parse_test_entry
from exporter.verdict import Cause, Hit, Listed, NotListed, Unknown, Verdict, judge

T = TypeVar("T")

ZONE = "bl.example"
DOMAIN_ZONE = "dbl.test"
TARGET = parse("192.0.2.7")
NAME = f"7.2.0.192.{ZONE}"
ATTEMPT_SECONDS = 0.4
"""For what is to be waited past."""
PATIENT_SECONDS = 5.0
"""For what is to answer: a machine under load must not make it a time-out."""


def span(first: str, last: str = "") -> Span:
    """A return code, or a range of them."""
    return Span(IPv4Address(first), IPv4Address(last or first))


def sublist(name: str) -> Sublist:
    """A sublist of which only the name matters."""
    return Sublist(name, ListingClass.ABUSE, Impact.HIGH, Scope.ADDRESS)


def table(rows: dict[Pattern, str]) -> tuple[Code, ...]:
    """A code table, by the names of sublists."""
    return tuple(Code(pattern, sublist(name), "") for pattern, name in rows.items())


def entries(listed: Iterable[str], not_listed: Iterable[str]) -> TestEntries:
    """Test entries, as a config names them."""
    return TestEntries(tuple(map(parse_test_entry, listed)), tuple(map(parse_test_entry, not_listed)))


ADDRESSES = Blocklist(
    zone=ZONE,
    operator="Example",
    provider="dnsxl",
    kinds=frozenset({Kind.IPV4, Kind.IPV6}),
    default=sublist(""),
    meaning="",
    codes=(),
    refusal_codes=(span("127.255.255.0", "127.255.255.255"),),
    neutral_codes=(),
    test_entries=entries(["127.0.0.2"], ["127.0.0.1"]),
    non_global=True,
    delist_url="",
    pace=Pace(3600, 2, 300, 3600, None, None),
    resolvers=(),
)
DOMAINS = replace(ADDRESSES, zone=DOMAIN_ZONE, kinds=frozenset({Kind.DOMAIN}), test_entries=entries(["test"], ["invalid"]))
SUBLISTS = replace(
    ADDRESSES,
    codes=table({span("127.0.0.2"): "SBL", span("127.0.0.4", "127.0.0.7"): "XBL", span("127.0.0.10", "127.0.0.11"): "PBL"}),
)
BITS = replace(ADDRESSES, codes=table({Bit(8): "PH", Bit(16): "MW", Bit(64): "ABUSE"}))


def listed(*codes: str, on: str = "") -> Listed:
    """Listed on one sublist."""
    return Listed((Hit(on, codes),))


CLEAN = NotListed()


def unknown(cause: Cause) -> Unknown:
    """Nothing learned."""
    return Unknown(cause)


class Loop:
    """The loop of a test, and the providers made in it."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.providers: list[Dnsxl] = []

    def close(self) -> None:
        """Close the providers, then the loop."""

        async def all_of_them() -> None:
            for provider in self.providers:
                provider.close()

        self.runner.run(all_of_them())
        self.runner.close()


LOOPS: list[Loop] = []
"""The present test's loop is the last one."""


def run(work: Coroutine[None, None, T]) -> T:
    """The result of ``work``, in the loop of this test."""
    return LOOPS[-1].runner.run(work)


def dnsxl(*resolvers: str | Resolver, timeout: float = PATIENT_SECONDS, attempts: int = 1) -> Dnsxl:
    """The provider."""
    provider = Dnsxl(tuple(Resolver(each) if isinstance(each, str) else each for each in resolvers), timeout, attempts)
    LOOPS[-1].providers.append(provider)
    return provider


async def verdict(provider: Dnsxl, blocklist: Blocklist = ADDRESSES, target: Target = TARGET) -> Verdict:
    """What the list says of the target, judged; raises what the provider raises."""
    return judge(blocklist, target.kind, (await provider.ask(blocklist, target)).answer)


def ask(provider: Dnsxl, blocklist: Blocklist = ADDRESSES, target: Target = TARGET) -> Verdict:
    """The same, outside any loop."""
    return run(verdict(provider, blocklist, target))
