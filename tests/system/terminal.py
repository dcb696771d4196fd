"""A command on a terminal of its own."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
_WIPED = "\x1b[2K"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a terminal was sent, and how the command ended."""

    raw: str
    returncode: int

    @property
    def lines(self) -> list[str]:
        """What stands there at the end: without colours, and without the progress bar, which wipes itself off."""
        return [_ESCAPE.sub("", line).rstrip() for line in self.raw.rsplit(_WIPED, 1)[-1].splitlines()]


def on_a_terminal(*args: str, folder: Path, columns: int = 100) -> Seen:
    """`dnsbl-exporter` with these arguments, to its end; all that it writes goes to a terminal so wide."""
    here, there = pty.openpty()
    fcntl.ioctl(there, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "exporter", *args],
        cwd=folder,
        env={**environment, "TERM": "xterm-256color"},
        stdin=subprocess.DEVNULL,
        stdout=there,
        stderr=there,
    ) as process:
        os.close(there)
        shown = read_to_end(here)
    return Seen(shown, process.returncode)


def read_to_end(terminal: int) -> str:
    """All that is sent to a terminal, which is closed then."""
    shown = b""
    with suppress(OSError):  # how a terminal says that nobody is on its other end
        while read := os.read(terminal, 65536):
            shown += read
    os.close(terminal)
    return shown.decode()
