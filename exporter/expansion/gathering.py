"""What an expansion has found so far, and what it left out.

Rules:

1. A target counts once, where it was first found.
2. Both are bounded: of targets the first ``most_addresses`` are kept, of what was skipped the first 100. What is over is counted
   and said.
"""

from collections.abc import Iterable

from exporter.expansion.asking import Address
from exporter.expansion.words import Found, Limits, Reason, Skipped, printable
from exporter.target import Target, parse

_MOST_SKIPPED = 100


class Gathering:
    """Collects in the order of preference."""

    def __init__(self, limits: Limits, *, non_global: bool) -> None:
        self.limits = limits
        self._non_global = non_global
        self._targets: dict[Target, None] = {}
        self._over: set[Target] = set()
        self._skipped: dict[Skipped, None] = {}
        self._more = 0

    @property
    def seen(self) -> int:
        """How many targets were offered and fit to be watched, those over the limit among them."""
        return len(self._targets) + len(self._over)

    def skip(self, reason: Reason, what: str, why: str) -> None:
        """Leave out ``what``, which may be any text."""
        skipped = Skipped(reason, printable(what), why)
        if skipped in self._skipped:
            return
        if len(self._skipped) < _MOST_SKIPPED:
            self._skipped[skipped] = None
        else:
            self._more += 1

    def offer(self, addresses: Iterable[Address], what: str) -> None:
        """Keep the addresses that ``what`` leads to, as far as they may be watched."""
        private = []
        for target in (parse(str(address)) for address in addresses):
            if target.is_global or self._non_global:
                self._keep(target)
            else:
                private.append(target)
        if private:
            few = ", ".join(target.text for target in private[:3]) + (" …" if len(private) > 3 else "")
            self.skip(Reason.NOT_GLOBAL, what, f"Strangers cannot list what is not globally reachable: {few}.")

    def found(self, broken: str = "", *, unread: int = 0) -> Found:
        """All of it. ``unread`` says how many more addresses there may be that nobody looked at."""
        skipped = [*self._skipped]
        if self._more:
            why = f"{self._more} more things are not watched either."
            skipped.append(Skipped(Reason.MORE, f"and {self._more} more", why, self._more))
        if self._over or unread:
            total = f"{self.seen} addresses" + (f" and up to {unread} more" if unread else "")
            limit = f"Of {total} the first {len(self._targets)} are watched (most_addresses: {self.limits.most_addresses})."
            skipped.append(Skipped(Reason.TOO_MANY_ADDRESSES, total, limit))
        return Found(tuple(self._targets), tuple(skipped), broken)

    def _keep(self, target: Target) -> None:
        if target in self._targets:
            return
        if len(self._targets) < self.limits.most_addresses:
            self._targets[target] = None
        else:
            self._over.add(target)
