"""One DNS question, asked with dnspython: what an independent client sees."""

import ipaddress

import dns.exception
import dns.message
import dns.query
import dns.rdatatype


def endpoint(address: str) -> tuple[str, int]:
    """`127.0.0.1:53` or `[::1]:53` as host and port."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def prefix(target: str) -> str:
    """What stands in front of the zone for a target: reversed octets or nibbles, or the domain."""
    try:
        pointer = ipaddress.ip_address(target).reverse_pointer
    except ValueError:
        return target.lower()
    return pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")


def ask(address: str, name: str, qtype: str = "A", *, tcp: bool = False, timeout: float = 5.0) -> dns.message.Message:
    """The answer to a question; raises as dnspython does when there is none."""
    host, port = endpoint(address)
    query = dns.message.make_query(name, qtype)
    if tcp:
        return dns.query.tcp(query, host, timeout, port)
    return dns.query.udp(query, host, timeout, port)


def answers(address: str) -> bool:
    """Whether anything at all answers there at once."""
    try:
        ask(address, ".", "NS", timeout=0.1)
    except (OSError, dns.exception.DNSException):
        return False
    return True


def records(message: dns.message.Message, qtype: str = "A") -> list[str]:
    """The sorted texts of an answer's records of one type."""
    wanted = dns.rdatatype.from_text(qtype)
    return sorted(rdata.to_text() for rrset in message.answer if rrset.rdtype == wanted for rdata in rrset)
