"""The alerts that Grafana evaluates are those of the rules, and the file that says so is up to date.

That the same fires by them is told where stories end with `check_as_managed`.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

import pytest
import yaml

from tests.shipped.alerts import managed
from tests.shipped.alerts.files import alerts, groups
from tests.shipped.alerts.promtool import promtool

Node = Mapping[str, object]

DOCUMENT = yaml.safe_load(managed.FILE.read_text("utf-8"))
RULES: dict[str, Node] = {rule["title"]: rule for group in DOCUMENT["groups"] for rule in group["rules"]}
FIELDS = {"uid", "title", "condition", "data", "for", "noDataState", "execErrState", "labels", "annotations"}


def _queries(rule: Node) -> Iterator[Node]:
    for query in cast("list[Node]", rule["data"]):
        yield cast("Node", query["model"])


def test_the_file_is_made_from_the_rules() -> None:
    """A rule was changed: run `python -m tests.shipped.alerts.managed`."""
    assert managed.FILE.read_text("utf-8") == managed.text()


def test_each_alert_is_there_once() -> None:
    """Under its own name, in its own group, with an uid that Grafana takes."""
    assert [rule["title"] for group in DOCUMENT["groups"] for rule in group["rules"]] == list(alerts())
    assert {group["name"] for group in DOCUMENT["groups"]} == {name for name in groups() if name != "dnsbl-links"}
    uids = [str(rule["uid"]) for rule in RULES.values()]
    assert len(set(uids)) == len(uids)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,40}", uid) for uid in uids)


@pytest.mark.parametrize("name", RULES)
def test_a_rule_has_the_fields_of_grafana(name: str) -> None:
    """All of them, and its condition is one of its queries."""
    rule = RULES[name]
    assert rule.keys() == FIELDS
    assert (rule["condition"], rule["noDataState"], rule["execErrState"]) == ("C", "OK", "KeepLast")
    data = cast("list[Node]", rule["data"])
    assert [each["refId"] for each in data] in (["A", "C"], ["A", "B", "C"])
    assert all(each.keys() == {"refId", "relativeTimeRange", "datasourceUid", "model"} for each in data)
    assert [model["refId"] for model in _queries(rule)] == [each["refId"] for each in data]


@pytest.mark.parametrize("name", RULES)
def test_what_is_evaluated_is_the_rules_own(name: str) -> None:
    """Labels and times are the same, and so is the expression, if it reads nothing that is recorded."""
    rule, original = RULES[name], alerts()[name]
    assert rule["labels"] == original.get("labels", {})
    assert rule["for"] == original.get("for", "0s")
    query = next(_queries(rule))
    if ":" not in str(original["expr"]):
        assert str(query["expr"]).split() == str(original["expr"]).split()


def test_nothing_that_is_recorded_is_read(tmp_path: Path) -> None:
    """All expressions stand on their own, and promtool can read them."""
    expressions = [str(model["expr"]) for rule in RULES.values() for model in _queries(rule) if "expr" in model]
    assert not [text for text in expressions if re.search(r"[a-z]:[a-z]", text)]
    rules = [{"record": f"number_{number}", "expr": text} for number, text in enumerate(expressions)]
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", RULES)
def test_texts_use_what_grafana_gives(name: str) -> None:
    """A value by the query that it is of; nothing in braces after a dollar, which Grafana takes for a variable of its own."""
    texts = cast("dict[str, str]", RULES[name]["annotations"])
    assert texts.keys() == cast("dict[str, str]", alerts()[name]["annotations"]).keys()
    for text in texts.values():
        assert not re.search(r"\$value\b|\$\{|dnsbl_links_info|described", text)
        assert "$values.B" not in text or len(cast("list[Node]", RULES[name]["data"])) == 3
