"""How one kind of list is asked: one file a kind, one literal that names them.

Rules:

1. A provider returns a :class:`Reply` and never raises: nothing foreign crosses this edge, neither a library's exception nor its
   text, which may hold a key.
2. What a list says in words comes back bounded, printable and without the key.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from exporter.blocklist import Blocklist, Resolver
from exporter.providers.dnsxl import Dnsxl
from exporter.providers.reply import Reply
from exporter.target import Target
from exporter.verdict import Answer

__all__ = ["PROVIDERS", "Asking", "Provider", "Reply"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are put: ``resolvers`` as in the config, ``timeout`` of one attempt in seconds."""

    resolvers: tuple[Resolver, ...]
    timeout: float
    attempts: int


class Provider(Protocol):
    """Asks lists of one kind."""

    def asker(self, blocklist: Blocklist, done: Callable[[_T, Answer, float], None]) -> Callable[[Target, _T], None]:
        """What asks this list, given a target and a token; ``done`` is called with the token, the answer and the seconds it took.
        A future for each would cost too much."""

    def room(self, blocklist: Blocklist) -> int:
        """How many more questions about this list are worth submitting now; nothing if it is nothing for another list with the
        same resolvers."""

    def repeated(self, blocklist: Blocklist) -> int:
        """How many queries about this list were sent, since this was last called, beyond the first of each question."""

    async def ask(self, blocklist: Blocklist, target: Target) -> Reply:
        """What the list says of the target."""

    async def reason(self, blocklist: Blocklist, target: Target) -> str:
        """The list's words about a listed target, or nothing."""

    def resolvers(self) -> Mapping[str, bool]:
        """Every resolver in use, and whether it answers."""

    def close(self) -> None:
        """Drop what is under way and let go of everything."""


PROVIDERS: Mapping[str, Callable[[Asking], Provider]] = {
    "dnsxl": lambda asking: Dnsxl(asking.resolvers, asking.timeout, asking.attempts),
}
