"""Resolvers that die while a lap is under way, and come back: nobody is accused, nobody is cleared, and checks go on.

Each resolver gives listings a code of its own, so the codes on /metrics tell which one was asked.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.servers.exporter import Exporter
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.zones import addresses
from tests.system.scrape import Scrape, assert_consistent
from tests.system.settings import QUICK, Settings, addresses_on, config

ZONE = "bl.example"
TARGETS = [f"192.0.2.{number}" for number in range(100)]
ON = TARGETS[::5]
KNOWN = {"listed": len(ON), "not_listed": len(TARGETS) - len(ON)}
CODES = "127.0.0.2", "127.0.0.3"

Death = Callable[[Rbldnsd], AbstractContextManager[None]]


@contextmanager
def _running(folder: Path, resolvers: int, query: Settings) -> Iterator[tuple[Exporter, list[Rbldnsd]]]:
    """An exporter in the middle of its second lap, and its resolvers. Laps follow each other without a pause."""
    with ExitStack() as stack:
        servers = [stack.enter_context(Rbldnsd(folder, {ZONE: addresses(dict.fromkeys(ON, code))})) for code in CODES[:resolvers]]
        listening = [server.address for server in servers]
        text = config("", [addresses_on(ZONE)], TARGETS, QUICK, query, resolvers=listening)
        exporter = stack.enter_context(Exporter(folder, text))
        up = [1] * resolvers
        known = _when(exporter, lambda scrape: _is_known_from(scrape, CODES[0]) and _up(scrape) == up, "all is known")
        _when(exporter, lambda scrape: _finished(scrape) >= _finished(known) + 50, "the next lap is half done")
        yield exporter, servers


@contextmanager
def _killed(server: Rbldnsd) -> Iterator[None]:
    """Nobody listens on its port."""
    server.stop()
    yield
    server.start()


@contextmanager
def _hanging(server: Rbldnsd) -> Iterator[None]:
    """It takes questions and answers none."""
    server.daemon.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.daemon.signal(signal.SIGCONT)


def _is_known_from(scrape: Scrape, code: str) -> bool:
    """Whether nothing is unknown, and whoever is listed is so by this code."""
    return scrape.checks(ZONE) == KNOWN and set(scrape.codes().values()) == {code}


def _finished(scrape: Scrape) -> float:
    return scrape.by("dnsbl_checks_total", "list")[ZONE,]


def _up(scrape: Scrape) -> list[float]:
    """`dnsbl_resolver_up` of each, in the order of the config."""
    return list(scrape.by("dnsbl_resolver_up", "resolver").values())


def _when(exporter: Exporter, condition: Callable[[Scrape], bool], what: str) -> Scrape:
    """The first scrape that meets the condition."""
    seen: list[Scrape] = []

    def met(it: Exporter) -> bool:
        seen.append(Scrape.now(it))
        return condition(seen[-1])

    exporter.wait(met, what)
    return seen[-1]


@pytest.mark.parametrize("dead", [_killed, _hanging], ids=["killed", "hanging"])
def test_what_a_dead_resolver_had_to_answer_another_does(tmp_path: Path, dead: Death) -> None:
    """The second is asked instead of the first, and the first, once it is back, instead of the second; nothing stays unknown.

    A resolver that is down is tried again when no other is left, or after half a minute, for which no test waits."""
    with _running(tmp_path, 2, {"timeout": "2s", "attempts": 2}) as (exporter, (first, second)):
        before = Scrape.now(exporter)
        with dead(first):
            _when(exporter, lambda scrape: _up(scrape) == [0, 1], "the first is seen to be down")
            during = _when(exporter, lambda scrape: _is_known_from(scrape, CODES[1]), "all is known from the second")
        with dead(second):
            _when(exporter, lambda scrape: _up(scrape)[0] == 1, "the first is seen to be up again")
            after = _when(exporter, lambda scrape: _is_known_from(scrape, CODES[0]), "all is known from the first again")
    for scrape in (during, after):
        assert scrape.standings() == before.standings()
        assert scrape.listed(ZONE) == before.listed(ZONE)
        assert scrape.totals(ZONE) == before.totals(ZONE) == (len(ON), 0)
        assert_consistent(scrape)


def test_without_any_resolver_what_is_known_stays_and_is_marked_unknown(tmp_path: Path) -> None:
    """When the only one dies, checks come to nothing with their cause, listings stay, and all is known again when it is back."""
    with _running(tmp_path, 1, {"timeout": "500ms", "attempts": 1}) as (exporter, (only,)):
        before = Scrape.now(exporter)
        with _killed(only):
            _when(exporter, lambda scrape: _up(scrape) == [0], "it is seen to be down")
            during = _when(exporter, lambda scrape: len(scrape.causes(ZONE).keys() & ON) >= 2, "listed targets are unknown")
        after = _when(exporter, lambda scrape: scrape.checks(ZONE) == KNOWN, "all is known again")
    failures = during.by("dnsbl_check_failures_total", "list", "cause")
    assert failures[ZONE, "network"] > before.by("dnsbl_check_failures_total", "list", "cause")[ZONE, "network"]
    assert set(during.causes(ZONE).values()) <= {"network", "timeout", "unhealthy"}
    assert not after.causes(ZONE)
    assert _up(after) == [1]
    for scrape in (during, after):
        assert scrape.standings() == before.standings()
        assert scrape.listed(ZONE) == before.listed(ZONE)
        assert scrape.totals(ZONE) == before.totals(ZONE) == (len(ON), 0)
        assert_consistent(scrape)
