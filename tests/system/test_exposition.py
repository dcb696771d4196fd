"""What /metrics says is what the contract says, in forms that strict readers take."""

import re
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_text

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import healthy, servfail, zone_data
from tests.servers.daemon import require
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.scrape import Scrape
from tests.system.settings import addresses_on, config

ZONE, EMPTY, SILENT = "bl.example", "empty.example", "silent.example"
TARGETS = ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
OPENMETRICS = "application/openmetrics-text"

# contract.md, section 3: every family with its type and its labels.
PLACE = "target list sublist"
FAMILIES = {
    "dnsbl_listed": ("gauge", "target list"),
    "dnsbl_listed_since_timestamp_seconds": ("gauge", PLACE),
    "dnsbl_last_delisted_timestamp_seconds": ("gauge", PLACE),
    "dnsbl_listing_onset_observed": ("gauge", PLACE),
    "dnsbl_listing_number": ("gauge", PLACE),
    "dnsbl_listing_info": ("gauge", f"{PLACE} codes"),
    "dnsbl_unknown_since_timestamp_seconds": ("gauge", "target list cause"),
    "dnsbl_target_info": ("gauge", "target kind origin"),
    "dnsbl_target_listings": ("gauge", "target"),
    "dnsbl_list_info": ("gauge", "list operator provider"),
    "dnsbl_sublist_info": ("gauge", "list sublist class impact scope delist_url"),
    "dnsbl_list_up": ("gauge", "list"),
    "dnsbl_list_health": ("gauge", "list health"),
    "dnsbl_list_checks": ("gauge", "list verdict"),
    "dnsbl_list_last_success_timestamp_seconds": ("gauge", "list"),
    "dnsbl_list_interval_seconds": ("gauge", "list"),
    "dnsbl_list_lap_seconds": ("gauge", "list"),
    "dnsbl_checks_total": ("counter", "list"),
    "dnsbl_check_failures_total": ("counter", "list cause"),
    "dnsbl_listings_total": ("counter", "list"),
    "dnsbl_delistings_total": ("counter", "list"),
    "dnsbl_query_duration_seconds": ("histogram", "list"),
    "dnsbl_resolver_up": ("gauge", "resolver"),
    "dnsbl_targets": ("gauge", "kind"),
    "dnsbl_checks_overdue": ("gauge", ""),
    "dnsbl_history_created_timestamp_seconds": ("gauge", ""),
    "dnsbl_history_write_failures_total": ("counter", ""),
    "dnsbl_shard_ordinal": ("gauge", ""),
    "dnsbl_total_shards": ("gauge", ""),
    "dnsbl_config_last_reload_successful": ("gauge", ""),
    "dnsbl_config_last_reload_success_timestamp_seconds": ("gauge", ""),
    "dnsbl_build_info": ("gauge", "version"),
    "dnsbl_origin_up": ("gauge", "origin"),
    "dnsbl_origin_last_success_timestamp_seconds": ("gauge", "origin"),
    "dnsbl_origin_skipped": ("gauge", "origin reason"),
}
LIBRARY = ("process_", "python_")
CAUSES = {
    "timeout",
    "network",
    "servfail",
    "refused_rcode",
    "formerr",
    "other_rcode",
    "malformed",
    "no_data",
    "bogus",
    "refused",
    "unhealthy",
    "internal",
}
HEALTH = {"ok", "silent", "everything", "refused", "bogus", "unreachable", "untested"}


@pytest.fixture(name="exporter", scope="module")
def _exporter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    """One that has seen everything that a family can be about: listed, clean, unknown, a list that is down."""
    with Rude() as rude:
        rude.behave(ZONE, healthy(zone_data({prefix(TARGETS[0]): ["127.0.0.4", "127.0.0.2"]})))
        rude.behave(f"{prefix(TARGETS[1])}.{ZONE}", servfail)
        rude.behave(EMPTY, healthy(zone_data({})))
        rude.behave(SILENT, mischief.silent)
        codes = {"127.0.0.2": {"sublist": "SBL", "class": "abuse", "impact": "critical"}}
        lists = [
            addresses_on(ZONE, codes=codes, operator='The "Operator"\\', delist_url="https://bl.example/?a=1&ip={target}"),
            addresses_on(EMPTY),
            addresses_on(SILENT),
        ]
        folder = tmp_path_factory.mktemp("exposition")
        (folder / "targets.txt").write_text("example.com # no list takes it\n")
        with Exporter(folder, config(rude.address, lists, [*TARGETS, {"files": ["targets.txt"]}])) as exporter:
            exporter.wait(lambda it: _has_everything(Scrape.now(it)), "every family has something to say")
            yield exporter


def _has_everything(scrape: Scrape) -> bool:
    laps = scrape.by("dnsbl_list_lap_seconds", "list")
    return bool(scrape.codes()) and TARGETS[1] in scrape.causes(ZONE) and len(scrape.causes(SILENT)) == 3 and (ZONE,) in laps


def test_promtool_accepts_a_scrape(exporter: Exporter) -> None:
    """`promtool check metrics` finds no fault and no fault of style."""
    checked = subprocess.run(
        [require("promtool"), "check", "metrics"], input=exporter.get("/metrics").body, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_the_families_are_those_of_the_contract(exporter: Exporter) -> None:
    """Every family of the contract is there with its type, and no other but the library's own."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", exporter.get("/metrics").text, re.MULTILINE))
    own = {name: kind for name, kind in types.items() if not name.startswith(LIBRARY)}
    assert own == {name: kind for name, (kind, _) in FAMILIES.items()}
    assert types.keys() > {"process_resident_memory_bytes", "process_start_time_seconds", "python_info"}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_has_the_labels_of_the_contract(exporter: Exporter, name: str) -> None:
    """Every sample of a family has exactly its labels, and there is at least one."""
    kind, labels = FAMILIES[name]
    suffix = "_count" if kind == "histogram" else ""
    samples = Scrape.now(exporter).samples[f"{name}{suffix}"]
    assert {frozenset(label for label, _ in sample) for sample in samples} == {frozenset(labels.split())}


@pytest.mark.parametrize("accept", ["", OPENMETRICS], ids=["text", "OpenMetrics"])
def test_a_strict_parser_reads_a_scrape(exporter: Exporter, accept: str) -> None:
    """Both forms can be read, hold the same families, each once and with a help text, and no `_created` series."""
    read = read_openmetrics if accept else read_text
    families = list(read(exporter.get("/metrics", {"Accept": accept}).text))
    names = [family.name for family in families]
    assert len(set(names)) == len(names)
    assert {name for name in names if not name.startswith(LIBRARY)} == {name.removesuffix("_total") for name in FAMILIES}
    assert all(family.documentation for family in families)
    samples = [(sample.name, frozenset(sample.labels.items())) for family in families for sample in family.samples]
    assert len(set(samples)) == len(samples)
    assert not any(name.endswith("_created") for name, _ in samples)


def test_label_values_are_escaped(exporter: Exporter) -> None:
    """Quotes, backslashes and ampersands of the config come through as they were."""
    scrape = Scrape.now(exporter)
    assert ('The "Operator"\\',) in scrape.by("dnsbl_list_info", "operator")
    assert ("https://bl.example/?a=1&ip={target}",) in scrape.by("dnsbl_sublist_info", "delist_url")


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, "text"),
        ("", "text"),
        ("*/*", "text"),
        ("text/plain", "text"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text"),
        ("nonsense;;q=,", "text"),
        (OPENMETRICS, "openmetrics"),
        (f"{OPENMETRICS};version=1.0.0", "openmetrics"),
        (f"{OPENMETRICS};q=0.3, text/plain;q=0.5", "text"),
        (f"{OPENMETRICS};q=0, */*", "text"),
        (f"{OPENMETRICS};version=9.9.9", "text"),
        # What Prometheus 2.42 and 3.0 send.
        (
            f"{OPENMETRICS};version=1.0.0,{OPENMETRICS};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "openmetrics",
        ),
        (
            f"{OPENMETRICS};version=1.0.0;escaping=allow-utf-8;q=0.6,{OPENMETRICS};version=0.0.1;q=0.5,"
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
            "openmetrics",
        ),
    ],
)
def test_the_form_is_the_one_that_the_client_prefers(exporter: Exporter, accept: str | None, form: str) -> None:
    """OpenMetrics for who prefers it and text for all others, each under its own content type."""
    response = exporter.get("/metrics", {} if accept is None else {"Accept": accept})
    assert response.status == 200
    expected = {"text": "text/plain; version=0.0.4; charset=utf-8", "openmetrics": f"{OPENMETRICS}; version=1.0.0; charset=utf-8"}
    assert response.headers["content-type"] == expected[form]
    assert response.text.endswith("# EOF\n") == (form == "openmetrics")
    assert "accept" in response.headers["vary"].lower().split(", ")


def test_what_is_shown_agrees_with_what_happened(exporter: Exporter) -> None:
    """The states, health, failures and sublists of a listed, a failing and a clean check, and of a list that is down."""
    scrape = Scrape.now(exporter)
    assert scrape.checks(ZONE) == {"listed": 1, "unknown": 1, "not_listed": 1}
    assert scrape.checks(SILENT) == {"unknown": 3}
    assert set(scrape.causes(SILENT).values()) == {"unhealthy"}
    assert scrape.by("dnsbl_list_up", "list") == {(ZONE,): 1, (EMPTY,): 1, (SILENT,): 0}
    states = scrape.by("dnsbl_list_health", "list", "health")
    assert {state for state, value in states.items() if value} == {(ZONE, "ok"), (EMPTY, "ok"), (SILENT, "unreachable")}
    assert states.keys() == {(zone, state) for zone in (ZONE, EMPTY, SILENT) for state in HEALTH}
    assert {sublist for zone, sublist in scrape.by("dnsbl_sublist_info", "list", "sublist") if zone == ZONE} == {
        "SBL",
        "127.0.0.4",
    }
    assert scrape.by("dnsbl_target_listings", "target") == {(TARGETS[0],): 2, (TARGETS[1],): 0, (TARGETS[2],): 0}
    assert scrape.by("dnsbl_targets", "kind") == {("ipv4",): 3, ("ipv6",): 0, ("domain",): 0}
    assert scrape.by("dnsbl_list_interval_seconds", "list")[ZONE,] == 0.5
    assert scrape.by("dnsbl_list_last_success_timestamp_seconds", "list")[SILENT,] == 0


@pytest.mark.parametrize("checks", ["all", "history"])
def test_whether_a_clean_check_has_a_series_is_configured(exporter: Exporter, checks: str) -> None:
    """With `checks: history` only checks that were ever listed have a `dnsbl_listed`; all else stays."""
    text = exporter.config.read_text()
    try:
        assert exporter.reload(text.replace('"targets"', f'"metrics": {{"checks": "{checks}"}},\n "targets"')).status == 200
        scrape = Scrape.now(exporter)
        assert scrape.listed(ZONE) == {TARGETS[0]: 1} | ({TARGETS[2]: 0} if checks == "all" else {})
        assert scrape.listed(EMPTY) == (dict.fromkeys(TARGETS, 0) if checks == "all" else {})
        assert scrape.checks(EMPTY) == {"not_listed": 3}
    finally:
        assert exporter.reload(text).status == 200


def test_counters_stand_at_zero_from_the_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Before anything was asked, every counter exists for every list and cause."""
    with Rude() as rude:
        rude.behave(ZONE, mischief.silent)
        rude.behave(EMPTY, mischief.silent)
        text = config(rude.address, [addresses_on(ZONE), addresses_on(EMPTY)], TARGETS, query={"timeout": "1m", "attempts": 1})
        with Exporter(tmp_path_factory.mktemp("start"), text) as exporter:
            scrape = Scrape.now(exporter)
    zones = {(ZONE,): 0, (EMPTY,): 0}
    for name in ("dnsbl_checks_total", "dnsbl_listings_total", "dnsbl_delistings_total", "dnsbl_query_duration_seconds_count"):
        assert scrape.by(name, "list") == zones
    expected = {(zone, cause): 0 for zone in (ZONE, EMPTY) for cause in CAUSES}
    assert scrape.by("dnsbl_check_failures_total", "list", "cause") == expected
    assert scrape.samples["dnsbl_history_write_failures_total"] == {frozenset(): 0}
    assert scrape.checks(ZONE) == {"unknown": 3}
    assert scrape.listed(ZONE) == {}
