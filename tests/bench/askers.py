"""Other programs that ask the same names: what we are measured beside.

Rule: one that is not installed gives nothing, and the tables say so. dnspython is always there.
"""

import re
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.machine import cpu_seconds, in_child
from tests.bench.made import Made
from tests.servers.ask import endpoint

IN_FLIGHT = 100
"""More than about 150 overflow rbldnsd's receive buffer of 64 KiB."""
DNSPYTHON_NAMES = 3_000
DNSPYTHON_AT_ONCE = 100

_PER_SECOND = re.compile(r"Queries per second:\s+([\d.]+)")
_LOST = re.compile(r"Queries lost:\s+(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One pass over names: how long it took, the CPU time of who asked, and how many got no answer, if that is told."""

    queries: int
    seconds: float
    cpu_seconds: float
    unanswered: int | None = None

    @property
    def rate(self) -> float:
        return self.queries / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        return self.cpu_seconds / self.queries * 1e6


@dataclass(frozen=True, slots=True)
class Work:
    """Names to ask of a server, in a file."""

    server: str
    names: Path
    count: int

    @classmethod
    def of(cls, made: Made, server: str, folder: Path) -> "Work":
        """Every made check as a name, in the order in which lists take turns."""
        names = folder / "names"
        names.write_text("".join(f"{name}\n" for name in made.names()))
        return cls(server, names, made.checks)


def dnsperf(work: Work, in_flight: int = IN_FLIGHT) -> Run | None:
    """With as many sockets as we have."""
    program = shutil.which("dnsperf")
    if program is None:
        return None
    host, port = endpoint(work.server)
    names = work.names.with_suffix(".dnsperf")
    names.write_text(work.names.read_text().replace("\n", " A\n"))
    said, _, cpu = _timed([program, "-s", host, "-p", str(port), "-d", str(names), "-n1", "-c16", "-T1", f"-q{in_flight}"])
    rate, lost = _PER_SECOND.search(said), _LOST.search(said)
    assert rate, said
    assert lost, said
    return Run(queries=work.count, seconds=work.count / float(rate[1]), cpu_seconds=cpu, unanswered=int(lost[1]))


def massdns(work: Work) -> Run | None:
    """With its start, as it does not tell its rate. What gets no answer it repeats."""
    program = shutil.which("massdns")
    if program is None:
        return None
    resolvers = work.names.with_suffix(".resolvers")
    resolvers.write_text(f"{work.server}\n")
    options = ["-r", str(resolvers), "-t", "A", "-o", "S", "-w", "/dev/null", "-s", str(IN_FLIGHT), "--quiet"]
    _, seconds, cpu = _timed([program, *options, str(work.names)])
    return Run(queries=work.count, seconds=seconds, cpu_seconds=cpu)


def dnspython(work: Work) -> Run:
    """Its resolver, one name after the other, over the first of the names."""
    return _dnspython(work, 1)


def dnspython_at_once(work: Work) -> Run:
    """Its asynchronous resolver, many names at once, over the first of the names."""
    return _dnspython(work, DNSPYTHON_AT_ONCE)


OTHERS: dict[str, Callable[[Work], Run | None]] = {
    "dnsperf": dnsperf,
    "massdns": massdns,
    "dnspython": dnspython,
    "dnspython, 100 at once": dnspython_at_once,
}


def _dnspython(work: Work, at_once: int) -> Run:
    found = in_child("tests.bench.one_dnspython", work.server, str(work.names), str(DNSPYTHON_NAMES), str(at_once))
    return Run(
        queries=int(found["queries"]),
        seconds=found["seconds"],
        cpu_seconds=found["cpu_seconds"],
        unanswered=int(found["unanswered"]),
    )


def _timed(command: list[str]) -> tuple[str, float, float]:
    """What a command says, and the seconds and CPU seconds it took."""
    began, cpu = time.monotonic(), cpu_seconds(resource.RUSAGE_CHILDREN)
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return said, time.monotonic() - began, cpu_seconds(resource.RUSAGE_CHILDREN) - cpu
