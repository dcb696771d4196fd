"""One pass of dnspython's resolver over names, in a process of its own: prints what it took as JSON.

    python -m tests.bench.one_dnspython HOST:PORT NAMES MOST AT_ONCE

One at once is its blocking resolver; more is its asynchronous one.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import dns.asyncresolver
import dns.exception
import dns.resolver

from tests.bench.machine import cpu_seconds
from tests.servers.ask import endpoint


def main() -> None:
    """Ask and print."""
    server, path, most, at_once = sys.argv[1:]
    names = list(islice(Path(path).read_text().splitlines(), int(most)))
    began, cpu = time.monotonic(), cpu_seconds()
    unanswered = _one_by_one(server, names) if at_once == "1" else asyncio.run(_at_once(server, names, int(at_once)))
    seconds, cpu = time.monotonic() - began, cpu_seconds() - cpu
    print(json.dumps({"queries": len(names), "seconds": seconds, "cpu_seconds": cpu, "unanswered": unanswered}))


def _one_by_one(server: str, names: list[str]) -> int:
    """How many got no answer."""
    resolver = dns.resolver.Resolver(configure=False)
    _point(resolver, server)
    unanswered = 0
    for name in names:
        try:
            resolver.resolve(name, "A")
        except dns.resolver.NXDOMAIN:
            pass
        except dns.exception.DNSException:
            unanswered += 1
    return unanswered


async def _at_once(server: str, names: list[str], at_once: int) -> int:
    """The same with so many questions in flight."""
    resolver = dns.asyncresolver.Resolver(configure=False)
    _point(resolver, server)
    left = iter(names)
    return sum(await asyncio.gather(*(_some(resolver, left) for _ in range(at_once))))


async def _some(resolver: dns.asyncresolver.Resolver, names: Iterator[str]) -> int:
    unanswered = 0
    for name in names:
        try:
            await resolver.resolve(name, "A")
        except dns.resolver.NXDOMAIN:
            pass
        except dns.exception.DNSException:
            unanswered += 1
    return unanswered


def _point(resolver: dns.resolver.BaseResolver, server: str) -> None:
    host, resolver.port = endpoint(server)
    resolver.nameservers = [host]


if __name__ == "__main__":
    main()
