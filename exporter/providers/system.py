"""Which resolvers a word of the config stands for: the one it names, or those of the system."""

import dns.resolver

from exporter.providers.resolvers import Address, read_address


def addresses_of(text: str) -> tuple[Address, ...]:
    """``system`` means those of /etc/resolv.conf, or the local one if it names none (resolv.conf(5))."""
    if text != "system":
        return (read_address(text),)
    try:
        system = dns.resolver.Resolver()
    except dns.resolver.NoResolverConfiguration:
        return (Address("127.0.0.1", 53),)
    return tuple(Address(str(server), system.port) for server in system.nameservers)
