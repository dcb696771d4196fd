"""The same alerts for people without a Prometheus that evaluates rules: Grafana evaluates them itself.

    python -m tests.shipped.alerts.managed

writes grafana/provisioning/alerting/dnsbl.yml from grafana/rules/, where all changes are made.

Rules:

1. Grafana records nothing, so what a rule reads by the name of a recording stands in its place.
2. A rule is a query, A, and the condition that it found anything, C: some rules find zeros, which are no alert to Grafana. If any
   query finds nothing, Grafana takes the whole rule for one that found nothing.
3. Grafana's templates cannot query. What annotations say of a listing besides its labels comes with B, which finds a series for
   each that A finds, with these labels and more. Other lookups find nothing and leave their part out.
4. Grafana's own address is known to it; that of the runbooks is taken from the rules.
"""

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

import yaml

from tests.shipped.alerts.files import GRAFANA, Rule, groups

FILE = GRAFANA / "provisioning" / "alerting" / "dnsbl.yml"
SOURCE = "prometheus"
"""The uid of the data source."""
DESCRIBED = "listing:dnsbl_listing_number:described"
HEAD = """\
# The alerts of grafana/rules/ for Grafana to evaluate: use these or those. Made from them by
#
#   python -m tests.shipped.alerts.managed
#
# and not to be changed here. The data source has the uid `prometheus`. For Grafana 10.4.1 and later.
"""

_NAME = re.compile(r"(?P<name>\b[a-z_]+:(?P<metric>[a-z_]+):[a-z]+\b)(?P<selector>\{[^}]*\})?")
_LINK = re.compile(r'\{\{ with query "dnsbl_links_info" \}\}\{\{ \(first \.\)\.Labels\.(\w+) \}\}(.*)\{\{ end \}\}$')
_LOOKUP = re.compile(rf'range query \(printf "{DESCRIBED}\{{.*?\}}"(?: \$labels\.\w+)+\)')


def text() -> str:
    """The file."""
    document = {"apiVersion": 1, "groups": [_group(name, rules) for name, rules in groups().items() if name != "dnsbl-links"]}
    return HEAD + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000, allow_unicode=True)


def as_rules() -> Mapping[str, object]:
    """What Grafana evaluates, as a rule file of Prometheus."""
    found = []
    for name, rules in groups().items():
        alerts = [
            {key: value for key, value in rule.items() if key in ("alert", "for", "labels")}
            | {"expr": inlined(str(rule["expr"]))}
            for rule in rules
            if "alert" in rule
        ]
        found.append({"name": name, "rules": alerts})
    return {"groups": found}


def inlined(expression: str) -> str:
    """An expression that reads nothing that is recorded."""
    recorded = {str(rule["record"]): str(rule["expr"]) for rules in groups().values() for rule in rules if "record" in rule}

    def expand(found: re.Match[str]) -> str:
        inner = textwrap.dedent(recorded[found["name"]]).strip("\n")
        if found["selector"]:  # of labels that the recording kept: it may as well be that of the metric which it is made of
            inner = re.sub(rf"\b{found['metric']}\b", found["metric"] + found["selector"], inner)
        line = found.string[found.string.rfind("\n", 0, found.start()) + 1 :]
        margin = " " * (len(line) - len(line.lstrip()))
        return "(\n" + textwrap.indent(inlined(inner), margin + "  ") + "\n" + margin + ")"

    return _NAME.sub(expand, textwrap.dedent(expression).strip("\n"))


def _group(name: str, rules: list[Rule]) -> Mapping[str, object]:
    alerts = [_rule(rule) for rule in rules if "alert" in rule]
    return {"orgId": 1, "name": name, "folder": "DNSBL", "interval": "1m", "rules": alerts}


def _rule(rule: Rule) -> Mapping[str, object]:
    name, expression, annotations = str(rule["alert"]), str(rule["expr"]), rule["annotations"]
    assert isinstance(annotations, dict)
    data = [_query("A", inlined(expression)), _condition()]
    if any(DESCRIBED in each for each in annotations.values()):
        data.insert(1, _query("B", inlined(_description(expression))))
    return {
        "uid": name,
        "title": name,
        "condition": "C",
        "data": data,
        "for": rule.get("for", "0s"),
        "noDataState": "OK",
        "execErrState": "KeepLast",
        "labels": rule.get("labels", {}),
        "annotations": {each: _translated(value) for each, value in annotations.items()},
    }


def _description(expression: str) -> str:
    """All present listings with their descriptions, and with the severity that this rule gives them."""
    severity = re.search(r"\bsublist:dnsbl_severity:[a-z]+", expression)
    assert severity is not None
    return f"  {DESCRIBED}\n* on (job, list, sublist) group_left (severity)\n  {severity[0]}"


def _query(name: str, expression: str) -> Mapping[str, object]:
    model = {
        "refId": name,
        "datasource": {"type": "prometheus", "uid": SOURCE},
        "editorMode": "code",
        "expr": expression,
        "instant": True,
        "range": False,
    }
    return {"refId": name, "relativeTimeRange": {"from": 600, "to": 0}, "datasourceUid": SOURCE, "model": model}


def _condition() -> Mapping[str, object]:
    expressions = {"type": "__expr__", "uid": "__expr__"}
    model = {"refId": "C", "datasource": expressions, "type": "math", "expression": "0 * $A + 1"}
    return {"refId": "C", "relativeTimeRange": {"from": 0, "to": 0}, "datasourceUid": "__expr__", "model": model}


def _translated(template: str) -> str:
    template = _LINK.sub(_linked, template)
    template = _LOOKUP.sub("with $values.B", template)
    return template.replace("$value ", "$values.A.Value ").replace("$value)", "$values.A.Value)")


def _linked(found: re.Match[str]) -> str:
    if found[1] == "grafana":
        return f'{{{{ reReplaceAll "/$" "" externalURL }}}}{found[2]}'
    (links,) = groups()["dnsbl-links"]
    labels = links["labels"]
    assert isinstance(labels, dict)
    return f"{labels[found[1]]}{found[2]}"


class _Dumper(yaml.SafeDumper):
    """Writes each node where it stands, and long texts as they read."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _represent(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _represent)


def main(path: Path = FILE) -> None:
    """Write it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(), "utf-8")


if __name__ == "__main__":
    main()
