"""One answer at a time, for those who can wait for it: a test of a list, ``check``, a reason.

Rules:

1. :meth:`Awaiting.close` cancels who waits, and who comes later; a client that is closed tells nobody anything.
"""

import asyncio

from exporter.providers.client import Client
from exporter.providers.wire import Suffix
from exporter.verdict import Answer


class Awaiting:
    """Asks by a client, and waits."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: set[asyncio.Future[tuple[Answer, float]]] = set()
        self._closed = False

    async def ask(self, prefix: bytes, suffix: Suffix) -> tuple[Answer, float]:
        """The answer, and the seconds it took."""
        future = self._future()
        self._client.submit(prefix, suffix, future, _resolve)
        return await future

    async def text(self, prefix: bytes, suffix: Suffix) -> bytes:
        """The reply to a question for TXT, to be read by others; nothing if it has no records."""
        future = self._future()
        lookup = self._client.submit(prefix, suffix, future, _resolve)
        await future
        return lookup.odd

    def close(self) -> None:
        """Close the client too."""
        self._client.close()
        self._closed = True
        for future in self._waiting:
            future.cancel()

    def _future(self) -> asyncio.Future[tuple[Answer, float]]:
        if self._closed:
            raise asyncio.CancelledError
        future: asyncio.Future[tuple[Answer, float]] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)
        return future


def _resolve(future: asyncio.Future[tuple[Answer, float]], answer: Answer, seconds: float) -> None:
    if not future.done():
        future.set_result((answer, seconds))
