"""The whole way of an alert: rbldnsd, exporter, Prometheus with the shipped rules, Alertmanager with the shipped routes, webhook.

Rule: everything is as shipped, but for the times: a lap takes half a second, a scrape and an evaluation a fifth.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.alertmanager import Alertmanager, hastily
from tests.servers.exporter import Exporter
from tests.servers.ports import free_port
from tests.servers.prometheus import Prometheus
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.webhook import Webhook
from tests.servers.zones import Zone, addresses
from tests.system.settings import Settings, addresses_on, config

GRAFANA = Path(__file__).parents[2] / "grafana"
RULES = sorted((GRAFANA / "rules").glob("*.yml"))

ZEN, PLAIN = "zen.example", "plain.example"
XBL, PBL = "127.0.0.4", "127.0.0.10"
LISTS = [
    addresses_on(
        ZEN,
        codes={XBL: {"sublist": "XBL", "class": "exploit", "impact": "high"}, PBL: {"sublist": "PBL", "impact": "low"}},
        delist_url=f"https://{ZEN}/remove?ip={{target}}",
    ),
    addresses_on(PLAIN),
]

Codes = Mapping[str, Sequence[str]]


@dataclass(slots=True)
class Chain:
    """All of it, running. `targets` are those of the exporter's config."""

    lists: Rbldnsd
    exporter: Exporter
    prometheus: Prometheus
    webhook: Webhook
    zones: dict[str, dict[str, Sequence[str]]]

    def serve(self, zone: str, target: str, *codes: str) -> float:
        """From now on the target has these codes there; returns when that is served, and says when it began to be."""
        self.zones[zone][target] = codes
        began = time.monotonic()
        self.lists.write(zone, _zone(self.zones[zone]))
        return began


@contextmanager
def chain(folder: Path, targets: Sequence[str], on_lists: Mapping[str, Codes]) -> Iterator[Chain]:
    """All of it, once Prometheus has scraped the exporter and found the Alertmanager."""
    zones = {zone: dict(on_lists.get(zone, {})) for zone in (ZEN, PLAIN)}
    with ExitStack() as stack:
        lists = stack.enter_context(Rbldnsd(folder, {zone: _zone(held) for zone, held in zones.items()}))
        address = f"127.0.0.1:{free_port()}"  # one that stays the same over restarts, as Prometheus needs
        text = watching(lists, targets)
        exporter = stack.enter_context(Exporter(folder, text, [f"--web.listen-address={address}"]))
        webhook = stack.enter_context(Webhook())
        alertmanager = stack.enter_context(
            Alertmanager(folder, hastily(GRAFANA / "alertmanager.example.yml", webhook.url)),
        )
        prometheus = stack.enter_context(Prometheus(folder, [address], RULES, alertmanager.address))
        yield Chain(lists, exporter, prometheus, webhook, zones)


def watching(lists: Rbldnsd, targets: Sequence[str]) -> str:
    """The exporter's config."""
    settings: Sequence[Settings] = LISTS
    return config(lists.address, settings, targets)


def _zone(held: Codes) -> Zone:
    return addresses({target: codes for target, codes in held.items() if codes})
