"""How a target is written, wherever it stands: in the config or in a file that it names."""

import re
from collections.abc import Iterable, Sequence

from exporter.blocklist import Blocklist
from exporter.config.document import Note, Path, Value
from exporter.config.keys import starred
from exporter.portions import Members, members
from exporter.registrable import registrable
from exporter.target import Kind, Network, Target, parse, parse_network

_NETWORK = re.compile(r"[0-9A-Fa-f:.]+(%[^/]*)?/[0-9]+|[0-9.]+/[0-9.]+")
_RANGE = re.compile(r"[0-9]+\.[0-9.]*-[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*-[0-9A-Fa-f:.]+")
_WITH_PORT = re.compile(r"([^:]+|\[[^\]]*\]):[0-9]{1,5}")
EXAMPLES = {
    Kind.IPV4: "zen.spamhaus.org, or the set default",
    Kind.IPV6: "zen.spamhaus.org, or the set default",
    Kind.DOMAIN: "dbl.spamhaus.org, or the set domains",
}
SPECIAL = "private, loopback, documentation or multicast"


def read_target(text: str) -> Target | Network:
    """The target in a text, or the network of them. Raises ``ValueError`` with a sentence."""
    if _NETWORK.fullmatch(text):
        return parse_network(text)
    return read_single(text)


def read_single(text: str) -> Target:
    """The one target in a text. Raises ``ValueError`` with a sentence."""
    if _NETWORK.fullmatch(text):
        raise ValueError("is a network: a name is expected here")
    if "/" in text:
        raise ValueError("is a URL: give its bare domain")
    if "@" in text:
        raise ValueError("is a mail address: give its domain, or the address of its server")
    if _RANGE.fullmatch(text):
        raise ValueError("is a range of addresses: give the networks that make it up, such as 198.51.100.0/30")
    if _WITH_PORT.fullmatch(text):
        raise ValueError("has a port: give the address or the domain alone")
    try:
        return parse(text)
    except ValueError as error:  # somebody may have named a file of keys
        raise ValueError(starred(str(error))) from None


def read_excluded(items: Iterable[tuple[Path, Value]], note: Note) -> Members:
    """What must not be watched. A network may be of any size: it is not spread."""
    targets, networks = [], []
    for path, value in items:
        try:
            if not isinstance(value, str):
                raise ValueError("must be an address, a network or a domain, as text")
            if _NETWORK.fullmatch(value):
                networks.append(parse_network(value, of_any_size=True))
            else:
                targets.append(read_single(value))
        except ValueError as error:
            note(path, str(error))
    return members(targets, networks)


def read_name(text: str) -> str:
    """The name in a text that must not be an address. Raises ``ValueError`` with a sentence."""
    found = read_single(text)
    if found.kind is not Kind.DOMAIN:
        raise ValueError("is an address: only names are looked up")
    return found.text


def read_names(texts: Iterable[str], path: Path, note: Note) -> frozenset[str]:
    """Names, each in its one spelling."""
    found = set()
    for index, text in enumerate(texts):
        try:
            found.add(read_name(text))
        except ValueError as error:
            note((*path, index), str(error))
    return frozenset(found)


def why_not_accepted(target: Target, lists: Sequence[Blocklist]) -> str | None:
    """Why no list takes the target, if none does: it would look watched and never be asked about."""
    if any(blocklist.accepts(target) for blocklist in lists):
        return None
    of_kind = [blocklist for blocklist in lists if target.kind in blocklist.kinds]
    if not of_kind:
        return none_takes(target.kind)
    if target.kind is Kind.DOMAIN and registrable(target.text) is None and any(blocklist.registrable for blocklist in of_kind):
        return (
            f"{target.text} is a public suffix, below which others have their domains: "
            "a list of registrable domains cannot hold it, and no other one takes it"
        )
    if target.is_global:
        return f"makes too long a name with every list that takes {target.kind} targets"
    return f"{target.text} is a {SPECIAL} address: {only_non_global('it')}"


def only_non_global(it: str) -> str:
    return f"only a list with `non_global: true` is asked about {it}, and none of these takes {it}"


def none_takes(kind: Kind) -> str:
    return f"no configured list takes {kind} targets: add one, such as {EXAMPLES[kind]}"
