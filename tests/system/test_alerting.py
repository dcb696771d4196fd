"""Who is told what, and how often, from a list's change to a message: everything once, and nothing else.

One session for all: what Prometheus finds and whom it tells takes it five seconds at each start.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.servers.daemon import wait_until
from tests.servers.exporter import Exporter
from tests.servers.webhook import Message
from tests.system.chain import PBL, PLAIN, XBL, ZEN, Chain, chain, watching
from tests.system.scrape import Scrape

TARGET, OLD = "192.0.2.1", "192.0.2.2"

Alert = tuple[str, ...]
Said = tuple[str, frozenset[Alert]]
"""Whom a message was for, and its alerts."""

LISTED = ("firing", "DNSBLListed", OLD, PLAIN, "", "warning")
NEW_XBL = ("firing", "DNSBLNewListing", TARGET, ZEN, "XBL", "critical")
NEW_PBL = ("firing", "DNSBLNewListing", TARGET, ZEN, "PBL", "info")
AGAIN_XBL = ("firing", "DNSBLRelisted", TARGET, ZEN, "XBL", "critical")


def _over(alert: Alert) -> Alert:
    return ("resolved", *alert[1:])


def _to(receiver: str, *alerts: Alert) -> Said:
    return receiver, frozenset(alerts)


SCENES: dict[str, list[Said]] = {
    "listed before it was watched": [_to("digest", LISTED)],
    "newly listed": [_to("mail", NEW_XBL), _to("chat", NEW_XBL)],
    "the exporter is killed and comes back": [],
    "prometheus is restarted": [],
    "the resolver is down for a while": [],
    "on a second sublist": [_to("mail", NEW_XBL, NEW_PBL)],
    "off the first": [_to("mail", _over(NEW_XBL), NEW_PBL), _to("chat", _over(NEW_XBL))],
    "on the first again": [_to("mail", AGAIN_XBL, NEW_PBL), _to("chat", AGAIN_XBL)],
    "off the second": [_to("mail", AGAIN_XBL, _over(NEW_PBL))],
    "off all": [_to("mail", _over(AGAIN_XBL)), _to("chat", _over(AGAIN_XBL))],
}
"""What happens, and what is said of it."""


class Play:
    """The scenes of a running chain, and the messages that came in each."""

    def __init__(self, running: Chain) -> None:
        self._chain = running
        self.messages: dict[str, list[Message]] = {}

    @contextmanager
    def scene(self, name: str) -> Iterator[None]:
        """What is done in it is done; it ends when as many messages have come as are expected, and rules were evaluated again."""
        webhook = self._chain.webhook
        before = len(webhook.messages)
        yield
        webhook.wait_for(before + len(SCENES[name]))
        self._chain.prometheus.evaluate_again()
        self.messages[name] = webhook.messages[before:]


@pytest.fixture(name="messages", scope="module")
def _messages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Message]]:
    with chain(tmp_path_factory.mktemp("alerting"), [TARGET], {PLAIN: {OLD: [XBL]}}) as running:
        play = Play(running)
        with play.scene("listed before it was watched"):
            running.exporter.reload(watching(running.lists, [TARGET, OLD]))
        with play.scene("newly listed"):
            running.serve(ZEN, TARGET, XBL)
        with play.scene("the exporter is killed and comes back"):
            running.exporter.kill()
            wait_until(lambda: bool(running.prometheus.query("up == 0")), "it is missed")
            running.prometheus.evaluate_again()
            running.exporter.start()
            wait_until(lambda: bool(running.prometheus.query('up{job="dnsbl"} == 1')), "it is back")
        with play.scene("prometheus is restarted"):
            running.prometheus.restart()
        with play.scene("the resolver is down for a while"):
            running.lists.stop()
            running.exporter.wait(_knows_nothing, "all is unknown")
            running.prometheus.evaluate_again()
            running.lists.start()
            running.exporter.wait(_knows_all, "all is known")
        with play.scene("on a second sublist"):
            running.serve(ZEN, TARGET, XBL, PBL)
        with play.scene("off the first"):
            running.serve(ZEN, TARGET, PBL)
        with play.scene("on the first again"):
            running.serve(ZEN, TARGET, PBL, XBL)
        with play.scene("off the second"):
            running.serve(ZEN, TARGET, XBL)
        with play.scene("off all"):
            running.serve(ZEN, TARGET)
    assert sum(map(len, play.messages.values())) == len(running.webhook.messages)
    return play.messages


def _knows_nothing(exporter: Exporter) -> bool:
    scrape = Scrape.now(exporter)
    return all(scrape.checks(zone) == {"unknown": 2} for zone in (ZEN, PLAIN))


def _knows_all(exporter: Exporter) -> bool:
    scrape = Scrape.now(exporter)
    return not any("unknown" in scrape.checks(zone) for zone in (ZEN, PLAIN))


def _said(message: Message) -> Said:
    labels = ("alertname", "target", "list", "sublist", "severity")
    return message.receiver, frozenset(
        (told.status, *(told.labels.get(label, "") for label in labels)) for told in message.alerts
    )


@pytest.mark.parametrize("scene", SCENES)
def test_all_is_said_once_and_nothing_else(messages: dict[str, list[Message]], scene: str) -> None:
    """Each scene has exactly its messages: to whom they concern, with the alerts that are news and those that still are."""
    assert sorted(map(_said, messages[scene]), key=str) == sorted(SCENES[scene], key=str)


def test_a_message_says_what_to_do(messages: dict[str, list[Message]]) -> None:
    """A repeat listing comes with its number, where to ask for removal, what to do first and where to read on."""
    told = next(told for told in messages["on the first again"][0].alerts if told.labels["alertname"] == "DNSBLRelisted")
    assert told.annotations["description"].startswith(f"{TARGET} was removed from {ZEN} XBL and came back ")
    assert told.annotations["description"].endswith(" later. This is listing number 2 there.")
    assert told.annotations["delist_url"] == f"https://{ZEN}/remove?ip={TARGET}"
    assert told.annotations["first_steps"].startswith("Take the machine off the network")
    assert told.annotations["runbook_url"].endswith("/DNSBLRelisted")
    assert told.annotations["dashboard_url"].endswith(f"/d/dnsbl-target?var-target={TARGET}")
