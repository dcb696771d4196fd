"""A web server that keeps what is posted to it: messages of Alertmanager as webhooks get them, and whatever else.

Rule: it answers at once and says yes, so nothing is told twice because of it.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.servers.daemon import wait_until
from tests.servers.threaded import Threaded


@dataclass(frozen=True, slots=True)
class Told:
    """One alert of a message."""

    status: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """What came in one request: the path without its slash, its alerts, and when it came, in seconds of the monotonic clock."""

    receiver: str
    alerts: tuple[Told, ...]
    at: float


class Webhook:
    """Listens while it is entered. What has no alerts in it is kept in `others`, by path."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.others: dict[str, object] = {}
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook._keep(self.path.strip("/"), json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._threaded = Threaded(ThreadingHTTPServer(("127.0.0.1", 0), Handler), "webhook")

    def __enter__(self) -> Self:
        self._threaded.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._threaded.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._threaded.address}"

    def wait_for(self, count: int, within: float = 30.0) -> None:
        """Return when so many messages have come, in all."""
        wait_until(lambda: len(self.messages) >= count, f"{count} messages have come", within)

    def _keep(self, path: str, body: Mapping[str, object]) -> None:
        alerts = body.get("alerts")
        if not isinstance(alerts, list):
            self.others[path] = body
            return
        told = tuple(Told(each["status"], each["labels"], each["annotations"]) for each in alerts)
        self.messages.append(Message(path, told, time.monotonic()))
