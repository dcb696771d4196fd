"""Whose turn it is: the resolvers of a client, in the order in which they are asked.

Rules:

1. The first that is not rested (see ``resolvers``) is asked; one that refused a moment ago comes last.
2. What one fails at goes to the next, round and round, but to none that is known to be down.
"""

from collections.abc import Callable, Collection, Iterator

from exporter.providers.lookup import Flight, Trouble
from exporter.providers.resolvers import Address, Resolvers
from exporter.providers.sockets import Port
from exporter.providers.upstream import Upstream


class Upstreams:
    """All resolvers; ``readable`` is called with each socket that has something to read. Those of ``lower_case`` are asked
    without mixed case."""

    def __init__(
        self, addresses: tuple[Address, ...], readable: Callable[[Port[Flight]], None], lower_case: Collection[Address] = ()
    ) -> None:
        self.memory = Resolvers(addresses)
        self._all = {address: Upstream(address, readable, mixed_case=address not in lower_case) for address in addresses}
        self._usable = list(self._all.values())

    def __iter__(self) -> Iterator[Upstream]:
        return iter(self._all.values())

    def __len__(self) -> int:
        return len(self._all)

    @property
    def first(self) -> Upstream:
        """Who is asked first."""
        return self._usable[0]

    @property
    def alone(self) -> bool:
        """Whether there is nobody else to ask."""
        return len(self._usable) == 1

    def exhausted(self, trouble: Trouble) -> bool:
        """Whether each of them has answered an error."""
        return trouble.erred.issuperset(self._usable)

    def after(self, trouble: Trouble, now: float) -> Upstream | None:
        """The next after the last one asked that has not answered an error, and has room."""
        usable = self._usable
        start = usable.index(trouble.last) + 1 if trouble.last in usable else 0
        for upstream in (*usable[start:], *usable[:start]):
            if upstream not in trouble.erred and upstream.room(now) > 0:
                return upstream
        return None

    def failed(self, upstream: Upstream, now: float) -> None:
        upstream.failing = True
        self.memory.failed(upstream.address, now)
        self.rank(now)

    def recovered(self, upstream: Upstream, now: float) -> None:
        upstream.failing = False
        self.memory.answered(upstream.address)
        self.rank(now)

    def rank(self, now: float) -> None:
        """Put them in order; to be called now and then, for rests and pauses end."""
        if len(self._all) == 1:
            return
        up = self.memory.up()
        first, *others = (self._all[address] for address in self.memory.in_order(now))
        usable = [first, *(upstream for upstream in others if up[str(upstream.address)])]
        self._usable = sorted(usable, key=lambda upstream: upstream.paused(now))
