"""What can be listed: an IPv4 address, an IPv6 address or a domain.

Rules:

1. A target has one spelling. Addresses are in canonical form, an IPv4-mapped IPv6 address *is* its IPv4 address, a domain is
   in lower case, in A-labels and without the final dot. Equal targets are equal strings.
2. A query name is that spelling turned round: octets reversed (RFC 5782 §2.1), 32 nibbles reversed (§2.4), or the domain as it
   is (§3). It is always absolute and at most 253 octets with the zone (RFC 1035 §2.3.4).
3. Test entries are the one exception to rule 1: ``::ffff:7f00:2`` stays IPv6 and ``test`` needs no dot (RFC 5782 §5), so they
   have a parser of their own.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import AF_INET, AF_INET6, inet_pton

from exporter.special import is_special

MAX_NAME_OCTETS = 253

Network = IPv4Network | IPv6Network
LONGEST_HOST_PART = {4: 20, 6: 16}
"""The largest networks that are taken, by IP version: a /12 and a /112. Each of their addresses is a target."""

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LOOKS_NUMERIC = re.compile(r"[0-9.]+")
# IDNA 2003 (Python's codec) turns these into other letters, IDNA 2008 does not: whose domain would be asked is a guess.
_IDNA_DEVIATIONS = re.compile("[\u00df\u1e9e\u03c2\u200c\u200d]")


class Kind(StrEnum):
    IPV4 = "ipv4"
    IPV6 = "ipv6"
    DOMAIN = "domain"


IP_VERSION = {Kind.IPV4: 4, Kind.IPV6: 6}


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """One address or domain; ``text`` is its only spelling."""

    text: str
    kind: Kind

    @property
    def is_global(self) -> bool:
        """Whether strangers could have an opinion of it: private, loopback, documentation and multicast addresses are not."""
        return self.kind is Kind.DOMAIN or not is_special(IP_VERSION[self.kind], number_of(self))

    def name_under(self, suffix: str) -> str:
        """The name to ask for, below ``suffix`` (the zone, or key and zone); absolute, without the final dot."""
        match self.kind:
            case Kind.IPV4:
                return f"{'.'.join(reversed(self.text.split('.')))}.{suffix}"
            case Kind.IPV6:
                # reverse_pointer ends in ip6.arpa; what stands before is what RFC 5782 asks for.
                reverse = ip_address(self.text).reverse_pointer
                return f"{reverse.rsplit('.', 2)[0]}.{suffix}"
            case Kind.DOMAIN:
                return f"{self.text}.{suffix}"

    def fits_under(self, suffix: str) -> bool:
        """Whether the name can be asked at all; a name that is too long is *not covered*, never clean."""
        return len(self.name_under(suffix)) <= MAX_NAME_OCTETS


def number_of(target: Target) -> int:
    """The number that an address is. The C library reads its one spelling much faster than ``ipaddress`` does."""
    return int.from_bytes(inet_pton(AF_INET if target.kind is Kind.IPV4 else AF_INET6, target.text))


def parse(text: str) -> Target:
    """Read a target as a person writes it.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    if (address := _address(text)) is not None:
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            return Target(str(address.ipv4_mapped), Kind.IPV4)
        return _of_address(address)
    return _domain(text)


def parse_network(text: str, *, of_any_size: bool = False) -> Network:
    """Read a network as a person writes it; a mapped one *is* its IPv4 network. Of any size: when its addresses are no targets.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    if "%" in text:
        raise ValueError(f"{_shown(text)} has a scope (%…): only global addresses can be listed")
    try:
        network = ip_network(text)
    except ValueError:
        raise ValueError(_why_no_network(text)) from None
    if isinstance(network, IPv6Network) and (mapped := network.network_address.ipv4_mapped) and network.prefixlen >= 96:
        network = IPv4Network((mapped, network.prefixlen - 96))
    longest = LONGEST_HOST_PART[network.version]
    if network.max_prefixlen - network.prefixlen > longest and not of_any_size:
        raise ValueError(
            f"{network} holds {network.num_addresses:,} addresses, and each would be a target: "
            f"list the parts that are in use, each a /{network.max_prefixlen - longest} or smaller"
        )
    return network


def _why_no_network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f"{_shown(text)} is not a valid network, such as 198.51.100.0/24 or 2001:db8::/112"
    return f"{_shown(text)} has bits beyond its prefix: write {network} for the network, or the address alone"


def parse_test_entry(text: str) -> Target:
    """Read an RFC 5782 §5 test entry: like a target, but a mapped address stays IPv6 and a domain may be one label.

    Raises ``ValueError`` with a sentence that says what is wrong with it.
    """
    if (address := _address(text)) is not None:
        return _of_address(address)
    return Target(_a_labels(text), Kind.DOMAIN)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        if ":" in text or _LOOKS_NUMERIC.fullmatch(text):
            raise ValueError(f"{_shown(text)} is not a valid IP address") from None
        return None
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        raise ValueError(f"{_shown(text)} has a scope (%…): only global addresses can be listed")
    return address


def _of_address(address: IPv4Address | IPv6Address) -> Target:
    return Target(str(address), Kind.IPV4 if address.version == 4 else Kind.IPV6)


def _domain(text: str) -> Target:
    if "/" in text:
        raise ValueError(f"{_shown(text)} is a network or a URL: list single addresses and bare domains")
    name = _a_labels(text)
    if "." not in name:
        raise ValueError(f"{_shown(text)} is neither an IP address nor a domain (no dot)")
    if name.rsplit(".", 1)[1].isdigit():
        raise ValueError(f"{_shown(text)} is neither an IP address nor a domain (its last label is a number)")
    return Target(name, Kind.DOMAIN)


def _a_labels(text: str) -> str:
    """Lower case, IDNA A-labels (RFC 5890 §2.3.2.1; all four full stops of RFC 3490 §3.1), no final dot."""
    name = text
    if not text.isascii():
        if _IDNA_DEVIATIONS.search(text):
            raise ValueError(f"{_shown(text)} is read differently by IDNA 2003 and 2008: write its xn-- form")
        try:
            name = text.encode("idna").decode("ascii")
        except UnicodeError:
            raise ValueError(f"{_shown(text)} is not a valid internationalised domain") from None
    name = name.lower().removesuffix(".")
    if len(name) > MAX_NAME_OCTETS:
        raise ValueError(f"{_shown(text)} is longer than {MAX_NAME_OCTETS} octets")
    for label in name.split("."):
        if not _LABEL.fullmatch(label):
            raise ValueError(f"{_shown(text)} is not a domain: the label {_shown(label)} is not allowed")
    return name


def _shown(text: str) -> str:
    """Outside text, fit for an error message: quoted, escaped, short."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
