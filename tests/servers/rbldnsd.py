"""A real blocklist server: rbldnsd, serving zones on loopback.

Rule 1: `write` returns when the new data is served. rbldnsd reads all changed files in one pass and
answers nothing meanwhile, so a zone of our own, with the number of the latest write, proves it.
Rule 2: it reads on SIGHUP only, and only files with a new mtime: each write sets the next second.
Rule 3: data that it complains about is an error, never a zone with a hole.
"""

import os
import re
import signal
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import dns.exception

from tests.servers.ask import ask, records
from tests.servers.daemon import Daemon, require, wait_until
from tests.servers.ports import free_port
from tests.servers.zones import Zone

REVISION_ZONE = "revision.rbldnsd.example"
COMPLAINT = re.compile(r"file \S+\(\d+\): .*")


class Rbldnsd:
    """rbldnsd on a free port of 127.0.0.1, serving some zones over UDP (it has no TCP)."""

    def __init__(self, folder: Path, zones: Mapping[str, Zone]) -> None:
        self.host = "127.0.0.1"
        self.port = free_port()
        self.address = f"{self.host}:{self.port}"
        self._zones = dict(zones)
        self._revision = 0
        self._first_stamp = int(time.time())
        # It gives up root before it reads, so the folder must be open to all; pytest's own is not.
        self._folder = Path(tempfile.mkdtemp(prefix="rbldnsd-", dir=folder))
        self._folder.chmod(0o755)
        self.daemon = Daemon("rbldnsd", self._command(), self._folder, self._serves_latest)

    def __enter__(self) -> Self:
        for name in self._zones:
            self._save(name)
        self._save_revision()
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, on the same port as before; returns when it answers."""
        self.daemon.start()
        try:
            self._reject_complaints(self.daemon.fresh_log)
        except ValueError:
            self.stop()
            raise

    def stop(self) -> None:
        """Play an outage: the port is closed until `start`."""
        self.daemon.stop()

    def write(self, name: str, zone: Zone) -> None:
        """Replace a zone's data and rule; returns when the new ones are served."""
        if zone.kinds != self._zones[name].kinds:
            raise ValueError(f"{name}: rbldnsd can't change the datasets of a zone while it runs")
        self._zones[name] = zone
        self._revision += 1
        self._save(name)
        self._save_revision()
        if not self.daemon.alive:
            return
        read = len(self.daemon.log)
        self.daemon.signal(signal.SIGHUP)
        wait_until(self._serves_latest, f"rbldnsd serves the new {name}")
        self._reject_complaints(self.daemon.log[read:])

    def _command(self) -> list[str]:
        # A zone is found only when named before the zones that enclose it.
        innermost_first = sorted(self._zones, key=lambda name: -name.count("."))
        return [
            *(require("rbldnsd"), "-n", "-b", f"{self.host}/{self.port}", "-w", str(self._folder)),
            *("-c", "0", "-t", "1"),
            *(("-u", "nobody") if os.geteuid() == 0 else ()),
            f"{REVISION_ZONE}:generic:revision",
            *(f"{name}:{kind}:{name}.{index}" for name in innermost_first for index, kind in enumerate(self._zones[name].kinds)),
        ]

    def _save(self, name: str) -> None:
        for index, lines in enumerate(self._zones[name].contents):
            self._save_file(f"{name}.{index}", lines)

    def _save_revision(self) -> None:
        self._save_file("revision", [f'@ TXT "{self._revision}"'])

    def _save_file(self, name: str, lines: Iterable[str]) -> None:
        path = self._folder / name
        path.write_text("".join(f"{line}\n" for line in lines))
        path.chmod(0o644)
        stamp = self._first_stamp + self._revision  # two writes in one second differ too
        os.utime(path, (stamp, stamp))

    def _serves_latest(self) -> bool:
        try:
            answer = ask(self.address, REVISION_ZONE, "TXT", timeout=0.1)
        except (OSError, dns.exception.DNSException):
            return False
        return records(answer, "TXT") == [f'"{self._revision}"']

    def _reject_complaints(self, log: str) -> None:
        complaints = COMPLAINT.findall(log)
        if complaints:
            raise ValueError(f"rbldnsd dislikes its data: {complaints[:5]}")
