"""A mail server that keeps what it is sent: enough of SMTP (RFC 5321) for one that means well, in threads of this process."""

import email
import email.policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Self, cast

from tests.servers.daemon import wait_until
from tests.servers.threaded import Threaded

ANSWERS = {"EHLO": "250 mailbox", "HELO": "250 mailbox", "MAIL": "250 fine", "RCPT": "250 fine", "QUIT": "221 bye"}


class Mailbox:
    """Listens while it is entered; every mail is kept, in the order in which they end."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        box = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 mailbox")
                while line := self.rfile.readline().decode().strip():
                    verb = line[:4].upper()
                    if verb == "DATA":
                        self._say("354 go on")
                        box.mails.append(_parsed(self._text()))
                        self._say("250 kept")
                    else:
                        self._say(ANSWERS.get(verb, "502 not here"))

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def _text(self) -> bytes:
                """Up to the lone dot; a dot at the start of a line was doubled."""
                lines = iter(self.rfile.readline, b".\r\n")
                return b"".join(line.removeprefix(b".") for line in lines)

        self._threaded = Threaded(ThreadingTCPServer(("127.0.0.1", 0), Handler), "mailbox")

    def __enter__(self) -> Self:
        self._threaded.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._threaded.stop()

    @property
    def address(self) -> str:
        """`127.0.0.1:PORT`."""
        return self._threaded.address

    def to(self, receiver: str) -> EmailMessage:
        """The first mail to that address, waited for."""
        wait_until(lambda: any(mail["To"] == receiver for mail in self.mails), f"mail for {receiver} has come")
        return next(mail for mail in self.mails if mail["To"] == receiver)


def part(mail: EmailMessage, kind: str) -> str | None:
    """The text of its part of this kind, `plain` or `html`; None if it has none."""
    found = mail.get_body((kind,))
    return None if found is None else cast("str", found.get_content()).replace("\r\n", "\n")


def _parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)
