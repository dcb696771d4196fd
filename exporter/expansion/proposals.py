"""The addresses that terms of SPF propose, and what the whole policy says of them.

Rules:

1. An address is found if all that the policy may say of it is that it passes or fails softly; the terms' order is that of
   preference.
2. An address that a permanent error comes before is lost, not skipped: the error tells of it.
3. So many addresses are looked at, and no more, that a hostile record costs little; the others are counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from exporter.expansion.asking import Address
from exporter.expansion.gathering import Gathering
from exporter.expansion.grammar import Network, Result
from exporter.expansion.policy import Policy
from exporter.expansion.words import Reason

_GOOD = frozenset({Result.PASS, Result.SOFTFAIL})
_NOT_GOOD = {
    frozenset({Result.NEUTRAL}): (Reason.NEUTRAL, "Another term comes first, by which SPF says nothing of"),
    frozenset({Result.FAIL}): (Reason.FAILS_SPF, "Another term comes first and does not let pass"),
    frozenset({Result.REST}): (Reason.FAILS_SPF, "Another term comes first and keeps this one from letting pass"),
}
_UNSURE = (Reason.UNSURE, "A term comes first of which nobody can know whom it matches, and it may refuse")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A term's networks, each small enough to be watched address by address."""

    what: str
    domain: str
    networks: tuple[Network, ...]

    @property
    def size(self) -> int:
        return sum(network.num_addresses for network in self.networks)

    def addresses(self) -> Iterator[Address]:
        for network in self.networks:
            yield from network


@dataclass(frozen=True, slots=True)
class Omission:
    """What a term would propose if it were not for ``reason``."""

    reason: Reason
    what: str
    why: str


@dataclass(slots=True)
class Judgement:
    """Of all proposals: ``lost`` are the versions of which an address comes after a permanent error."""

    lost: set[int]
    unread: int = 0


def network_of(address: Address, lengths: tuple[int, int]) -> Network:
    """The network around an address, by its version's length."""
    if isinstance(address, IPv6Address):
        return IPv6Network((address, lengths[1]), strict=False)
    return IPv4Network((address, lengths[0]), strict=False)


def is_mapped(network: Network) -> bool:
    """Whether these are IPv4 addresses in IPv6 form: senders are not seen as such (RFC 7208 §5)."""
    return isinstance(network, IPv6Network) and network.prefixlen >= 96 and network[0].ipv4_mapped is not None


def judge(entries: Iterable[Proposal | Omission], policy: Policy, gathering: Gathering) -> Judgement:
    """Hand what is found and what is not to ``gathering``, in order."""
    left = 1000 + 4 * gathering.limits.most_addresses
    judgement = Judgement(set())
    for entry in entries:
        if isinstance(entry, Omission):
            gathering.skip(entry.reason, entry.what, entry.why)
        elif entry.size > left:
            judgement.unread += entry.size
        else:
            left -= entry.size
            _judge_one(entry, policy, gathering, judgement)
    return judgement


def _judge_one(proposal: Proposal, policy: Policy, gathering: Gathering, judgement: Judgement) -> None:
    good: list[Address] = []
    bad: dict[tuple[Reason, str], list[str]] = {}
    for address in proposal.addresses():
        results = policy.results(address)
        if results <= _GOOD:
            good.append(address)
        elif Result.ERROR in results:
            judgement.lost.add(address.version)
        else:
            bad.setdefault(_NOT_GOOD.get(results, _UNSURE), []).append(str(address))
    gathering.offer(good, proposal.what)
    for (reason, why), refused in bad.items():
        few = ", ".join(refused[:3]) + (" …" if len(refused) > 3 else "")
        gathering.skip(reason, proposal.what, f"{why} {few} (SPF record of {proposal.domain}).")
