"""Lists that are asked by DNS (RFC 5782): the target in front of the zone, an A record for a listing, TXT for its reason.

Rules:

1. The A record decides. TXT is asked only for a listing, of the target's own name, and decides nothing.
2. CNAMEs are followed inside the answer; AAAA, other names and every TTL are ignored (RFC 5782 §2.1, §2.4).
3. The name is asked as it is, absolute: no search domain can turn a miss into a hit.
"""

import asyncio
from collections.abc import Mapping
from ipaddress import IPv4Address

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
from exporter.providers.reply import Reply, plain
from exporter.providers.resolvers import Address, Resolvers, read_address
from exporter.target import Target
from exporter.verdict import Absent, Answer, Cause, Codes, Failure, NoData


class Dnsxl:
    """Asks DNS lists; each set of resolvers has one memory, shared by the lists that use it."""

    def __init__(self, resolvers: tuple[str, ...], timeout: float, attempts: int) -> None:
        self._default = resolvers
        self._timeout = timeout
        self._attempts = attempts
        self._sets: dict[tuple[str, ...], Resolvers] = {}

    async def ask(self, blocklist: Blocklist, target: Target) -> Reply:
        asked = await self._ask(blocklist, target, dns.rdatatype.A)
        return Reply(_answer(asked.result), tuple(asked.durations))

    async def reason(self, blocklist: Blocklist, target: Target) -> str:
        asked = await self._ask(blocklist, target, dns.rdatatype.TXT)
        return plain(_text(asked.result), blocklist)

    def resolvers(self) -> Mapping[str, bool]:
        return {address: up for known in self._sets.values() for address, up in known.up().items()}

    async def _ask(self, blocklist: Blocklist, target: Target, kind: dns.rdatatype.RdataType) -> question.Asked:
        name = dns.name.from_text(target.name_under(blocklist.suffix))
        texts = blocklist.resolvers or self._default
        if texts not in self._sets:
            self._sets[texts] = Resolvers(tuple(address for text in texts for address in _addresses(text)))
        clock = asyncio.get_running_loop().time
        return await question.ask(name, kind, self._sets[texts], self._timeout, self._attempts, clock)


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


def _answer(result: dns.message.Message | Cause) -> Answer:
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


def _text(result: dns.message.Message | Cause) -> str:
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
