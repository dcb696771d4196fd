"""The service over HTTP: alive, ready, compressed, by every method and on every address."""

import gzip
import http.client
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from tests.servers import mischief
from tests.servers.ask import endpoint
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.one_list import OTHER, TARGET, ZONE, is_known, one_list
from tests.system.scrape import Scrape
from tests.system.settings import addresses_on, config

RULES = Path(__file__).parents[2] / "grafana" / "rules"


def test_ready_says_whether_an_answer_came(tmp_path: Path, rude: Rude) -> None:
    """It is alive at once, and ready only when the first answers are in."""
    rude.behave(ZONE, mischief.silent)
    text = config(rude.address, [addresses_on(ZONE)], [TARGET], query={"timeout": "500ms", "attempts": 10})
    with Exporter(tmp_path, text) as exporter:
        assert exporter.get("/-/healthy").status == 200
        assert (exporter.get("/-/ready").status, Scrape.now(exporter).listed(ZONE)) == (503, {})
        rude.behave(ZONE, holding())
        exporter.wait(lambda it: it.get("/-/ready").status == 200, "it is ready")
        assert Scrape.now(exporter).listed(ZONE) == {TARGET: 0}


@pytest.fixture(name="served", scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """One exporter for all that only reads."""
    with Rude() as rude:
        rude.behave(ZONE, holding(TARGET))
        with Exporter(tmp_path_factory.mktemp("served"), one_list(rude)) as exporter:
            exporter.wait(is_known, "all is known")
            yield exporter


def test_every_link_of_the_landing_page_leads_somewhere(served: Exporter) -> None:
    """The page is HTML, names what is watched, and none of its links is broken."""
    page = served.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "2 targets on 1 list: 1 target listed now" in page.text
    links = re.findall(r'href="([^"]+)"', page.text)
    assert {"/metrics", "/-/healthy", "/-/ready"} <= set(links)
    assert {link: served.get(link).status for link in links} == dict.fromkeys(links, 200)


def test_every_alert_has_its_runbook_here(served: Exporter) -> None:
    """What alerts link to when nothing else is configured is the page about that alert."""
    rules = [yaml.safe_load(file.read_text("utf-8")) for file in RULES.glob("*.yml")]
    alerts = [rule["alert"] for file in rules for group in file["groups"] for rule in group["rules"] if "alert" in rule]
    assert len(alerts) == 15
    for alert in alerts:
        page = served.get(f"/runbooks/{alert}")
        assert (page.status, page.headers["content-type"]) == (200, "text/plain; charset=utf-8")
        assert page.text.startswith(f"# {alert}\n")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("HEAD", "/metrics", 200),
        ("GET", "/runbooks/Nothing", 404),
        ("GET", "/runbooks/../config", 404),
        ("HEAD", "/", 200),
        ("GET", "/nothing", 404),
        ("POST", "/metrics", 405),
        ("GET", "/-/reload", 405),
        ("DELETE", "/", 405),
    ],
)
def test_methods_are_what_they_should_be(served: Exporter, method: str, path: str, status: int) -> None:
    """HEAD answers without a body where GET answers; nothing else is accepted, and a reload is a POST."""
    with closing(http.client.HTTPConnection(*endpoint(served.address), timeout=10)) as connection:
        connection.request(method, path)
        response = connection.getresponse()
        assert response.status == status
        assert method != "HEAD" or response.read() == b""


@pytest.mark.parametrize(("accepted", "encoding"), [("gzip", "gzip"), ("gzip;q=1.0, identity;q=0.5", "gzip"), ("", None)])
def test_a_scrape_is_compressed_for_who_takes_it(served: Exporter, accepted: str, encoding: str | None) -> None:
    """Prometheus asks for gzip and gets it; who does not ask gets plain text; the bodies are the same families."""
    response = served.get("/metrics", {"Accept-Encoding": accepted})
    assert response.headers.get("content-encoding") == encoding
    body = gzip.decompress(response.body) if encoding else response.body
    assert Scrape.of(body.decode()).listed(ZONE) == {TARGET: 1, OTHER: 0}
    assert "accept-encoding" in response.headers["vary"].lower()


def _addresses(log: str) -> list[str]:
    return re.findall(r"msg=listening address=\"?([^\s\"]+)", log)


def test_it_listens_on_every_address_given_and_on_ipv6(tmp_path: Path, rude: Rude) -> None:
    """The flag repeats, and an IPv6 address stands in brackets."""
    with Exporter(tmp_path, one_list(rude), ["--web.listen-address=[::1]:0", "--web.listen-address=localhost:0"]) as exporter:
        exporter.wait(lambda it: len(_addresses(it.log)) >= 3, "it says where it listens")
        hosts = set()
        for address in _addresses(exporter.log):
            host, port = endpoint(address)
            with closing(http.client.HTTPConnection(host, port, timeout=10)) as connection:
                connection.request("GET", "/-/healthy")
                assert connection.getresponse().status == 200
            hosts.add(host)
    assert {"127.0.0.1", "::1"} <= hosts
