"""The rule files: they load, they name what there is, and each alert says what a reader needs."""

import re

import pytest

from exporter.blocklist import ListingClass
from exporter.metrics.lines import HELP, LISTED
from tests.shipped.alerts.files import GRAFANA, RULES, alerts, groups
from tests.shipped.alerts.promtool import promtool

LISTINGS = ["DNSBLRelisted", "DNSBLNewListing", "DNSBLListed", "DNSBLOutbreak"]
HEALTH = [
    "DNSBLListUnhealthy",
    "DNSBLListStale",
    "DNSBLQueriesRefused",
    "DNSBLChecksOverdue",
    "DNSBLOriginDown",
    "DNSBLShardMissing",
    "DNSBLShardsDisagree",
    "DNSBLHistoryLost",
    "DNSBLHistoryNotWritten",
    "DNSBLConfigReloadFailed",
    "DNSBLExporterDown",
]
SECTIONS = ["Meaning", "Impact", "Diagnosis", "First steps"]


def _expressions() -> str:
    return "\n".join(str(rule["expr"]) for rules in groups().values() for rule in rules)


def _texts(name: str) -> dict[str, str]:
    texts = alerts()[name]["annotations"]
    assert isinstance(texts, dict)
    return texts


def test_promtool_has_nothing_to_say() -> None:
    """Not even what its strictest lints find."""
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert done.returncode == 0, done.stdout


def test_each_group_has_its_alerts() -> None:
    """The two groups hold the alerts that they are documented to hold, in the order of their weight."""
    names = {group: [rule["alert"] for rule in rules if "alert" in rule] for group, rules in groups().items()}
    assert names == {"dnsbl-listings": LISTINGS, "dnsbl-health": HEALTH, "dnsbl-links": []}


def test_only_what_is_exposed_or_recorded_is_read() -> None:
    """No rule reads a metric that does not exist, and none is recorded for nothing."""
    recorded = {str(rule["record"]) for rules in groups().values() for rule in rules if "record" in rule}
    texts = "\n".join(text for name in alerts() for text in _texts(name).values())
    read = set(re.findall(r"\b(?:[a-z_]+:)?dnsbl_[a-z_]+(?::[a-z]+)?", _expressions() + texts))
    assert recorded <= read
    assert {name for name in read - recorded if name not in HELP} <= _other_metrics()


def _other_metrics() -> set[str]:
    readme = (GRAFANA.parent / "README.md").read_text("utf-8")
    return set(re.findall(r"`(dnsbl_[a-z_]+)`", readme))


def test_the_dense_family_is_never_read() -> None:
    """A million clean checks cost no evaluation anything."""
    assert not re.search(rf"\b{LISTED}\b", _expressions())


@pytest.mark.parametrize("name", LISTINGS + HEALTH)
def test_an_alert_says_what_a_reader_needs(name: str) -> None:
    """What happened in a sentence, the details, what to do first, and where to read on; for a listing also where to ask."""
    texts = _texts(name)
    expected = {"summary", "description", "first_steps", "runbook_url", "dashboard_url"}
    assert texts.keys() == expected | ({"delist_url"} if name in LISTINGS[:3] else set())
    assert texts["summary"].endswith(".")
    assert f"}}}}/{name}{{{{" in texts["runbook_url"]


@pytest.mark.parametrize("name", LISTINGS + HEALTH)
def test_an_alert_has_its_runbook(name: str) -> None:
    """It opens with the alert's name and has the same four sections as all, each with text."""
    text = (GRAFANA / "runbooks" / f"{name}.md").read_text("utf-8")
    assert text.startswith(f"# {name}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert all(part.strip() for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:])


def test_a_runbook_has_its_alert() -> None:
    """None is left over from an alert that is gone."""
    assert sorted(path.stem for path in (GRAFANA / "runbooks").glob("*.md")) == sorted(LISTINGS + HEALTH)


@pytest.mark.parametrize("listing_class", ListingClass)
def test_first_steps_know_each_class(listing_class: ListingClass) -> None:
    """A class that the code knows has a text of its own or shares one on purpose."""
    assert f'"{listing_class}"' in _texts("DNSBLNewListing")["first_steps"]


def test_external_addresses_stand_in_one_file() -> None:
    """All others take them from there."""
    named = {path.name for path in RULES if re.search(r"https?://", path.read_text("utf-8"))}
    assert named == {"dnsbl-links.yml"}


def test_the_readme_names_exactly_these() -> None:
    """Each has a line in its table."""
    readme = (GRAFANA.parent / "README.md").read_text("utf-8")
    assert re.findall(r"^\| `(DNSBL\w+)` \|", readme, re.MULTILINE) == [
        *("DNSBLNewListing", "DNSBLRelisted", "DNSBLListed", "DNSBLOutbreak"),
        *HEALTH,
    ]
