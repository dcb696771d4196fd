"""The servers of the tests do what they promise: what stands on them stands."""

import json
import random
import smtplib
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import pytest
from dns.rcode import NOERROR, NXDOMAIN, REFUSED, SERVFAIL

from tests.servers import behaviour as honest
from tests.servers import mischief
from tests.servers.ask import ask, endpoint, prefix, records
from tests.servers.behaviour import Behaviour, absent, healthy, listed
from tests.servers.daemon import Daemon, require, wait_until
from tests.servers.garbage import GARBAGE
from tests.servers.mailbox import Mailbox, part
from tests.servers.ports import free_port
from tests.servers.prometheus import Prometheus
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.rude import Asked, Rude
from tests.servers.threaded import Threaded
from tests.servers.unbound import Unbound
from tests.servers.webhook import Told, Webhook
from tests.servers.zones import (
    Dataset,
    Zone,
    addresses,
    dead,
    domains,
    ignoring,
    listing_everything,
    refusing,
)

ZONE = "bl.example"
NAME = f"{prefix('192.0.2.7')}.{ZONE}"


@pytest.fixture(name="rude", params=["127.0.0.1", "::1"])
def _rude(request: pytest.FixtureRequest) -> Iterator[Rude]:
    with Rude(request.param) as rude:
        yield rude


@pytest.fixture(name="rbldnsd")
def _rbldnsd(tmp_path: Path) -> Iterator[Rbldnsd]:
    listed_addresses = {
        "192.0.2.7": ["127.0.0.4", "127.0.0.10:Policy $"],
        "2001:db8::/64": "127.0.0.3",
    }
    zones = {ZONE: addresses(listed_addresses), "dbl.test": domains({".bad.example": "127.0.1.2"})}
    with Rbldnsd(tmp_path, zones) as rbldnsd:
        yield rbldnsd


def codes(address: str, target: str, zone: str = ZONE) -> list[str]:
    """The return codes of a target."""
    return records(ask(address, f"{prefix(target)}.{zone}"))


def datagrams(address: str, queries: list[dns.message.Message], count: int) -> list[bytes]:
    """The next datagrams after some queries from one socket, whoever sent them."""
    host, port = endpoint(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asker:
        asker.settimeout(5)
        for query in queries:
            asker.sendto(query.to_wire(), (host, port))
        return [asker.recv(65535) for _ in range(count)]


# ---- daemon


def test_a_daemon_that_dies_at_start_says_why(tmp_path: Path) -> None:
    """The error of a daemon that ends before it is ready carries the end of its log."""
    command = [sys.executable, "-c", "raise SystemExit('no such zone')"]
    with (
        pytest.raises(RuntimeError, match="exit code 1") as failure,
        Daemon("stillborn", command, tmp_path, lambda: False),
    ):
        pass
    assert "no such zone" in failure.value.__notes__[0]


def test_a_daemon_that_ignores_sigterm_is_killed_by_kill(tmp_path: Path) -> None:
    """No process outlives its daemon, and its log outlives a restart."""
    command = [sys.executable, "-uc", "import time; print('up'); time.sleep(60)"]
    daemon = Daemon("sleeper", command, tmp_path, lambda: "up" in daemon.fresh_log)
    with daemon:
        first = daemon.pid
        assert daemon.kill() == -9
        assert not daemon.alive
        daemon.start()
        assert daemon.pid != first
        assert daemon.log == 2 * daemon.fresh_log
    assert daemon.exit_code == -15


def test_a_missing_program_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing program skips the test locally and fails it where `CI` is set."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-program is not installed"):
        require("no-such-program")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-program is not installed"):
        require("no-such-program")


def test_waiting_for_what_never_comes_names_it() -> None:
    """A condition that stays false fails with what was awaited."""
    with pytest.raises(AssertionError, match=r"not within 0\.05 s: the moon"):
        wait_until(lambda: False, "the moon", within=0.05)


# ---- rbldnsd


def test_rbldnsd_serves_every_code_of_addresses_and_domains(rbldnsd: Rbldnsd) -> None:
    """An IPv4 address may have two codes; IPv6 ranges, domains and test entries are listed too."""
    assert codes(rbldnsd.address, "192.0.2.7") == ["127.0.0.10", "127.0.0.4"]
    assert codes(rbldnsd.address, "2001:db8::25") == ["127.0.0.3"]
    assert codes(rbldnsd.address, "127.0.0.2") == ["127.0.0.2"]
    assert codes(rbldnsd.address, "::ffff:7f00:2") == ["127.0.0.2"]
    assert codes(rbldnsd.address, "mx.bad.example", "dbl.test") == ["127.0.1.2"]
    assert codes(rbldnsd.address, "test", "dbl.test") == ["127.0.0.2"]
    assert ask(rbldnsd.address, f"{prefix('127.0.0.1')}.{ZONE}").rcode() == NXDOMAIN
    reasons = ['"Listed 192.0.2.7"', '"Policy 192.0.2.7"']
    assert records(ask(rbldnsd.address, NAME, "TXT"), "TXT") == reasons


def test_several_datasets_give_an_ipv6_address_several_codes(tmp_path: Path) -> None:
    """A zone may hold several datasets of one type."""
    six = (Dataset("ip6trie", (f"2001:db8::25 :{code}:",)) for code in ("127.0.0.3", "127.0.0.4"))
    with Rbldnsd(tmp_path, {ZONE: Zone(tuple(six))}) as rbldnsd:
        assert codes(rbldnsd.address, "2001:db8::25") == ["127.0.0.3", "127.0.0.4"]


def test_a_write_is_served_when_it_returns(rbldnsd: Rbldnsd) -> None:
    """Twenty writes within a second are each seen, by the first question after."""
    for octet in range(20):
        rbldnsd.write(ZONE, addresses([f"192.0.2.{octet}"]))
        assert codes(rbldnsd.address, f"192.0.2.{octet}") == ["127.0.0.2"]
        assert codes(rbldnsd.address, f"192.0.2.{octet - 1 if octet else 7}") == []


@pytest.mark.parametrize(
    ("change", "rcode", "answer"),
    [
        (dead, NXDOMAIN, []),
        (refusing, REFUSED, []),
        (listing_everything, NOERROR, ["127.0.0.2"]),
    ],
)
def test_a_list_may_die_refuse_or_list_the_world(
    rbldnsd: Rbldnsd, change: Callable[[Zone], Zone], rcode: dns.rcode.Rcode, answer: list[str]
) -> None:
    """Whatever a zone holds, its rule decides for every name, and only in that zone."""
    rbldnsd.write("dbl.test", change(domains()))
    for name in ("test", "invalid", "a.b.example"):
        message = ask(rbldnsd.address, f"{name}.dbl.test")
        assert (message.rcode(), records(message)) == (rcode, answer)
    assert codes(rbldnsd.address, "127.0.0.2") == ["127.0.0.2"]


def test_a_list_may_ignore_and_go_away_and_come_back(rbldnsd: Rbldnsd) -> None:
    """Silence is a rule, an outage is a stop; after both the data is served as before."""
    data = addresses(["192.0.2.7"])
    rbldnsd.write(ZONE, ignoring(data))
    with pytest.raises(dns.exception.Timeout):
        ask(rbldnsd.address, NAME, timeout=0.2)
    rbldnsd.stop()
    rbldnsd.write(ZONE, data)
    rbldnsd.start()
    assert codes(rbldnsd.address, "192.0.2.7") == ["127.0.0.2"]


def test_data_that_rbldnsd_dislikes_is_an_error(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """A line that rbldnsd leaves out is no silent hole, at the start or later."""
    bad = Zone((Dataset("ip4set", ("192.0.2.300",)), Dataset("ip6trie")))
    with pytest.raises(ValueError, match="invalid address"):
        rbldnsd.write(ZONE, bad)
    with pytest.raises(ValueError, match="can't change the datasets"):
        rbldnsd.write(ZONE, domains())
    late = Rbldnsd(tmp_path, {ZONE: bad})
    with pytest.raises(ValueError, match="invalid address"), late:
        pass
    assert not late.daemon.alive


def test_rbldnsd_serves_a_large_zone(rbldnsd: Rbldnsd) -> None:
    """A zone of 14,000 addresses is served when the write returns."""
    many = [f"10.{number // 65536}.{number // 256 % 256}.{number % 256}" for number in range(14000)]
    rbldnsd.write(ZONE, addresses(many))
    assert codes(rbldnsd.address, many[-1]) == ["127.0.0.2"]


# ---- unbound


def test_unbound_shows_a_change_and_an_outage_at_once(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """Neither listings, nor absences, nor an outage are remembered."""
    stubs = {ZONE: rbldnsd.address, "dbl.test": rbldnsd.address}
    with Unbound(tmp_path, stubs) as unbound:
        assert codes(unbound.address, "test", "dbl.test") == ["127.0.0.2"]
        for listed_addresses in (["192.0.2.7"], [], ["192.0.2.7"]):
            rbldnsd.write(ZONE, addresses(listed_addresses))
            assert codes(unbound.address, "192.0.2.7") == ["127.0.0.2" for _ in listed_addresses]
        rbldnsd.stop()
        assert ask(unbound.address, NAME).rcode() == SERVFAIL
        rbldnsd.start()
        assert codes(unbound.address, "192.0.2.7") == ["127.0.0.2"]
        assert ask(unbound.address, "www.example.com").rcode() == REFUSED


def test_unbound_may_turn_a_listing_into_nothing(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """Rebinding protection takes the code away and leaves NOERROR, and NXDOMAIN as it is."""
    with Unbound(tmp_path, {ZONE: rbldnsd.address}, private_127=True) as unbound:
        assert ask(unbound.address, NAME).rcode() == NOERROR
        assert codes(unbound.address, "192.0.2.7") == []
        assert ask(unbound.address, f"1.2.3.4.{ZONE}").rcode() == NXDOMAIN


def test_unbound_follows_an_alias_and_a_truncated_answer(tmp_path: Path) -> None:
    """The resolver asks a rude server over TCP when told to, and completes an alias."""
    with Rude() as rude, Unbound(tmp_path, {ZONE: rude.address}) as unbound:
        rude.behave(ZONE, mischief.truncated(listed("127.0.0.4")))
        assert codes(unbound.address, "192.0.2.7") == ["127.0.0.4"]
        assert Asked(NAME, "A", "tcp") in rude.questions
        rude.behave(ZONE, honest.cname_then("127.0.0.9"))
        rude.behave(f"alias.{ZONE}", listed("127.0.0.5"))
        assert codes(unbound.address, "192.0.2.8") == ["127.0.0.5"]


# ---- rude, honest


@pytest.mark.parametrize(
    ("behaviour", "rcode", "answer"),
    [
        (listed("127.0.0.4", "127.0.0.10"), "NOERROR", ["127.0.0.10", "127.0.0.4"]),
        (honest.zone_data({"7.2.0.192": "127.0.0.4"}), "NOERROR", ["127.0.0.4"]),
        (honest.zone_data({"8.2.0.192": "127.0.0.4"}), "NXDOMAIN", []),
        (honest.cname_then("127.0.0.4"), "NOERROR", ["127.0.0.4"]),
        (honest.many(3), "NOERROR", ["127.0.0.2", "127.0.0.3", "127.0.0.4"]),
        (absent, "NXDOMAIN", []),
        (honest.nodata, "NOERROR", []),
        (honest.servfail, "SERVFAIL", []),
        (honest.refused, "REFUSED", []),
        (honest.formerr, "FORMERR", []),
        (honest.notimp, "NOTIMP", []),
        (mischief.cname_loop, "NOERROR", []),
        (mischief.flaky(random.Random(1), 0.0, absent), "NXDOMAIN", []),
    ],
)
@pytest.mark.parametrize("tcp", [False, True])
def test_rude_answers_as_it_is_told(rude: Rude, behaviour: Behaviour, rcode: str, answer: list[str], tcp: bool) -> None:
    """A behaviour is the answer over UDP and over TCP."""
    rude.behave(ZONE, behaviour)
    message = ask(rude.address, NAME, tcp=tcp)
    assert (dns.rcode.to_text(message.rcode()), records(message)) == (rcode, answer)


def test_rude_takes_the_innermost_zone_and_refuses_the_rest(rude: Rude) -> None:
    """A zone within a zone behaves by itself; a name in no zone is refused."""
    rude.behave(ZONE, listed("127.0.0.2"))
    rude.behave(f"Key.{ZONE}", listed("127.0.0.3"))
    assert codes(rude.address, "192.0.2.7") == ["127.0.0.2"]
    assert codes(rude.address, "192.0.2.7", f"kEY.{ZONE}") == ["127.0.0.3"]
    assert ask(rude.address, "bl.example.org").rcode() == REFUSED


def test_rude_records_what_it_was_asked(rude: Rude) -> None:
    """Every question is recorded, as it was spelt, and counted by zone and type."""
    rude.behave(ZONE, absent)
    ask(rude.address, f"A.{ZONE}")
    ask(rude.address, f"b.{ZONE}", "TXT", tcp=True)
    ask(rude.address, f"x{ZONE}")
    first, second, _ = rude.questions
    assert (first, second) == (Asked(f"A.{ZONE}", "A", "udp"), Asked(f"b.{ZONE}", "TXT", "tcp"))
    assert (rude.count(ZONE), rude.count(ZONE, "TXT")) == (1, 1)


@pytest.mark.parametrize("inner", [absent, listed("127.0.0.4")])
def test_a_healthy_list_is_right_about_its_test_entries(rude: Rude, inner: Behaviour) -> None:
    """Test entries are right whatever the list says of all else."""
    rude.behave(ZONE, healthy(inner))
    for target in ("127.0.0.2", "::ffff:7f00:2", "TEST"):
        assert codes(rude.address, target) == ["127.0.0.2"]
    for target in ("127.0.0.1", "::ffff:7f00:1", "INVALID", "x.invalid"):
        assert ask(rude.address, f"{prefix(target)}.{ZONE}").rcode() == NXDOMAIN
    for target in ("198.18.3.4", "198.19.255.1", "2001:2::7", "2001:2:0:9::1"):
        assert ask(rude.address, f"{prefix(target)}.{ZONE}").rcode() == NXDOMAIN
    expected = [] if inner is absent else ["127.0.0.4"]
    for target in ("198.20.0.1", "2001:2:1::1", "192.0.2.7", "bad.example"):
        assert codes(rude.address, target) == expected


def test_large_answers_are_truncated_and_complete_over_tcp(rude: Rude) -> None:
    """What does not fit a datagram is truncated honestly."""
    rude.behave(ZONE, honest.huge_txt("127.0.0.4", size=4000))
    assert ask(rude.address, NAME, "TXT").flags & dns.flags.TC
    text = records(ask(rude.address, NAME, "TXT", tcp=True), "TXT")[0]
    assert text.count("x") == 4000
    rude.behave(ZONE, honest.echo_txt("127.0.0.4"))
    assert NAME in records(ask(rude.address, NAME, "TXT"), "TXT")[0]


# ---- rude, dishonest


def test_lies_are_told_one_at_a_time(rude: Rude) -> None:
    """A wrong ID, a wrong name and a query for an answer are each wrong in just that."""
    query = dns.message.make_query(NAME, "A")
    for lie, is_response, right_id, right_name in (
        (listed("127.0.0.4"), True, True, True),
        (mischief.wrong_id("127.0.0.4"), True, False, True),
        (mischief.wrong_question("127.0.0.4"), True, True, False),
        (mischief.not_a_response(listed("127.0.0.4")), False, True, True),
    ):
        rude.behave(ZONE, lie)
        told = dns.message.from_wire(datagrams(rude.address, [query], 1)[0])
        assert records(told) == ["127.0.0.4"]
        assert bool(told.flags & dns.flags.QR) == is_response
        assert (told.id == query.id) == right_id
        assert (told.question[0].name.to_text(omit_final_dot=True) == NAME) == right_name


def test_forgeries_come_first_and_the_truth_last(rude: Rude) -> None:
    """Forgeries arrive before the answer, one of them from another port."""
    fakes = [mischief.wrong_id("127.0.0.9"), mischief.from_elsewhere(listed("127.0.0.8"))]
    rude.behave(ZONE, mischief.forged_first(fakes, listed("127.0.0.4")))
    query = dns.message.make_query(NAME, "A")
    told = [dns.message.from_wire(wire) for wire in datagrams(rude.address, [query], 3)]
    assert [records(message)[0] for message in told] == ["127.0.0.9", "127.0.0.8", "127.0.0.4"]
    rude.behave(ZONE, mischief.from_elsewhere(listed("127.0.0.8")))
    with pytest.raises(dns.exception.DNSException):
        ask(rude.address, NAME)


def test_a_late_answer_holds_up_no_other(rude: Rude) -> None:
    """Who asks after a late answer was promised is answered before it."""
    rude.behave(ZONE, mischief.late(0.2, absent))
    rude.behave("fast.example", absent)
    slow, fast = (dns.message.make_query(name, "A") for name in (NAME, "fast.example"))
    started = time.monotonic()
    told = datagrams(rude.address, [slow, fast], 2)
    assert [dns.message.from_wire(wire).id for wire in told] == [fast.id, slow.id]
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_arrives_and_is_no_message(rude: Rude, kind: str) -> None:
    """No kind of garbage can be read as a DNS message."""
    rude.behave(ZONE, GARBAGE[kind])
    (wire,) = datagrams(rude.address, [dns.message.make_query(NAME, "A")], 1)
    with pytest.raises(dns.exception.DNSException):
        dns.message.from_wire(wire)


def test_an_error_may_come_without_its_question(rude: Rude) -> None:
    """Some servers refuse without repeating the question."""
    rude.behave(ZONE, mischief.error_with_empty_question(REFUSED))
    (wire,) = datagrams(rude.address, [dns.message.make_query(NAME, "A")], 1)
    told = dns.message.from_wire(wire)
    assert (told.rcode(), told.question) == (REFUSED, [])


def test_a_truncated_answer_may_never_be_completed(rude: Rude) -> None:
    """Over TCP it is silent, or it closes the connection."""
    rude.behave(ZONE, mischief.truncated_forever)
    assert ask(rude.address, NAME).flags & dns.flags.TC
    with pytest.raises(dns.exception.Timeout):
        ask(rude.address, NAME, tcp=True, timeout=0.2)
    rude.behave(ZONE, mischief.truncated_then_closed)
    assert ask(rude.address, NAME).flags & dns.flags.TC
    with pytest.raises(EOFError):
        ask(rude.address, NAME, tcp=True)


def test_a_sequence_goes_on_for_each_name_and_type(rude: Rude) -> None:
    """Each name walks the sequence by itself and stays at its end; silence may be a part of it."""
    rude.behave(ZONE, mischief.sequence(listed("127.0.0.4"), mischief.silent, absent))
    for name in (NAME, f"other.{ZONE}"):
        assert records(ask(rude.address, name)) == ["127.0.0.4"]
        with pytest.raises(dns.exception.Timeout):
            ask(rude.address, name, timeout=0.1)
        assert [ask(rude.address, name).rcode() for _ in range(2)] == [NXDOMAIN, NXDOMAIN]


def test_a_fault_in_a_behaviour_is_raised_at_the_end() -> None:
    """A behaviour that raises, or a query that is no message, fails the test that caused it."""

    def broken(question: honest.Question) -> list[honest.Packet]:
        raise LookupError(question.prefix)

    with pytest.raises(LookupError, match=r"7\.2\.0\.192"), Rude() as rude:  # noqa: PT012
        rude.behave(ZONE, broken)
        with pytest.raises(dns.exception.Timeout):
            ask(rude.address, NAME, timeout=0.1)


def test_rude_leaves_no_thread_and_no_port_behind() -> None:
    """After the block its port is free again, also with a connection open and an answer due."""
    before = threading.active_count()
    with Rude() as rude:
        rude.behave(ZONE, mischief.late(60, absent))
        with pytest.raises(dns.exception.Timeout):
            ask(rude.address, NAME, tcp=True, timeout=0.1)
        host, port = rude.host, rude.port
        idle = socket.create_connection((host, port))
    idle.close()
    assert threading.active_count() == before
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((host, port))


def test_a_free_port_is_free_for_both_transports() -> None:
    """A free port can be bound by UDP and by TCP."""
    port = free_port()
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", port))
        tcp.bind(("127.0.0.1", port))


# ---- prometheus, webhook, mailbox


class Scraped:
    """Serves one text as /metrics."""

    def __init__(self, text: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._threaded = Threaded(ThreadingHTTPServer(("127.0.0.1", 0), Handler), "scraped")
        self.address = self._threaded.address

    def __enter__(self) -> Self:
        self._threaded.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._threaded.stop()


def test_prometheus_scrapes_and_keeps_what_it_scraped(tmp_path: Path) -> None:
    """It is entered when it has scraped; what it knew before a restart it knows after."""
    rules = tmp_path / "rules.yml"
    rules.write_text("groups: [{name: all, rules: [{record: up:sum, expr: sum(up)}]}]")
    with Scraped("some_value 7\n") as scraped, Prometheus(tmp_path, [scraped.address], [rules]) as prometheus:
        assert [sample.value for sample in prometheus.query("some_value")] == [7]
        prometheus.evaluate_again()
        assert [sample.value for sample in prometheus.query("up:sum")] == [1]
        first = "min_over_time(timestamp(some_value)[1m:1s])"
        wait_until(lambda: bool(prometheus.query(first)), "a whole second has passed with a value in it")
        before = prometheus.query(first)
        prometheus.restart()
        assert prometheus.query(first) == before


def test_a_webhook_keeps_messages_apart_from_all_else() -> None:
    """What has alerts is a message to a receiver; anything else is kept by its path."""
    told = Told("firing", {"alertname": "A"}, {"summary": "It is."})
    with Webhook() as hook:
        for path, body in (("mail", {"alerts": [asdict(told)]}), ("slack", {"text": "It is."})):
            request = urllib.request.Request(f"{hook.url}/{path}", json.dumps(body).encode(), method="POST")
            with urllib.request.urlopen(request, timeout=5) as response:
                assert response.read() == b"ok"
        (message,) = hook.messages
        assert (message.receiver, message.alerts) == ("mail", (told,))
        assert hook.others == {"slack": {"text": "It is."}}


def test_a_mailbox_keeps_mails_as_they_were_sent() -> None:
    """Both parts of it, lines that begin with a dot, and several in one session."""
    mail = EmailMessage()
    mail["To"], mail["From"], mail["Subject"] = "a@example.org", "b@example.org", "It is."
    mail.set_content("one\n.two\n..\n")
    mail.add_alternative("<p>It is.</p>", subtype="html")
    with Mailbox() as mailbox:
        host, port = endpoint(mailbox.address)
        with smtplib.SMTP(host, port) as session:
            session.send_message(mail)
            session.send_message(mail)
        kept = mailbox.to("a@example.org")
        assert len(mailbox.mails) == 2
    assert (kept["Subject"], part(kept, "plain")) == ("It is.", "one\n.two\n..\n")
    assert "<p>It is.</p>" in (part(kept, "html") or "")
