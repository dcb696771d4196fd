"""Time, and what must fire: a promtool test that is written as a story."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.shipped.alerts import managed
from tests.shipped.alerts.exporters import Exporter, List, Place, Sample
from tests.shipped.alerts.files import RULES
from tests.shipped.alerts.promtool import promtool

JOB = "dnsbl"

Alert = Mapping[str, str]


def alert(name: str, severity: str, place: Place | None = None, /, **more: str) -> Alert:
    """A firing alert's labels."""
    labels = {"alertname": name, "job": JOB, "severity": severity, **more}
    if place is not None:
        labels |= {"target": place.target, "list": place.list, "sublist": place.sublist, **dict(place.labels)}
    return {label: value for label, value in labels.items() if value}


class World:
    """Exporters that Prometheus scrapes once a minute, from minute 1."""

    def __init__(self, folder: Path) -> None:
        self.minute = 0
        self._folder = folder
        self._exporters: list[Exporter] = []
        self._values: dict[str, dict[int, float]] = {}
        self._unseen: set[int] = set()
        self._expected: dict[int, tuple[Alert, ...]] = {}
        self._annotations: list[dict[str, object]] = []
        self._tick()

    def exporter(self, instance: str = "a", lists: Mapping[str, List] | None = None, job: str = JOB) -> Exporter:
        """One more."""
        new = Exporter(instance, job, self._now, lists=dict(lists or {}))
        self._exporters.append(new)
        return new

    def forget(self, exporter: Exporter) -> None:
        """Nobody looks for it any more, so it is neither up nor down."""
        self._exporters.remove(exporter)

    def run(self, minutes: int = 1) -> None:
        """Let so many scrapes happen."""
        for _ in range(minutes):
            for exporter in self._exporters:
                exporter.now = self._now
                for sample in exporter.says():
                    self._values.setdefault(_written(sample), {})[self.minute] = sample.value
            self._tick()

    def pause(self, minutes: int) -> None:
        """Nobody scrapes, so nothing is noted."""
        self._unseen.update(range(self.minute, self.minute + minutes))
        for _ in range(minutes):
            self._tick()

    def expect(self, *alerts: Alert) -> None:
        """These fire after the last scrape, and no other."""
        self._expected[self.minute - 1] = alerts

    def run_expecting(self, minutes: int, *alerts: Alert) -> None:
        """These, and no other, fire after each of so many scrapes."""
        for _ in range(minutes):
            self.run()
            self.expect(*alerts)

    def expect_annotations(self, labels: Alert, **annotations: str) -> None:
        """The one alert of its name that fires after the last scrape says this, exactly."""
        has = {label: value for label, value in labels.items() if label != "alertname"}
        expected = {"exp_labels": has, "exp_annotations": annotations}
        self._annotations.append(
            {"eval_time": self._last, "alertname": labels["alertname"], "exp_alerts": [expected]},
        )

    def check(self) -> None:
        """Ask promtool whether all of it is so."""
        self._ask(RULES, self._annotations)

    def check_as_managed(self) -> None:
        """Ask promtool whether the same fires by what Grafana evaluates."""
        rules = self._folder / "managed.yml"
        rules.write_text(json.dumps(managed.as_rules()))
        self._ask([rules], [])

    @property
    def _now(self) -> float:
        """Seconds; what happens is seen by the next scrape, half a minute later."""
        return self.minute * 60 - 30

    @property
    def _last(self) -> str:
        return f"{self.minute - 1}m"

    def _tick(self) -> None:
        self.minute += 1
        for exporter in self._exporters:
            exporter.now = self._now

    def _ask(self, rules: Iterable[Path], annotations: list[dict[str, object]]) -> None:
        story = self._folder / "story.yml"
        story.write_text(json.dumps(self._document(rules, annotations)))
        done = promtool("test", "rules", story)
        assert done.returncode == 0, done.stdout[:4000]

    def _document(self, rules: Iterable[Path], annotations: list[dict[str, object]]) -> Mapping[str, object]:
        series = [{"series": name, "values": " ".join(self._tokens(values))} for name, values in self._values.items()]
        expressions = [
            {
                "expr": 'ALERTS{alertstate="firing"}',
                "eval_time": f"{minute}m",
                "exp_samples": [
                    {"labels": _written(Sample("ALERTS", {**labels, "alertstate": "firing"}, 1)), "value": 1} for labels in alerts
                ],
            }
            for minute, alerts in self._expected.items()
        ]
        test = {
            "interval": "1m",
            "input_series": series,
            "promql_expr_test": expressions,
            "alert_rule_test": annotations,
        }
        return {"rule_files": [str(path) for path in rules], "evaluation_interval": "1m", "tests": [test]}

    def _tokens(self, values: Mapping[int, float]) -> Iterator[str]:
        """A value for each minute. Prometheus notes once that a series has ended."""
        for minute in range(self.minute):
            if minute in values:
                yield repr(float(values[minute]))
            else:
                yield "stale" if minute - 1 in values and minute not in self._unseen else "_"


def _written(sample: Sample) -> str:
    labels = ",".join(f"{label}={json.dumps(value)}" for label, value in sample.labels.items() if value)
    return f"{sample.name}{{{labels}}}"
