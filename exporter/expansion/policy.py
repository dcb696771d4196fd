"""What an SPF record says of an address: its rules, in order, of which the first that matches decides (RFC 7208 §4.6.2).

Rules:

1. A policy is a record whose names have been looked up, so it can be asked about any address without DNS.
2. An include matches those whom its own policy lets pass (§5.2); a redirect is the end of a policy (§6.1).
3. What cannot be known for an address is every result that is possible: whoever asks gets a set.
4. Many networks in a row cost one look for each length of a network.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import assert_never

from exporter.expansion.asking import Address
from exporter.expansion.grammar import Network, Result


@dataclass(slots=True)
class Networks:
    """Networks in a row, by version and length."""

    _firsts: dict[tuple[int, int], dict[int, tuple[int, Result]]] = field(default_factory=dict)
    _count: int = 0

    def add(self, network: Network, result: Result) -> None:
        self._count += 1
        same_length = self._firsts.setdefault((network.version, network.prefixlen), {})
        same_length.setdefault(int(network.network_address), (self._count, result))

    def result(self, address: Address) -> Result | None:
        """That of the first network which the address is in."""
        found = min(self._matches(address), default=None, key=lambda match: match[0])
        return None if found is None else found[1]

    def _matches(self, address: Address) -> Iterator[tuple[int, Result]]:
        for (version, length), networks in self._firsts.items():
            if version == address.version:
                host_bits = address.max_prefixlen - length
                match = networks.get(int(address) >> host_bits << host_bits)
                if match is not None:
                    yield match


@dataclass(frozen=True, slots=True)
class Everyone:
    """``all``."""

    result: Result


@dataclass(frozen=True, slots=True)
class Perhaps:
    """Matches nobody knows whom."""

    result: Result


@dataclass(frozen=True, slots=True)
class Included:
    policy: "Policy"
    result: Result


@dataclass(frozen=True, slots=True)
class Redirected:
    policy: "Policy"


@dataclass(frozen=True, slots=True)
class Broken:
    """Here the evaluation of addresses of these versions ends in a permanent error."""

    versions: frozenset[int]


Rule = Networks | Everyone | Perhaps | Included | Redirected | Broken


@dataclass(slots=True)
class Policy:
    rules: list[Rule] = field(default_factory=list)

    def add_network(self, network: Network, result: Result) -> None:
        last = self.rules[-1] if self.rules else None
        if not isinstance(last, Networks):
            last = Networks()
            self.rules.append(last)
        last.add(network, result)

    def results(self, address: Address) -> frozenset[Result]:
        """All that the policy may say of an address."""
        possible: set[Result] = set()
        for rule in self.rules:
            if _decides(rule, address, possible):
                return frozenset(possible)
        return frozenset(possible | {Result.NEUTRAL})  # §4.7


def _decides(rule: Rule, address: Address, possible: set[Result]) -> bool:
    """Add what the rule may say of the address; whether the rules after it do not matter."""
    match rule:
        case Networks():
            result = rule.result(address)
            possible |= set() if result is None else {result}
            return result is not None
        case Everyone(result):
            possible.add(result)
            return True
        case Perhaps(result):
            possible.add(result)
            return False
        case Included(policy, result):
            return _decides_included(policy.results(address), result, possible)
        case Redirected(policy):
            possible |= policy.results(address)
            return True
        case Broken(versions):
            possible |= {Result.ERROR} if address.version in versions else set()
            return address.version in versions
        case _:
            assert_never(rule)


def _decides_included(inner: frozenset[Result], result: Result, possible: set[Result]) -> bool:
    if Result.PASS in inner:
        possible.add(result)
    if Result.ERROR in inner:
        possible.add(Result.ERROR)
    return inner <= {Result.PASS, Result.ERROR}
