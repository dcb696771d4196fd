"""Lists that are asked by DNS (RFC 5782): the target in front of the zone, an A record for a listing, TXT for its reason.

Rules:

1. The A record decides. TXT is asked only for a listing, of the target's own name, and decides nothing; so a client of its own
   asks for it, in lower case: if that fails, it says nothing of who answers A.
2. ``client`` reads what nearly every server answers to a question for A. Whatever else comes (cut off, an alias, odd records) is
   asked for again by ``question``, with all of dnspython, which reads TXT too. CNAMEs are followed there, inside the answer;
   AAAA, other names and every TTL are ignored (RFC 5782 §2.1, §2.4).
3. The name is asked absolute: no search domain can turn a miss into a hit. It is the target's, or that of what the list is asked
   about in its place.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address
from typing import TypeVar

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdtypes.ANY.TXT import TXT

from exporter.blocklist import Blocklist, Resolver
from exporter.providers import question
from exporter.providers.awaiting import Awaiting
from exporter.providers.client import Client
from exporter.providers.reply import Reply, plain
from exporter.providers.resolvers import Address, Resolvers
from exporter.providers.system import addresses_of
from exporter.providers.wire import Suffix, labels
from exporter.target import Target
from exporter.verdict import Absent, Answer, Cause, Codes, Failure, NoData

_PREFIXES_KEPT = 65_536

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Line:
    """What leads to one set of resolvers: a client for codes and one for texts, the same with waiting, and their addresses."""

    client: Client
    codes: Awaiting
    texts: Awaiting
    addresses: tuple[Address, ...]


class Dnsxl:
    """Asks DNS lists; lists that are asked through the same resolvers share their clients."""

    def __init__(self, resolvers: tuple[Resolver, ...], timeout: float, attempts: int) -> None:
        self._default = resolvers
        self._timeout = timeout
        self._attempts = attempts
        self._lines: dict[tuple[Resolver, ...], _Line] = {}
        self._suffixes: dict[tuple[str, bool], Suffix] = {}
        self._prefixes: dict[str, bytes] = {}

    def asker(self, blocklist: Blocklist, done: Callable[[_T, Answer, float], None]) -> Callable[[Target, _T], None]:
        submit, suffix = self._line(blocklist).client.submit, self._suffix(blocklist)
        # Chosen here, once: most lists are asked about the targets themselves.
        prefix = self._prefix if not blocklist.registrable else lambda target: self._prefix(blocklist.asked(target))

        def ask(target: Target, token: _T) -> None:
            submit(prefix(target), suffix, token, done)

        return ask

    def room(self, blocklist: Blocklist) -> int:
        return self._line(blocklist).client.room

    async def ask(self, blocklist: Blocklist, target: Target) -> Reply:
        answer, seconds = await self._line(blocklist).codes.ask(self._prefix(blocklist.asked(target)), self._suffix(blocklist))
        return Reply(answer, (seconds,))

    async def reason(self, blocklist: Blocklist, target: Target) -> str:
        line, suffix = self._line(blocklist), self._suffix(blocklist, text=True)
        asked = blocklist.asked(target)
        packet = await line.texts.text(self._prefix(asked), suffix)
        if not packet:
            return ""
        message = question.read(packet)
        if message is not None and not message.flags & dns.flags.TC:
            return plain(_text(message), blocklist)
        name = dns.name.from_text(asked.name_under(blocklist.suffix))
        return plain(_text(await self._question(name, dns.rdatatype.TXT, Resolvers(line.addresses), suffix)), blocklist)

    def repeated(self, blocklist: Blocklist) -> int:
        suffixes = self._suffix(blocklist), self._suffix(blocklist, text=True)
        repeats = sum(suffix.repeats for suffix in suffixes)
        for suffix in suffixes:
            suffix.repeats = 0
        return repeats

    def resolvers(self) -> Mapping[str, bool]:
        found: dict[str, bool] = {}
        for line in self._lines.values():
            for address, up in line.client.resolvers.up().items():
                found[address] = up and found.get(address, True)
        return found

    def close(self) -> None:
        for line in self._lines.values():
            line.codes.close()
            line.texts.close()

    def _line(self, blocklist: Blocklist) -> _Line:
        resolvers = blocklist.resolvers or self._default
        line = self._lines.get(resolvers)
        if line is None:
            line = self._lines[resolvers] = self._connect(resolvers)
        return line

    def _connect(self, resolvers: tuple[Resolver, ...]) -> _Line:
        """A line to them. ``system`` may name one that is given too: it counts once, and its opt-out of mixed case holds."""
        found = [(address, resolver.mixed_case) for resolver in resolvers for address in addresses_of(resolver.address)]
        addresses = tuple(dict.fromkeys(address for address, _ in found))
        lower_case = frozenset(address for address, mixed_case in found if not mixed_case)
        codes, texts = self._client(addresses, lower_case), self._client(addresses, addresses)
        return _Line(codes, Awaiting(codes), Awaiting(texts), addresses)

    def _client(self, addresses: tuple[Address, ...], lower_case: Collection[Address]) -> Client:
        return Client(
            addresses,
            self._timeout,
            self._attempts,
            clock=time.monotonic,
            slow=partial(self._ask_again, addresses),
            lower_case=lower_case,
        )

    async def _ask_again(self, addresses: tuple[Address, ...], name: bytes, suffix: Suffix, first: Address) -> Answer:
        """Ask the resolver whose answer was odd, then the others."""
        resolvers = Resolvers((first, *addresses))
        return _answer(await self._question(dns.name.from_wire(name, 0)[0], dns.rdatatype.A, resolvers, suffix))

    async def _question(
        self, name: dns.name.Name, kind: dns.rdatatype.RdataType, resolvers: Resolvers, suffix: Suffix
    ) -> question.Result:
        return await question.ask(name, kind, resolvers, self._timeout, self._attempts, time.monotonic, suffix.repeated)

    def _suffix(self, blocklist: Blocklist, *, text: bool = False) -> Suffix:
        key = blocklist.suffix, text
        suffix = self._suffixes.get(key)
        if suffix is None:
            suffix = self._suffixes[key] = Suffix(blocklist.suffix, text=text)
        return suffix

    def _prefix(self, target: Target) -> bytes:
        """A target's labels. Lists walk their targets in the same order, so few are kept for many questions."""
        prefix = self._prefixes.get(target.text)
        if prefix is None:
            if len(self._prefixes) >= _PREFIXES_KEPT:
                self._prefixes.clear()
            prefix = self._prefixes[target.text] = labels(target.name_under("").rstrip("."))
        return prefix


def _answer(result: question.Result) -> Answer:
    if isinstance(result, Cause):
        return Failure(result)
    addresses = question.records(result, dns.rdatatype.A)
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
    texts = question.records(result, dns.rdatatype.TXT) or []
    return " ".join(sorted(b"".join(text.strings).decode("utf-8", "replace") for text in texts if isinstance(text, TXT)))
