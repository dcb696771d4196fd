"""The shipped files, read as YAML."""

from pathlib import Path

import yaml

GRAFANA = Path(__file__).parents[3] / "grafana"
RULES = sorted((GRAFANA / "rules").glob("*.yml"))

Rule = dict[str, object]


def groups() -> dict[str, list[Rule]]:
    """The rules of each group."""
    found: dict[str, list[Rule]] = {}
    for path in RULES:
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]:
            assert group["name"] not in found
            found[group["name"]] = group["rules"]
    return found


def alerts() -> dict[str, Rule]:
    """The alerting rules by name."""
    rules = [rule for rules in groups().values() for rule in rules if "alert" in rule]
    return {str(rule["alert"]): rule for rule in rules}


def links(name: str, dashboard: str) -> dict[str, str]:
    """The annotations that lead on from an alert: to its runbook and to a dashboard, by the addresses as shipped."""
    (addresses,) = groups()["dnsbl-links"]
    labels = addresses["labels"]
    assert isinstance(labels, dict)
    return {"runbook_url": f"{labels['runbooks']}/{name}", "dashboard_url": f"{labels['grafana']}/d/{dashboard}"}
