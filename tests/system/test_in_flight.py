"""SIGTERM with ten thousand questions in flight.

What is counted is counted at the servers: checks whose first packet came in there, and whose answer is held back. To the exporter
each of them is a question without an answer. Its latest packet is on the wire, or was given up, and it waits to be sent again: no
more packets are on the wire than the windows of the resolvers let out.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from tests.servers.behaviour import Packet, Transport
from tests.servers.exporter import Exporter
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.rude import Rude, Send
from tests.servers.zones import addresses
from tests.system.holding import holding
from tests.system.ledger import Ledger, assert_shown, assert_sound
from tests.system.scrape import Place, Scrape
from tests.system.settings import addresses_on, config

PROMPT = "prompt.example"
GOES, STAYS, COMES = "2001:db8::1", "2001:db8::2", "2001:db8::3"

SLOW = [f"slow-{number}.example" for number in range(22)]
HELD = [f"10.0.{number // 250}.{number % 250}" for number in range(500)]
ON, RETURNS = HELD[::250], HELD[1]
RESOLVERS, IN_FLIGHT = 10, 10_000

ZONES = [PROMPT, *SLOW]
TARGETS = [GOES, STAYS, COMES, *HELD]
BEFORE = {PROMPT: (2, 0)} | dict.fromkeys(SLOW, (len(ON), 0))
CONCLUDED = BEFORE | {PROMPT: (3, 1)}

# DNS as octets: what stands before a zone for 10.0.0.0/16 and for 127.0.0.2, and heads and a record of answers.
HELD_NAME, TEST_ENTRY = b"\x010\x0210", b"\x012\x010\x010\x03127"
ABSENT, LISTED = bytes.fromhex("8583 0001 0000 0000 0000"), bytes.fromhex("8580 0001 0001 0000 0000")
RECORD = bytes.fromhex("c00c 0001 0001 0000003c 0004 7f000002")
HEADER_OCTETS = 12


class Withholding(Rude):
    """Holds nobody on its lists but the test entry, and holds back every answer about 10.0.0.0/16.

    It reads no more of a question than that takes: they come in tens of thousands, for each is asked again and again."""

    def __init__(self) -> None:
        super().__init__()
        self.held: set[bytes] = set()

    def receive(self, wire: bytes, transport: Transport, send: Send) -> None:
        """Remember the question, or answer it."""
        question = wire[HEADER_OCTETS : wire.index(b"\0", HEADER_OCTETS) + 5]
        if HELD_NAME in question:
            self.held.add(question.lower())
        elif question.startswith(TEST_ENTRY):
            send(Packet(wire[:2] + LISTED + question + RECORD))
        else:
            send(Packet(wire[:2] + ABSENT + question))


def _config(prompt: str, slow: Sequence[str], interval: str) -> str:
    """The prompt list at one resolver, and the others by turns at these, each of which has a window of its own."""
    lists = [addresses_on(PROMPT, kinds=["ipv6"], resolvers=[prompt])]
    lists += [addresses_on(zone, kinds=["ipv4"], resolvers=[slow[number % len(slow)]]) for number, zone in enumerate(SLOW)]
    checks = {"interval": interval, "confirm_interval": "200ms", "test_interval": "200ms"}
    patient = {"timeout": "2m", "attempts": 1}
    return config(prompt, lists, TARGETS, checks, patient, metrics={"checks": "history"})


def _totals(scrape: Scrape) -> dict[str, tuple[int, int]]:
    return {zone: scrape.totals(zone) for zone in ZONES}


def _known(history: Path) -> dict[str, bytes]:
    """What the file knows of each held target besides its listings: which lists, and when."""
    with closing(sqlite3.connect(history)) as file:
        rows = dict[str, bytes](file.execute("SELECT target, facts FROM known").fetchall())
    return {target: rows[target] for target in HELD}


def test_sigterm_with_ten_thousand_questions_in_flight_ends_cleanly(tmp_path: Path) -> None:
    """It ends with exit code 0; the file has all that was concluded, and of what was not, only what it had before."""
    history = tmp_path / "history.db"
    zones = {PROMPT: addresses([GOES, STAYS])} | dict.fromkeys(SLOW, addresses(ON))
    with (
        Rbldnsd(tmp_path, zones) as rbldnsd,
        ExitStack() as stack,
        Exporter(tmp_path, _config(rbldnsd.address, [rbldnsd.address], "1h")) as exporter,
    ):
        exporter.wait(lambda it: not any("unknown" in Scrape.now(it).checks(zone) for zone in ZONES), "all is known")
        assert _totals(Scrape.now(exporter)) == BEFORE
        assert exporter.terminate() == 0
        known = _known(history)

        rude = stack.enter_context(Rude())
        rude.behave(PROMPT, holding(STAYS, COMES))
        servers = [stack.enter_context(Withholding()) for _ in range(RESOLVERS)]
        exporter.config.write_text(_config(rude.address, [server.address for server in servers], "500ms"))
        exporter.start()
        exporter.wait(lambda _: sum(len(server.held) for server in servers) >= IN_FLIGHT, "so many are in flight", 60)
        exporter.wait(lambda it: _totals(Scrape.now(it)) == CONCLUDED, "what is prompt is concluded")
        before = Scrape.now(exporter)
        assert not any(before.by("dnsbl_check_failures_total", "list", "cause").values())
        assert exporter.terminate() == 0
        ledger = Ledger.read(history)
        assert_sound(ledger)
        assert ledger.totals == CONCLUDED
        assert ledger.standings() == before.standings()
        assert _known(history) == known

        rbldnsd.stop()
        rbldnsd.write(PROMPT, addresses([STAYS, COMES]))
        rbldnsd.start()
        exporter.config.write_text(_config(rbldnsd.address, [rbldnsd.address], "2s"))
        exporter.start()
        assert_shown(Scrape.now(exporter), ledger, TARGETS, ZONES)
        rbldnsd.write(SLOW[0], addresses([*ON, RETURNS]))
        exporter.wait(lambda it: Place(RETURNS, SLOW[0], "") in Scrape.now(it).codes(), "it goes on")
        assert _totals(Scrape.now(exporter)) == CONCLUDED | {SLOW[0]: (len(ON) + 1, 0)}
        assert "damaged" not in exporter.log
