"""The installed command, as a subprocess: started with a config, scraped, reloaded, ended, killed.

Rule 1: it is entered when it listens. Its port is free and new at each start; `url` follows.
Rule 2: it runs in a folder of its own, so a relative `history.path` outlives restarts and kills.
Rule 3: what is read from it is read through HTTP and Prometheus's own parser, as users do.
"""

import http.client
import json
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from prometheus_client.parser import text_string_to_metric_families

from tests.servers.ask import endpoint
from tests.servers.daemon import Daemon, wait_until

LISTENING = re.compile(r"\bmsg(?:=|\": \")listening\b.*?\baddress(?:=|\": )\"?([^\s\"]+)")  # in logfmt or JSON
HTTP_SECONDS = 10.0
START_SECONDS = 20.0
END_SECONDS = 10.0  # promised after SIGTERM

Labels = frozenset[tuple[str, str]]


class Response(NamedTuple):
    """An HTTP response; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> object:
        """The body as JSON."""
        value: object = json.loads(self.body)
        return value


class Exporter:
    """`python -m exporter serve` in a folder; `args` are further flags, `env` further variables."""

    def __init__(
        self,
        folder: Path,
        config: str,
        args: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.config = folder / "config.yml"
        self.config.write_text(config)
        command = [
            *(sys.executable, "-m", "exporter", "serve"),
            f"--config.file={self.config}",
            "--web.listen-address=127.0.0.1:0",
            "--log.format=logfmt",
            *args,
        ]
        self.address = ""
        self.daemon = Daemon("exporter", command, folder, self._listens, env=env, within=START_SECONDS)

    def __enter__(self) -> Self:
        self.daemon.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.daemon.stop()

    @property
    def url(self) -> str:
        """Where the present run listens, `http://127.0.0.1:PORT`."""
        return f"http://{self.address}"

    @property
    def log(self) -> str:
        """All it logged, over all its runs."""
        return self.daemon.log

    @property
    def pid(self) -> int:
        """The process ID of the present run."""
        return self.daemon.pid

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """GET a path."""
        return self._request("GET", path, headers or {})

    def post(self, path: str, headers: Mapping[str, str] | None = None) -> Response:
        """POST nothing to a path."""
        return self._request("POST", path, headers or {})

    def samples(self, name: str) -> dict[Labels, float]:
        """The values of one metric on /metrics, by their labels."""
        response = self.get("/metrics")
        assert response.status == 200, response
        return {
            frozenset(sample.labels.items()): sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
            if sample.name == name
        }

    def value(self, name: str, **labels: str) -> float | None:
        """The value of the one sample with these labels, among others; None when there is none."""
        wanted = labels.items()
        found = [value for has, value in self.samples(name).items() if has >= wanted]
        assert len(found) < 2, f"{len(found)} samples of {name} have {labels}"
        return found[0] if found else None

    def wait(self, condition: Callable[[Self], bool], what: str, within: float = 30.0) -> None:
        """Return once the condition holds; fail, with the end of the log, when it doesn't."""
        try:
            wait_until(lambda: condition(self), what, within)
        except BaseException as error:
            error.add_note(f"the end of its log:\n{self.log[-4000:]}")
            raise

    def reload(self, config: str | None = None) -> Response:
        """Replace the config file, if one is given, and POST /-/reload."""
        if config is not None:
            self.config.write_text(config)
        return self.post("/-/reload")

    def hang_up(self) -> None:
        """Send SIGHUP, the other way to reload."""
        self.daemon.signal(signal.SIGHUP)

    def terminate(self) -> int:
        """Send SIGTERM and return the exit code; fail when it takes longer than promised."""
        self.daemon.signal(signal.SIGTERM)
        wait_until(lambda: not self.daemon.alive, "exporter ends after SIGTERM", END_SECONDS)
        code = self.daemon.exit_code
        assert code is not None
        return code

    def kill(self) -> None:
        """End it with SIGKILL, as a crash or the kernel would."""
        self.daemon.kill()

    def start(self) -> None:
        """Start it again after `terminate` or `kill`."""
        self.daemon.start()

    def restart(self) -> None:
        """End it with SIGTERM and start it again."""
        self.daemon.restart()

    def _listens(self) -> bool:
        listening = LISTENING.search(self.daemon.fresh_log)
        if listening:
            self.address = listening[1]
        return listening is not None

    def _request(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        connection = http.client.HTTPConnection(*endpoint(self.address), timeout=HTTP_SECONDS)
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Response(response.status, fields, response.read())
        finally:
            connection.close()
