"""A real Alertmanager, alone: it gossips with nobody.

Rule: a config as shipped keeps its routes, groups, inhibitions and texts. Only the times become short, and whom it tells becomes
us: all of it by webhook, one path for each receiver (`hastily`), or in each receiver's own way (`readably`).
"""

import json
import tempfile
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self, cast

import yaml

from tests.servers.daemon import Daemon, require
from tests.servers.ports import free_port

HTTP_SECONDS = 10.0

Node = dict[str, object]
Labels = Mapping[str, str]


def hastily(shipped: Path, webhook: str) -> str:
    """A shipped config that tells a webhook, at once."""
    config = yaml.safe_load(shipped.read_text("utf-8"))
    del config["global"]
    config["templates"] = [str(shipped.parent / each) for each in config["templates"]]
    _hurry(config["route"])
    config["receivers"] = [_hook(receiver, webhook) for receiver in config["receivers"]]
    return json.dumps(config, indent=1)


def readably(shipped: Path, smarthost: str, webhook: str) -> str:
    """A shipped config whose mail goes to `smarthost`, chat and webhooks to paths `slack` and `webhook` of ours, at once."""
    config = yaml.safe_load(shipped.read_text("utf-8"))
    config["global"]["smtp_smarthost"] = smarthost
    config["templates"] = [str(shipped.parent / each) for each in config["templates"]]
    _hurry(config["route"])
    for receiver in config["receivers"]:
        for way in receiver.get("slack_configs", []):
            del way["api_url_file"]
            way["api_url"] = f"{webhook}/slack"
        for way in receiver.get("webhook_configs", []):
            way["url"] = f"{webhook}/webhook"
    return json.dumps(config, indent=1)


def _hurry(route: Node) -> None:
    route |= {"group_wait": "0s", "group_interval": "200ms", "repeat_interval": "1h"}
    for child in cast("list[Node]", route.get("routes", [])):
        _hurry(child)


def _hook(receiver: Mapping[str, object], webhook: str) -> Node:
    """Resolved alerts are told if any way of the receiver tells them."""
    ways = [way for name, ways in receiver.items() if name != "name" for way in cast("list[Node]", ways)]
    tells = any(way["send_resolved"] for way in ways)
    return {"name": receiver["name"], "webhook_configs": [{"url": f"{webhook}/{receiver['name']}", "send_resolved": tells}]}


class Alertmanager:
    """Runs with a config text on a free port."""

    def __init__(self, folder: Path, config: str) -> None:
        self.address = f"127.0.0.1:{free_port()}"
        own = Path(tempfile.mkdtemp(prefix="alertmanager-", dir=folder))
        file = own / "alertmanager.yml"
        file.write_text(config)
        command = [
            require("prometheus-alertmanager"),
            f"--config.file={file}",
            f"--storage.path={own / 'data'}",
            f"--web.listen-address={self.address}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        self.daemon = Daemon("alertmanager", command, own, self._is_ready)

    def __enter__(self) -> Self:
        self.daemon.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()

    def tell(self, alerts: Iterable[Labels], annotations: Labels | None = None) -> None:
        """Alerts with these labels fire from now on, all with the same annotations."""
        body = json.dumps([{"labels": labels, "annotations": annotations or {}} for labels in alerts]).encode()
        request = urllib.request.Request(
            f"http://{self.address}/api/v2/alerts", body, {"Content-Type": "application/json"}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=HTTP_SECONDS):
            pass

    def holds_back(self, labels: Labels) -> bool:
        """Whether an alert with exactly these labels is held back by another."""
        with urllib.request.urlopen(f"http://{self.address}/api/v2/alerts", timeout=HTTP_SECONDS) as response:
            alerts = json.load(response)
        return any(each["labels"] == labels and each["status"]["inhibitedBy"] for each in alerts)

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=HTTP_SECONDS):
                return True
        except OSError:
            return False
