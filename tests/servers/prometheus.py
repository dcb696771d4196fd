"""A real Prometheus: scrapes and evaluates rules many times a second, and tells a real Alertmanager.

Rule 1: it is entered when it has found what it scrapes and whom it tells, which takes it five seconds. An alert that fires before
it has found an Alertmanager is not told for a minute, which is not what a test means to see.
Rule 2: a restart keeps its data, and returns as late.
Rule 3: `--rules.alert.resend-delay` stays as shipped. It says how long Alertmanager believes a firing alert, and a restart takes
longer than four short ones.
"""

import json
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, Self

from tests.servers.daemon import Daemon, require, wait_until
from tests.servers.ports import free_port

HTTP_SECONDS = 10.0


class Sample(NamedTuple):
    """One element of an instant vector."""

    labels: Mapping[str, str]
    value: float


class Prometheus:
    """Scrapes `targets` as job `dnsbl`, reads `rules`, tells the Alertmanager at `alertmanager`; all are `host:port`."""

    def __init__(
        self,
        folder: Path,
        targets: Iterable[str],
        rules: Iterable[Path] = (),
        alertmanager: str | None = None,
        *,
        scrape: str = "200ms",
        evaluate: str = "200ms",
        patience: float = 30.0,
    ) -> None:
        """Scrapes and evaluates so often; a scrape may take until the next. What takes longer than `patience` has failed."""
        self.address = f"127.0.0.1:{free_port()}"
        self._targets = list(targets)
        self._alertmanager = alertmanager
        self._patience = patience
        own = Path(tempfile.mkdtemp(prefix="prometheus-", dir=folder))
        config = own / "prometheus.yml"
        config.write_text(json.dumps(self._config(rules, scrape, evaluate), indent=1))
        command = [
            require("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={own / 'data'}",
            f"--web.listen-address={self.address}",
            "--log.level=warn",
        ]
        self.daemon = Daemon("prometheus", command, own, self._is_ready, within=patience)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()

    def start(self) -> None:
        """Run, on the same port and data as before."""
        self.daemon.start()
        wait_until(self._has_found_all, "prometheus has found whom to scrape and whom to tell", self._patience)

    def restart(self) -> None:
        """End it with SIGTERM and start it again."""
        self.daemon.stop()
        self.start()

    def get(self, path: str, **parameters: str) -> object:
        """What the API answers, without its envelope."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(f"http://{self.address}/api/v1/{path}{query}", timeout=HTTP_SECONDS) as response:
            data: object = json.load(response)["data"]
            return data

    def query(self, expression: str) -> list[Sample]:
        """An instant vector."""
        data = self.get("query", query=expression)
        assert isinstance(data, dict)
        assert data["resultType"] == "vector"
        return [Sample(each["metric"], float(each["value"][1])) for each in data["result"]]

    def evaluate_again(self, times: int = 3) -> None:
        """Return when every group of rules was evaluated so many times more."""
        before = self._iterations()
        wait_until(
            lambda: all(now >= before.get(group, 0.0) + times for group, now in self._iterations().items()),
            "prometheus evaluates its rules",
            self._patience,
        )

    def _iterations(self) -> dict[str, float]:
        """How often each group was evaluated, from Prometheus's own /metrics."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=HTTP_SECONDS) as response:
            lines = response.read().decode().splitlines()
        found = (line.rpartition(" ") for line in lines if line.startswith("prometheus_rule_group_iterations_total{"))
        return {group: float(count) for group, _, count in found}

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.address}/-/ready", timeout=HTTP_SECONDS):
                return True
        except OSError:
            return False

    def _has_found_all(self) -> bool:
        try:
            active = self.get("alertmanagers")
            scraped = {sample.labels["instance"] for sample in self.query('up{job="dnsbl"} == 1')}
        except urllib.error.HTTPError:
            return False
        assert isinstance(active, dict)
        return (self._alertmanager is None or bool(active["activeAlertmanagers"])) and scraped >= set(self._targets)

    def _config(self, rules: Iterable[Path], scrape: str, evaluate: str) -> Mapping[str, object]:
        alertmanagers = [{"static_configs": [{"targets": [self._alertmanager]}]}] if self._alertmanager else []
        return {
            "global": {"scrape_interval": scrape, "scrape_timeout": scrape, "evaluation_interval": evaluate},
            "rule_files": [str(path) for path in rules],
            "alerting": {"alertmanagers": alertmanagers},
            "scrape_configs": [{"job_name": "dnsbl", "static_configs": [{"targets": self._targets}]}],
        }
