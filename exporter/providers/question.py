"""One question to a set of resolvers: packets out, one message or the cause of failure back.

Rules:

1. An answer counts only if it comes from the address that was asked (the socket is connected), with our ID and our question
   (RFC 5452 §9). Every question has a socket of its own, so a source port of its own. Other packets are dropped and the wait
   goes on: a forger can neither answer for a list nor make it fail. The case of a name means nothing here (RFC 4343): names are
   asked as they are, and a resolver that does not repeat their case answers all the same.
2. UDP first (RFC 1035 §4.2.1, with room for 1232 octets by RFC 6891); an answer cut off is asked for again over TCP (§4.2.2).
3. Attempts go round the resolvers. No attempt lasts longer than the time-out, TCP included.
"""

import asyncio
import socket
from collections.abc import Callable

import dns.asyncquery
import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from dns.rdata import Rdata

from exporter.providers.resolvers import Address, Resolvers
from exporter.verdict import Cause

_PAYLOAD = 1232
_MAX_DATAGRAM = 65535

_CAUSE_OF_RCODE = {
    dns.rcode.SERVFAIL: Cause.SERVFAIL,
    dns.rcode.REFUSED: Cause.REFUSED_RCODE,
    dns.rcode.FORMERR: Cause.FORMERR,
}


Result = dns.message.Message | Cause
"""NOERROR or NXDOMAIN as a message, anything else as its cause."""


async def ask(
    name: dns.name.Name,
    kind: dns.rdatatype.RdataType,
    resolvers: Resolvers,
    patience: float,
    attempts: int,
    clock: Callable[[], float],
    sent: Callable[[], None],
) -> Result:
    """What came of the question. An attempt lasts ``patience`` seconds; ``sent`` is called for each query. Raises nothing."""
    result: Result = Cause.TIMEOUT
    for attempt in range(attempts):
        order = resolvers.in_order(clock())
        address = order[attempt % len(order)]
        result = await _attempt(address, name, kind, patience, sent)
        match result:
            case Cause.TIMEOUT | Cause.NETWORK | Cause.MALFORMED:
                resolvers.failed(address, clock())
            case Cause():
                resolvers.answered(address)
                if len(order) == 1:
                    break  # the same resolver would say the same
            case _:
                resolvers.answered(address)
                break
    return result


async def _attempt(
    address: Address, name: dns.name.Name, kind: dns.rdatatype.RdataType, patience: float, sent: Callable[[], None]
) -> Result:
    query = dns.message.make_query(name, kind, use_edns=0, payload=_PAYLOAD)
    dropped: list[int] = []
    try:
        async with asyncio.timeout(patience):
            sent()
            message = await _over_udp(address, query, dropped)
            if message.flags & dns.flags.TC:
                sent()
                message = await dns.asyncquery.tcp(query, address.host, port=address.port)
                if message.flags & dns.flags.TC:
                    return Cause.MALFORMED  # cut off where there is no limit: not the whole answer
    except TimeoutError:
        return Cause.MALFORMED if dropped else Cause.TIMEOUT
    except OSError:
        return Cause.NETWORK
    except (dns.exception.DNSException, EOFError, ValueError):
        return Cause.MALFORMED
    if message.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        return message
    return _CAUSE_OF_RCODE.get(message.rcode(), Cause.OTHER_RCODE)


async def _over_udp(address: Address, query: dns.message.Message, dropped: list[int]) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as udp:
        udp.connect((address.host, address.port))  # of a datagram socket: sets the peer, sends nothing
        await loop.sock_sendall(udp, query.to_wire())
        while True:
            message = read(await loop.sock_recv(udp, _MAX_DATAGRAM))
            if message is not None and _answers(message, query):
                return message
            dropped.append(1)


def read(packet: bytes) -> dns.message.Message | None:
    """The message in a datagram, cut off or not; nothing if it is none."""
    try:
        return dns.message.from_wire(packet, ignore_trailing=True, raise_on_truncation=True)
    except dns.message.Truncated as cut:
        read: dns.message.Message = cut.kwargs["message"]
        return read
    except (dns.exception.DNSException, EOFError, ValueError):
        return None


def records(message: dns.message.Message, kind: dns.rdatatype.RdataType) -> list[Rdata] | None:
    """The records of this kind for the question's name, through its CNAMEs; ``None`` if those lead nowhere."""
    assert isinstance(message, dns.message.QueryMessage)
    try:
        answer = message.resolve_chaining().answer
    except dns.exception.DNSException:
        return None
    return [] if answer is None or answer.rdtype != kind else list(answer)


def _answers(message: dns.message.Message, query: dns.message.Message) -> bool:
    """Our ID, a response, our question; a server that could not read the question may leave it out (RFC 1035 §4.1.1)."""
    if not message.flags & dns.flags.QR or message.id != query.id or message.opcode() != query.opcode():
        return False
    if not message.question:
        return message.rcode() in _CAUSE_OF_RCODE and not message.flags & dns.flags.TC
    return message.question == query.question
