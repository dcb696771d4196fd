"""The example config of Alertmanager: it loads, tells the right people, holds back what others have said, and reads well."""

import html
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.servers.alertmanager import Alertmanager, hastily, readably
from tests.servers.daemon import require, wait_until
from tests.servers.mailbox import Mailbox, part
from tests.servers.webhook import Webhook
from tests.shipped.alerts.files import GRAFANA, alerts

EXAMPLE = GRAFANA / "alertmanager.example.yml"


LISTINGS = ("DNSBLRelisted", "DNSBLNewListing", "DNSBLListed", "DNSBLOutbreak")


def _amtool(*args: str | Path) -> str:
    done = subprocess.run([require("amtool"), *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_loads() -> None:
    """With its message templates."""
    said = _amtool("check-config", EXAMPLE)
    assert "1 templates" in said


ROUTES = [
    *((name, {}, "monitoring") for name in alerts() if name not in LISTINGS),
    ("DNSBLNewListing", {"severity": "critical"}, "chat,mail"),
    ("DNSBLNewListing", {"severity": "warning"}, "mail"),
    ("DNSBLNewListing", {"severity": "info"}, "mail"),
    ("DNSBLRelisted", {"severity": "critical"}, "chat,mail"),
    ("DNSBLRelisted", {"severity": "warning"}, "mail"),
    ("DNSBLOutbreak", {"severity": "critical"}, "chat,mail"),
    ("DNSBLListed", {"severity": "critical"}, "digest"),
    ("DNSBLListed", {"severity": "info", "team": "outbound"}, "digest"),
    ("DNSBLNewListing", {"severity": "warning", "team": "outbound"}, "outbound-team"),
    ("DNSBLNewListing", {"severity": "critical", "team": "outbound"}, "chat,outbound-team"),
    ("DNSBLNewListing", {"severity": "warning", "team": "another"}, "mail"),
]


@pytest.mark.parametrize(("name", "labels", "receivers"), ROUTES)
def test_an_alert_goes_to_whom_it_concerns(name: str, labels: Mapping[str, str], receivers: str) -> None:
    """Health to the monitoring team, the backlog to a digest, what is urgent to a chat too, the rest by label or by mail."""
    words = [f"{label}={value}" for label, value in {"alertname": name, "severity": "warning", **labels}.items()]
    _amtool("config", "routes", "test", f"--config.file={EXAMPLE}", f"--verify.receivers={receivers}", *words)


def test_all_that_fires_has_a_route_of_its_own_kind() -> None:
    """A new alert on health that the route does not know would go to the postmaster."""
    named = re.search(r'alertname=~"DNSBL\((.*?)\)"\'\]\n      receiver: monitoring', EXAMPLE.read_text("utf-8"))
    assert named is not None
    assert {f"DNSBL{name}" for name in named[1].split("|")} == set(alerts()) - set(LISTINGS)


# ---- what is held back

HELD_BACK = [
    {"alertname": "DNSBLNewListing", "list": "sick.example", "target": "192.0.2.1"},
    {"alertname": "DNSBLRelisted", "list": "sick.example", "target": "192.0.2.2"},
    {"alertname": "DNSBLListed", "list": "sick.example", "target": "192.0.2.3"},
    {"alertname": "DNSBLListStale", "list": "sick.example", "instance": "a"},
    {"alertname": "DNSBLListUnhealthy", "list": "refusing.example"},
    {"alertname": "DNSBLListStale", "list": "refusing.example", "instance": "a"},
    {"alertname": "DNSBLNewListing", "list": "well.example", "target": "192.0.2.9"},
    {"alertname": "DNSBLNewListing", "list": "well.example", "target": "192.0.2.9", "sublist": "XBL"},
    {"alertname": "DNSBLShardMissing", "shard": "1"},
    {"alertname": "DNSBLShardMissing", "shard": "1", "job": "dnsbl-twice"},
]
SAID = [
    {"alertname": "DNSBLListUnhealthy", "list": "sick.example"},
    {"alertname": "DNSBLNewListing", "list": "well.example", "target": "192.0.2.1"},
    {"alertname": "DNSBLNewListing", "list": "sick.example", "target": "192.0.2.1", "job": "another"},
    {"alertname": "DNSBLListStale", "list": "well.example", "instance": "a"},
    {"alertname": "DNSBLQueriesRefused", "list": "refusing.example", "instance": "a"},
    {"alertname": "DNSBLOutbreak", "target": "192.0.2.9"},
    {"alertname": "DNSBLRelisted", "list": "well.example", "target": "192.0.2.9"},
    {"alertname": "DNSBLListed", "list": "well.example", "target": "192.0.2.9"},
    {"alertname": "DNSBLNewListing", "list": "well.example", "target": "192.0.2.10"},
    {"alertname": "DNSBLExporterDown", "instance": "a"},
    {"alertname": "DNSBLShardsDisagree", "shard": "0", "job": "dnsbl-twice"},
    {"alertname": "DNSBLShardMissing", "shard": "1", "job": "dnsbl-gone"},
]


@pytest.fixture(name="alertmanager", scope="module")
def _alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alertmanager]:
    with Webhook() as hook, Alertmanager(tmp_path_factory.mktemp("alertmanager"), hastily(EXAMPLE, hook.url)) as running:
        running.tell(map(_whole, HELD_BACK + SAID))
        wait_until(lambda: all(running.holds_back(_whole(labels)) for labels in HELD_BACK), "what is to be held back is")
        yield running


def _whole(labels: Mapping[str, str]) -> dict[str, str]:
    return {"job": "dnsbl", "severity": "warning", **labels}


@pytest.mark.parametrize("labels", SAID, ids=lambda labels: " ".join(labels.values()))
def test_only_what_another_alert_says_already_is_held_back(alertmanager: Alertmanager, labels: Mapping[str, str]) -> None:
    """Listings of a sick list, new listings that are part of an outbreak, a shard that is missing for a known reason; nothing of
    other lists, targets and jobs."""
    assert not alertmanager.holds_back(_whole(labels))


# ---- what people read

ANNOTATIONS = {
    "summary": "192.0.2.1 was newly put on a blocklist.",
    "description": "192.0.2.1 was clean on zen.example XBL & has been listed there since 10:00 UTC.",
    "first_steps": "Take the machine off the network.",
    "delist_url": "https://zen.example/remove?ip=192.0.2.1&x=1",
    "dashboard_url": "http://localhost:3000/d/dnsbl-target?var-target=192.0.2.1",
    "runbook_url": "http://localhost:15782/runbooks/DNSBLNewListing",
}
NEW = {
    "alertname": "DNSBLNewListing",
    "target": "192.0.2.1",
    "list": "zen.example",
    "sublist": "XBL",
    "severity": "critical",
    "job": "dnsbl",
}
TEXT = """\
CRITICAL: 192.0.2.1 was clean on zen.example XBL & has been listed there since 10:00 UTC.

  First:      Take the machine off the network.
  Removal:    https://zen.example/remove?ip=192.0.2.1&x=1
  Dashboard:  http://localhost:3000/d/dnsbl-target?var-target=192.0.2.1
  Runbook:    http://localhost:15782/runbooks/DNSBLNewListing
"""


@pytest.fixture(name="read", scope="module")
def _read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Mailbox, Webhook]]:
    """What comes of a new listing, two that were there before, and a list that is not well."""
    backlog = [{**NEW, "alertname": "DNSBLListed", "target": f"192.0.2.{number}"} for number in (1, 2)]
    sick = {"alertname": "DNSBLListUnhealthy", "list": "sick.example", "job": "dnsbl", "severity": "warning"}
    with Mailbox() as mailbox, Webhook() as hook:
        config = readably(EXAMPLE, mailbox.address, hook.url)
        with Alertmanager(tmp_path_factory.mktemp("readable"), config) as running:
            running.tell([NEW, *backlog], ANNOTATIONS)
            running.tell([sick], {"summary": "sick.example fails its test entries."})
            wait_until(lambda: len(mailbox.mails) >= 3 and bool(hook.messages) and "slack" in hook.others, "all is told")
            yield mailbox, hook


def test_a_mail_of_a_listing(read: tuple[Mailbox, Webhook]) -> None:
    """In plain text: what, what to do, and where to go; in HTML the same, with links."""
    mail = next(mail for mail in read[0].mails if "newly" in mail["Subject"])
    assert (mail["To"], mail["Subject"]) == ("postmaster@example.org", "192.0.2.1 was newly put on a blocklist.")
    assert (part(mail, "plain") or "").strip() == TEXT.strip()
    page = part(mail, "html") or ""
    assert "XBL &amp; has been" in page
    links = {html.unescape(link) for link in re.findall(r'href="([^"]*)"', page)}
    assert links == {ANNOTATIONS[name] for name in ("delist_url", "dashboard_url", "runbook_url")}


def test_a_digest(read: tuple[Mailbox, Webhook]) -> None:
    """A line for each listing, in plain text."""
    mail = next(mail for mail in read[0].mails if "before" in mail["Subject"])
    assert mail["Subject"].startswith("Listed since before they were watched: ")
    lines = (part(mail, "plain") or "").strip().splitlines()
    assert f"CRITICAL 192.0.2.1 zen.example XBL  {ANNOTATIONS['delist_url']}" in lines
    assert part(mail, "html") is None


def test_a_mail_to_the_monitoring_team(read: tuple[Mailbox, Webhook]) -> None:
    """It goes to another address."""
    assert read[0].to("monitoring@example.org")["Subject"] == "sick.example fails its test entries."


def test_a_chat(read: tuple[Mailbox, Webhook]) -> None:
    """A title that links to the dashboard, the text, and the links under words."""
    body = read[1].others["slack"]
    assert isinstance(body, dict)
    (attachment,) = body["attachments"]
    assert (body["channel"], attachment["color"]) == ("#mail-alerts", "danger")
    assert (attachment["title"], attachment["title_link"]) == (ANNOTATIONS["summary"], ANNOTATIONS["dashboard_url"])
    links = {"Removal": "delist_url", "Dashboard": "dashboard_url", "Runbook": "runbook_url"}
    assert attachment["text"].splitlines() == [
        f"*CRITICAL* {ANNOTATIONS['description']}",
        f">{ANNOTATIONS['first_steps']}",
        " ".join(f"<{ANNOTATIONS[name]}|{word}>" for word, name in links.items()),
    ]


def test_a_webhook(read: tuple[Mailbox, Webhook]) -> None:
    """It gets what is urgent, with all labels and annotations."""
    (message,) = read[1].messages
    assert [(told.status, told.labels, told.annotations) for told in message.alerts] == [("firing", NEW, ANNOTATIONS)]


OVER = {**NEW, "alertname": "DNSBLRelisted", "list": "plain.example", "sublist": ""}


@pytest.mark.parametrize(
    ("statuses", "group", "subject"),
    [
        (["firing"], {"target": "192.0.2.1"}, "192.0.2.1 was newly put on a blocklist."),
        (["resolved"], {"target": "192.0.2.1"}, "Over: 192.0.2.1 was newly put on a blocklist."),
        (["firing", "firing"], {"target": "192.0.2.1"}, "192.0.2.1: 2 now"),
        (["firing", "resolved"], {"target": "192.0.2.1"}, "192.0.2.1: 1 now, 1 over"),
        (["resolved", "resolved"], {"target": "192.0.2.1"}, "Over: 192.0.2.1: 2 over"),
        (["firing", "firing"], {"alertname": "DNSBLListed"}, "Listed since before they were watched: 2 now"),
        (["firing", "firing"], {"alertname": "DNSBLListStale"}, "DNSBLListStale: 2 now"),
    ],
)
def test_a_subject_says_what_it_is_about(tmp_path: Path, statuses: list[str], group: dict[str, str], subject: str) -> None:
    """One alert is its summary; several are counted; what is over is said to be."""
    assert _rendered(tmp_path, "subject", statuses, group).strip() == subject


def test_what_is_over_is_said_in_a_line(tmp_path: Path) -> None:
    """After what is not."""
    text = _rendered(tmp_path, "text", ["firing", "resolved"], {"target": "192.0.2.1"})
    assert text.strip() == f"{TEXT.strip()}\n\nDNSBLNewListing 192.0.2.1 zen.example XBL: over since 2026-11-24 12:00 UTC"


def _rendered(folder: Path, name: str, statuses: list[str], group: Mapping[str, str]) -> str:
    """A template of ours as Alertmanager fills it in."""
    each = {"labels": NEW, "annotations": ANNOTATIONS, "startsAt": "2026-11-24T10:00:00Z", "endsAt": "2026-11-24T12:00:00Z"}
    data = {
        "status": "firing" if "firing" in statuses else "resolved",
        "alerts": [{**each, "status": status} for status in statuses],
        "groupLabels": group,
        "commonLabels": {},
        "commonAnnotations": {},
    }
    file = folder / "data.json"
    file.write_text(json.dumps(data))
    template = f'{{{{ template "dnsbl.{name}" . }}}}'
    glob = f"--template.glob={GRAFANA / 'templates' / '*.tmpl'}"
    return _amtool("template", "render", glob, f"--template.text={template}", f"--template.data={file}")
