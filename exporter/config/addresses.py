"""How a resolver is written: ``system``, or an address with or without a port. Host names would need a resolver themselves."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

_WITH_PORT = re.compile(r"(?P<host>[0-9.]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?")
_FORMS = "must be `system` or an address such as 10.0.0.53, 127.0.0.1:5353 or [::1]:53; host names are not taken"


def parse_resolver(text: object) -> str:
    """``system``, or ``address:port`` with the port always there (``[::1]:53``).

    Raises ``ValueError`` for anything else.
    """
    if not isinstance(text, str):
        raise ValueError("must be text, in quotes if it looks like a number")
    if text == "system":
        return text
    if _is_ipv6(text):
        if text.endswith(":53") and _is_ipv6(text.removesuffix(":53")):
            raise ValueError("may or may not end in a port: write it as [address]:53")
        text = f"[{text}]"
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        raise ValueError(_FORMS)
    port = int(found["port"] or 53)
    if not 0 < port < 65536:
        raise ValueError("has a port that is not between 1 and 65535")
    return f"{_host(found['host'])}:{port}"


def _host(text: str) -> str:
    try:
        return f"[{IPv6Address(text[1:-1])}]" if text.startswith("[") else str(IPv4Address(text))
    except ValueError:
        raise ValueError(_FORMS) from None


def _is_ipv6(text: str) -> bool:
    try:
        return ip_address(text).version == 6 and "%" not in text
    except ValueError:
        return False
