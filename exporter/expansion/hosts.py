"""The addresses of a host, of a domain, and of those who take its mail.

Rules:

1. A host must have an address: the config says that it is one. A domain need not, but it must exist: one that is mistyped, or has
   lapsed, is told from one that takes no mail.
2. A domain without MX takes its mail itself (RFC 5321 §5.1); one with the null MX takes none (RFC 7505).
3. An MX names a host. What is no name, an address for instance, is not asked for (RFC 5321 §5.1).
"""

from exporter.expansion.asking import KIND_OF_VERSION, Memory, addresses, askable, exchanges
from exporter.expansion.gathering import Gathering
from exporter.expansion.words import Asks, Found, Nothing, Reason, RecordKind, Records, printable

_MOST_EXCHANGES = 10


def expand_host(name: str, memory: Memory, gathering: Gathering) -> Asks[Found]:
    """A and AAAA of a name that must have one."""
    trouble = yield from _offer(name, name, memory, gathering)
    return gathering.found(broken=trouble)


def expand_a(name: str, memory: Memory, gathering: Gathering) -> Asks[Found]:
    """A and AAAA of a domain."""
    trouble = yield from _offer(name, name, memory, gathering)
    if trouble == no_such(name):
        return gathering.found(broken=trouble)
    if trouble:
        gathering.skip(Reason.NO_RECORDS, name, trouble)
    return gathering.found()


def expand_mx(name: str, memory: Memory, gathering: Gathering) -> Asks[Found]:
    """The addresses of a domain's mail exchanges, the preferred first."""
    match (yield from memory.ask(name, RecordKind.MX)):
        case Nothing(exists=False):
            return gathering.found(broken=no_such(name))
        case Nothing():
            trouble = yield from _offer(name, name, memory, gathering)
            if trouble:
                gathering.skip(Reason.NO_RECORDS, name, f"{trouble[:-1]}, and no MX.")
        case Records() as records:
            yield from _offer_exchanges(name, records, memory, gathering)
    return gathering.found()


def _offer_exchanges(name: str, records: Records, memory: Memory, gathering: Gathering) -> Asks[None]:
    ordered = exchanges(records)
    if [exchange for _, exchange in ordered] == ["."]:
        gathering.skip(Reason.NULL_MX, f"MX of {name}", f"{name} takes no mail.")
        return
    for preference, exchange in ordered[:_MOST_EXCHANGES]:
        host, what = askable(exchange), f"MX {preference} {exchange}"
        if host is None:
            gathering.skip(Reason.BAD_RECORD, what, f"{printable(exchange)} is no name of a host.")
            continue
        trouble = yield from _offer(host, what, memory, gathering)
        if trouble:
            gathering.skip(Reason.NO_RECORDS, what, trouble)
    if ordered[_MOST_EXCHANGES:]:
        why = f"{name} has {len(ordered)} exchanges, of which the preferred {_MOST_EXCHANGES} are watched."
        gathering.skip(Reason.TOO_MANY_EXCHANGES, f"{len(ordered) - _MOST_EXCHANGES} exchanges of {name}", why)


def _offer(host: str, what: str, memory: Memory, gathering: Gathering) -> Asks[str]:
    """Offer the addresses of a host; a sentence if it has none."""
    empty = []
    for kind in KIND_OF_VERSION.values():
        answer = yield from memory.ask(host, kind)
        good, bad = addresses(answer, kind)
        gathering.offer(good, what)
        for value in bad:
            gathering.skip(Reason.BAD_RECORD, value, f"{host} leads to something that is no address.")
        if isinstance(answer, Nothing):
            empty.append(answer)
    if len(empty) < len(KIND_OF_VERSION):
        return ""
    return f"{host} has no address." if Nothing(exists=True) in empty else no_such(host)


def no_such(name: str) -> str:
    """What to say of a name that does not exist."""
    return f"{name} does not exist."
