"""Lists that are asked by DNS (RFC 5782): the target in front of the zone, an A record for a listing, TXT for its reason.

Rules:

1. The A record decides. TXT is asked only for a listing, of the target's own name, and decides nothing.
2. A records are asked for by ``client``, which reads what nearly every server sends. Whatever else comes (cut off, an alias, odd
   records) is asked for again by ``question``, with all of dnspython. CNAMEs are followed there, inside the answer; AAAA, other
   names and every TTL are ignored (RFC 5782 §2.1, §2.4).
3. The name is asked as it is, absolute: no search domain can turn a miss into a hit.
"""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import IPv4Address
from typing import TypeVar

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.resolver
from dns.rdata import Rdata
from dns.rdtypes.ANY.TXT import TXT

from exporter.blocklist import Blocklist
from exporter.providers import question
from exporter.providers.client import Client
from exporter.providers.reply import Reply, plain
from exporter.providers.resolvers import Address, Resolvers, read_address
from exporter.providers.wire import Suffix, labels
from exporter.target import Target
from exporter.verdict import Absent, Answer, Cause, Codes, Failure, NoData

_PREFIXES_KEPT = 65_536

_T = TypeVar("_T")


class Dnsxl:
    """Asks DNS lists; each set of resolvers has one client, shared by the lists that use it."""

    def __init__(self, resolvers: tuple[str, ...], timeout: float, attempts: int) -> None:
        self._default = resolvers
        self._timeout = timeout
        self._attempts = attempts
        self._clients: dict[tuple[str, ...], Client] = {}
        self._suffixes: dict[str, Suffix] = {}
        self._prefixes: dict[str, bytes] = {}

    def submit(self, blocklist: Blocklist, target: Target, token: _T, done: Callable[[_T, Answer, float], None]) -> None:
        self._client(blocklist).submit(self._prefix(target), self._suffix(blocklist), token, done)

    def room(self, blocklist: Blocklist) -> int:
        return self._client(blocklist).room

    async def ask(self, blocklist: Blocklist, target: Target) -> Reply:
        answer, seconds = await self._client(blocklist).ask(self._prefix(target), self._suffix(blocklist))
        return Reply(answer, (seconds,))

    async def reason(self, blocklist: Blocklist, target: Target) -> str:
        name = dns.name.from_text(target.name_under(blocklist.suffix))
        # A memory of its own: TXT that fails says nothing of who answers A.
        resolvers = Resolvers(tuple(self._client(blocklist).resolvers.in_order(asyncio.get_running_loop().time())))
        suffix = self._suffix(blocklist)
        suffix.repeats -= 1  # the first query is no repetition
        return plain(_text(await self._question(name, dns.rdatatype.TXT, resolvers, suffix)), blocklist)

    def repeated(self, blocklist: Blocklist) -> int:
        suffix = self._suffix(blocklist)
        repeats, suffix.repeats = suffix.repeats, 0
        return repeats

    def resolvers(self) -> Mapping[str, bool]:
        found: dict[str, bool] = {}
        for client in self._clients.values():
            for address, up in client.resolvers.up().items():
                found[address] = up and found.get(address, True)
        return found

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    def _client(self, blocklist: Blocklist) -> Client:
        texts = blocklist.resolvers or self._default
        client = self._clients.get(texts)
        if client is None:
            addresses = tuple(dict.fromkeys(address for text in texts for address in _addresses(text)))
            clock = asyncio.get_running_loop().time
            client = Client(addresses, self._timeout, self._attempts, clock=clock, slow=partial(self._ask_again, addresses))
            self._clients[texts] = client
        return client

    async def _ask_again(self, addresses: tuple[Address, ...], name: bytes, first: Address) -> Answer:
        """Ask the resolver whose answer was odd, then the others."""
        resolvers = Resolvers((first, *addresses))
        zones = (suffix for suffix in self._suffixes.values() if name.endswith(suffix.name))
        suffix = max(zones, key=lambda zone: len(zone.name))
        return _answer(await self._question(dns.name.from_wire(name, 0)[0], dns.rdatatype.A, resolvers, suffix))

    async def _question(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, resolvers: Resolvers, suffix: Suffix
    ) -> question.Result:
        clock = asyncio.get_running_loop().time
        return await question.ask(name, kind, resolvers, self._timeout, self._attempts, clock, suffix.repeated)

    def _suffix(self, blocklist: Blocklist) -> Suffix:
        suffix = self._suffixes.get(blocklist.suffix)
        if suffix is None:
            suffix = self._suffixes[blocklist.suffix] = Suffix(blocklist.suffix)
        return suffix

    def _prefix(self, target: Target) -> bytes:
        """A target's labels. Lists walk their targets in the same order, so few are kept for many questions."""
        prefix = self._prefixes.get(target.text)
        if prefix is None:
            if len(self._prefixes) >= _PREFIXES_KEPT:
                self._prefixes.clear()
            prefix = self._prefixes[target.text] = labels(target.name_under("").rstrip("."))
        return prefix


def _addresses(text: str) -> tuple[Address, ...]:
    """The resolvers that a word of the config stands for; ``system`` means those of /etc/resolv.conf, or the local one if it
    names none (resolv.conf(5))."""
    if text != "system":
        return (read_address(text),)
    try:
        system = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return (Address("127.0.0.1", 53),)
    return tuple(Address(str(server), system.port) for server in system.nameservers)


def _answer(result: question.Result) -> Answer:
    if isinstance(result, Cause):
        return Failure(result)
    addresses = _records(result, dns.rdatatype.A)
    if addresses is None:
        return Failure(Cause.MALFORMED)
    if result.rcode() == dns.rcode.NXDOMAIN:
        return Failure(Cause.MALFORMED) if addresses else Absent()
    if not addresses:
        return NoData()
    return Codes(tuple(sorted({IPv4Address(str(address)) for address in addresses})))


def _text(result: question.Result) -> str:
    """All TXT records, their strings joined without a gap (RFC 7208 §3.3 says how), the records with one."""
    if isinstance(result, Cause):
        return ""
    texts = _records(result, dns.rdatatype.TXT) or []
    return " ".join(sorted(b"".join(text.strings).decode("utf-8", "replace") for text in texts if isinstance(text, TXT)))


def _records(message: dns.message.Message, kind: dns.rdatatype.RdataType) -> list[Rdata] | None:
    """The records of this kind for the question's name, through its CNAMEs; ``None`` if those lead nowhere."""
    assert isinstance(message, dns.message.QueryMessage)
    try:
        answer = message.resolve_chaining().answer
    except dns.exception.DNSException:
        return None
    return [] if answer is None or answer.rdtype != kind else list(answer)
