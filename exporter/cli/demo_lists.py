"""A DNS server on loopback that plays blocklists for the demo. It lists what it is told, and answers the test entries rightly."""

import asyncio
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

_TTL = 1


@dataclass(slots=True)
class DemoLists(asyncio.DatagramProtocol):
    """``zones`` maps a zone to its entries: what stands in front of the zone, and the return codes and reason for it."""

    zones: dict[str, dict[str, tuple[tuple[str, ...], str]]]
    refusing: set[str] = field(default_factory=set)
    transport: asyncio.DatagramTransport | None = None

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            query = dns.message.from_wire(data)
        except (dns.exception.DNSException, EOFError, ValueError):
            return
        if self.transport is not None and query.question and not query.flags & dns.flags.QR:
            self.transport.sendto(self._answer(query).to_wire(), addr)

    async def listen(self) -> str:
        """Serve on a free port; returns the address."""
        self.transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        host, port = self.transport.get_extra_info("sockname")
        return f"{host}:{port}"

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        question = query.question[0]
        response = dns.message.make_response(query)
        name = question.name.to_text(omit_final_dot=True).lower()
        zone = next((zone for zone in self.zones if name.endswith(f".{zone}")), None)
        if zone is None:
            response.set_rcode(dns.rcode.REFUSED)
            return response
        codes, reason = self.zones[zone].get(name.removesuffix(f".{zone}"), ((), ""))
        if zone in self.refusing:
            codes, reason = ("127.255.255.254",), "Error: open resolver"
        if not codes:
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(question.name, _TTL, "IN", "A", *codes))
        elif question.rdtype == dns.rdatatype.TXT and reason:
            response.answer.append(dns.rrset.from_text(question.name, _TTL, "IN", "TXT", f'"{reason}"'))
        return response
