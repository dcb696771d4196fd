"""Names are asked for here: the questions of ``expansion``, put to the resolvers of the config.

Rules:

1. An answer comes back, whatever happens: nothing is raised, and what is no answer is a failure with its cause.
2. CNAMEs are followed inside the answer; what stands at their end is the answer (RFC 1034 §3.6.2). An NXDOMAIN that brings
   records, and a chain that leads nowhere, are malformed.
3. An answer is one message, so at most 65,535 octets (RFC 1035 §4.2.2).
4. So many questions are under way at once, and no more: a reload with thousands of domains must not be a flood.
"""

import asyncio
import time

import dns.exception
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdata import Rdata
from dns.rdtypes.ANY.MX import MX
from dns.rdtypes.ANY.TXT import TXT

from exporter.expansion import Answer, Failed, Nothing, Question, RecordKind, Records
from exporter.providers import Asking
from exporter.providers.question import Result, ask, records
from exporter.providers.resolvers import Resolvers
from exporter.providers.system import addresses_of
from exporter.verdict import Cause

_AT_ONCE = 16

_TYPES = {
    RecordKind.A: dns.rdatatype.A,
    RecordKind.AAAA: dns.rdatatype.AAAA,
    RecordKind.MX: dns.rdatatype.MX,
    RecordKind.TXT: dns.rdatatype.TXT,
}


class Names:
    """Asks; every question has a socket of its own, so there is nothing to close."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._resolvers = Resolvers(tuple(found for each in asking.resolvers for found in addresses_of(each.address)))
        self._free = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, question: Question) -> Answer:
        """What DNS says."""
        try:
            name = dns.name.from_text(question.name)
        except dns.exception.DNSException:
            return Failed(Cause.MALFORMED)
        kind = _TYPES[question.kind]
        async with self._free:
            asking = self._asking
            result = await ask(name, kind, self._resolvers, asking.timeout, asking.attempts, time.monotonic, _sent)
        return _answer(result, kind)


def _sent() -> None:
    """Queries for names count for no list."""


def _answer(result: Result, kind: dns.rdatatype.RdataType) -> Answer:
    if isinstance(result, Cause):
        return Failed(result)
    found, absent = records(result, kind), result.rcode() == dns.rcode.NXDOMAIN
    if found is None or (found and absent):
        return Failed(Cause.MALFORMED)
    return Records(tuple(text_of(record) for record in found)) if found else Nothing(exists=not absent)


def text_of(record: Rdata) -> str:
    """A record as the expansion reads it."""
    match record:
        case MX():
            return f"{record.preference} {record.exchange.to_text(omit_final_dot=True)}"
        case TXT():
            return b"".join(record.strings).decode("utf-8", "surrogateescape")
        case _:
            return record.to_text()
