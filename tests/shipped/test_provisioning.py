"""What Grafana is told at its start has the fields that Grafana knows, and agrees with the dashboards."""

from pathlib import Path

import pytest
import yaml

from tests.shipped.boards import BOARDS, FOLDER, drawn, objects, seconds

PROVISIONING = FOLDER.parent / "provisioning"
README = FOLDER.parents[1] / "README.md"

DATA_SOURCE = {
    *("name", "uid", "type", "access", "orgId", "url", "user", "database", "basicAuth", "basicAuthUser", "withCredentials"),
    *("isDefault", "jsonData", "secureJsonData", "version", "editable", "correlations"),
}
JSON_DATA = {
    *("httpMethod", "timeInterval", "queryTimeout", "manageAlerts", "prometheusType", "prometheusVersion", "cacheLevel"),
    *("disableRecordingRules", "incrementalQuerying", "incrementalQueryOverlapWindow", "customQueryParameters"),
}
PROVIDER = {
    *("name", "orgId", "folder", "folderUid", "type", "disableDeletion", "allowUiUpdates", "updateIntervalSeconds", "options"),
}
OPTIONS = {"path", "foldersFromFilesStructure"}


def _only(path: Path, key: str) -> dict[str, object]:
    """The one entry of a file."""
    document = yaml.safe_load(path.read_text())
    assert document.keys() == {"apiVersion", key}
    assert document["apiVersion"] == 1
    (entry,) = document[key]
    assert isinstance(entry, dict)
    return entry


@pytest.fixture(name="source")
def _source() -> dict[str, object]:
    return _only(PROVISIONING / "datasources" / "prometheus.yml", "datasources")


@pytest.fixture(name="provider")
def _provider() -> dict[str, object]:
    return _only(PROVISIONING / "dashboards" / "dnsbl-exporter.yml", "providers")


def test_the_data_source_is_one_that_grafana_takes(source: dict[str, object]) -> None:
    """A Prometheus, asked by Grafana itself, with a name that other files can use."""
    assert source.keys() <= DATA_SOURCE
    assert (source["type"], source["access"], source["uid"]) == ("prometheus", "proxy", "prometheus")
    assert isinstance(source["jsonData"], dict)
    assert source["jsonData"].keys() <= JSON_DATA


def test_the_data_source_knows_how_often_is_scraped(source: dict[str, object]) -> None:
    """As often as the README says and no rarer than panels ask, or rates over short times would be empty."""
    assert isinstance(source["jsonData"], dict)
    interval = str(source["jsonData"]["timeInterval"])
    assert f"scrape_interval: {interval}" in README.read_text()
    steps = {
        str(target["interval"]) for board in BOARDS.values() for panel in drawn(board) for target in objects(panel, "targets")
    }
    assert min(map(seconds, steps)) >= seconds(interval)


def test_the_dashboards_are_provided_as_they_are(provider: dict[str, object]) -> None:
    """From files, into a folder of their own, without a way to change or delete them that the next start would undo."""
    assert provider.keys() <= PROVIDER
    assert (provider["type"], provider["allowUiUpdates"], provider["disableDeletion"]) == ("file", False, True)
    assert isinstance(provider["options"], dict)
    assert provider["options"].keys() == OPTIONS
    assert str(provider["options"]["path"]).startswith("/etc/grafana/")
