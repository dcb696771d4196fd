"""A real Prometheus over a past: blocks made by promtool of samples with times, and a server that reads them.

Rule 1: nothing is scraped, so what it answers depends on the samples and the asked time alone.
Rule 2: samples from so far apart as the server is told count as one series, as they would if it had scraped often.
"""

import http.client
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from tests.servers.daemon import Daemon, require
from tests.servers.ports import free_port

_BLOCK = "744h"


@dataclass(frozen=True, slots=True)
class Series:
    """A series of an answer: its labels, and its values by time; an instant vector's has one."""

    labels: Mapping[str, str]
    values: Sequence[tuple[float, float]]

    @property
    def value(self) -> float:
        """The latest value."""
        return self.values[-1][1]


class QueryError(Exception):
    """Prometheus refuses a query."""


class Archive:
    """Prometheus on a free port of loopback, over the samples of a file in OpenMetrics text."""

    def __init__(self, folder: Path, samples: Path, lookback: str = "16m") -> None:
        self._folder = folder
        self._samples = samples
        self.port = free_port()
        (folder / "prometheus.yml").write_text("global: {scrape_interval: 1m}\n")
        command = [
            *(require("prometheus"), f"--config.file={folder / 'prometheus.yml'}"),
            *(f"--storage.tsdb.path={folder / 'tsdb'}", "--storage.tsdb.retention.time=100y"),
            *(f"--web.listen-address=127.0.0.1:{self.port}", f"--query.lookback-delta={lookback}", "--log.level=warn"),
        ]
        self.daemon = Daemon("prometheus", command, folder, self._answers, within=60.0)

    def __enter__(self) -> Self:
        making = [require("promtool"), "tsdb", "create-blocks-from", f"--max-block-duration={_BLOCK}", "openmetrics"]
        made = subprocess.run(
            [*making, str(self._samples), str(self._folder / "tsdb")], capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr[-2000:]
        self.daemon.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def instant(self, query: str, at: float) -> list[Series]:
        """An instant query; a scalar is a series without labels."""
        return _series(self._get("query", {"query": query, "time": at}))

    def ranged(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """A range query."""
        return _series(self._get("query_range", {"query": query, "start": start, "end": end, "step": step}))

    def label_values(self, label: str, match: str, start: float, end: float) -> list[str]:
        """The values of a label on the series that a selector matches."""
        return _texts(self._get(f"label/{label}/values", {"match[]": match, "start": start, "end": end}))

    def label_names(self, match: str, start: float, end: float) -> list[str]:
        """The labels of the series that a selector matches."""
        return _texts(self._get("labels", {"match[]": match, "start": start, "end": end}))

    def _get(self, path: str, parameters: Mapping[str, str | float]) -> object:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(parameters)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        if answer["status"] != "success":
            raise QueryError(f"{answer['error']} in {parameters}")
        data: object = answer["data"]
        return data

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/-/ready")
            return connection.getresponse().status == http.client.OK
        except OSError:
            return False
        finally:
            connection.close()


def _series(data: object) -> list[Series]:
    assert isinstance(data, dict)
    if data["resultType"] in ("scalar", "string"):
        at, value = data["result"]
        return [Series({}, [(at, float(value))])]
    return [
        Series(one["metric"], [(at, float(value)) for at, value in one.get("values") or [one["value"]]]) for one in data["result"]
    ]


def _texts(data: object) -> list[str]:
    assert isinstance(data, list)
    return data
