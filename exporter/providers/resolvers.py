"""Which resolver is asked next. Pure: ``now`` is an argument, in seconds.

Rules:

1. Resolvers are tried in their order. One that fails several times in a row, whatever it was asked, is rested and tried last.
2. A rested resolver is never given up: if no other is left it is asked all the same.
3. An error that a resolver *answers* (SERVFAIL) is about the list, not about the resolver.
"""

from collections.abc import Mapping
from dataclasses import dataclass

_FAILURES_IN_A_ROW = 5
_REST_SECONDS = 30.0


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """Where a resolver listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(text: str) -> Address:
    """``10.0.0.53:53`` or ``[::1]:53``, as the config gives it."""
    host, _, port = text.rpartition(":")
    return Address(host.strip("[]"), int(port))


class Resolvers:
    """The memory of a set of resolvers."""

    def __init__(self, addresses: tuple[Address, ...]) -> None:
        self._addresses = tuple(dict.fromkeys(addresses))
        self._failures = dict.fromkeys(self._addresses, 0)
        self._rested_until = dict.fromkeys(self._addresses, 0.0)

    def in_order(self, now: float) -> list[Address]:
        """All of them, those that rest last."""
        return sorted(self._addresses, key=lambda address: self._rested_until[address] > now)

    def answered(self, address: Address) -> None:
        self._failures[address] = 0
        self._rested_until[address] = 0.0

    def failed(self, address: Address, now: float) -> None:
        self._failures[address] += 1
        if self._failures[address] >= _FAILURES_IN_A_ROW:
            self._rested_until[address] = now + _REST_SECONDS

    def up(self) -> Mapping[str, bool]:
        """By address: whether it has not failed several times in a row."""
        return {str(address): failures < _FAILURES_IN_A_ROW for address, failures in self._failures.items()}
