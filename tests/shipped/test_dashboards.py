"""The dashboards keep the rules that make them work everywhere: Grafana's own for dashboards that are shipped, and ours."""

import itertools
import re
from urllib.parse import parse_qsl, urlsplit

import pytest

from exporter.expansion import Reason
from exporter.verdict import Cause
from grafana.build import built
from grafana.build.looks import CAUSES, REASONS
from tests.servers.behaviour import zone_data
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.shipped.boards import (
    BOARDS,
    FOLDER,
    Asked,
    Object,
    annotations,
    asked,
    drawn,
    events,
    number,
    objects,
    panels,
    plain,
    selectors,
    text,
    used,
    variables,
)
from tests.system.settings import addresses_on, config

SCRAPED = {"up", "scrape_duration_seconds", "scrape_samples_scraped"}
"""What Prometheus adds to a scrape."""
UNITS = {"none", "short", "locale", "percentunit", "s", "cps", "bytes", "dtdurations"}
"""Of Grafana's units, those in use."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
BUILT_IN = {"__all", "__from", "__interval", "__interval_ms", "__rate_interval", "__range", "__url_time_range", "__value"}
QUERIES = [*asked(), *events()]

every_board = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
every_query = pytest.mark.parametrize("query", QUERIES, ids=str)


@pytest.fixture(name="exposed", scope="module")
def _exposed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The type of every family that a real exporter exposes."""
    zone = "bl.example"
    with Rude() as rude:
        rude.behave(zone, zone_data({}))
        text = config(rude.address, [addresses_on(zone)], ["192.0.2.1"])
        with Exporter(tmp_path_factory.mktemp("exposed"), text) as exporter:
            body = exporter.get("/metrics").text
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", body, re.MULTILINE))


def test_the_files_are_what_the_builder_makes() -> None:
    """Who changes a dashboard changes grafana/build, and writes the files with `python -m grafana.build`."""
    committed = {path.name: path.read_text() for path in FOLDER.iterdir()}
    assert committed.keys() == built().keys()
    for name, made in built().items():
        assert committed[name] == made, f"{name} differs: python -m grafana.build"


@every_board
def test_a_dashboard_is_of_a_form_that_every_grafana_takes(board: Object) -> None:
    """Classic, not to be edited where it is provisioned, without what only an import by hand fills in."""
    assert BOARDS[text(board, "uid")] is board
    assert number(board, "schemaVersion") in range(39, 42)
    assert board["editable"] is False
    assert not board.keys() & {"__inputs", "__requires", "__elements", "id"}
    assert text(board, "title").startswith("DNSBL / ")
    assert text(board, "description")
    assert text(board, "refresh") in ("1m", "5m")


@every_board
def test_the_data_source_is_chosen(board: Object) -> None:
    """By a variable, which every panel, query, annotation and variable uses."""
    variable = variables(board)["datasource"]
    assert (variable["type"], variable["query"], variable["label"]) == ("datasource", "prometheus", "Data source")
    asking = [*drawn(board), *annotations(board), *(each for each in variables(board).values() if each["type"] == "query")]
    asking += [target for panel in drawn(board) for target in objects(panel, "targets")]
    assert [each for each in asking if each["datasource"] != SOURCE] == []


@every_board
@pytest.mark.parametrize("name", ["job", "instance"])
def test_job_and_instance_are_chosen(board: Object, name: str) -> None:
    """Several at a time, or all there are."""
    variable = variables(board)[name]
    assert (variable["type"], variable["label"]) == ("query", name.capitalize())
    assert (variable["multi"], variable["includeAll"], variable["allValue"]) == (True, True, ".+")
    assert re.fullmatch(rf"label_values\(dnsbl_build_info.*, {name}\)", text(variable, "query", "query"))


@every_board
def test_variables_follow_the_time(board: Object) -> None:
    """A variable that is queried is queried again when the time changes."""
    assert [name for name, each in variables(board).items() if each["type"] == "query" and each["refresh"] != 2] == []


@every_board
def test_every_variable_is_used_and_every_used_one_is_there(board: Object) -> None:
    """In panels, annotations, links or other variables."""
    names = variables(board).keys()
    assert used({name: board[name] for name in ("panels", "annotations", "templating", "links")}) - BUILT_IN == names


@every_board
def test_every_panel_says_what_it_is(board: Object) -> None:
    """A title, a sentence or more, a unit; overrides too name units that there are."""
    for panel in drawn(board):
        title, description = text(panel, "title"), text(panel, "description")
        assert title
        assert re.fullmatch(r"[A-Z0-9].*\.", description, re.DOTALL), title
        assert text(panel, "fieldConfig", "defaults", "unit") in UNITS, title
        for override in objects(panel, "fieldConfig", "overrides"):
            named = [text(each, "value") for each in objects(override, "properties") if each["id"] == "unit"]
            assert [unit for unit in named if unit not in UNITS and not unit.startswith("time:")] == [], title


@every_board
def test_every_panel_asks_something(board: Object) -> None:
    """Each query has a letter of its own, and says whether it is about now."""
    for panel in drawn(board):
        letters = [text(target, "refId") for target in objects(panel, "targets")]
        assert letters, text(panel, "title")
        assert len(set(letters)) == len(letters)
        for target in objects(panel, "targets"):
            assert target["instant"] is not target["range"]


@every_board
def test_panels_have_numbers_and_places_of_their_own(board: Object) -> None:
    """No two overlap, and none reaches beyond the 24 columns."""
    numbers = [number(panel, "id") for panel in panels(board)]
    assert len(set(numbers)) == len(numbers)
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(board):
        x, y, w, h = (number(panel, "gridPos", side) for side in "xywh")
        assert x >= 0
        assert x + w <= 24
        for cell in itertools.product(range(x, x + w), range(y, y + h)):
            assert taken.setdefault(cell, text(panel, "title")) == text(panel, "title"), cell


@every_board
def test_links_lead_to_dashboards_and_variables_that_are_there(board: Object) -> None:
    """A link to a dashboard sets variables that it has. The links above all panels find all four; what is chosen goes along."""
    (link,) = objects(board, "links")
    assert (link["type"], link["includeVars"], link["keepTime"]) == ("dashboards", True, True)
    tags = link["tags"]
    assert isinstance(tags, list)
    for other in BOARDS.values():
        has = other["tags"]
        assert isinstance(has, list)
        assert set(map(str, tags)) <= set(map(str, has))
    for url in re.findall(r'"url": "(/[^"]*)"', (FOLDER / f"{text(board, 'uid')}.json").read_text()):
        parts = urlsplit(url)
        other = BOARDS[parts.path.removeprefix("/d/")]
        assert {"${datasource:queryparam}", "${job:queryparam}", "${instance:queryparam}", "${__url_time_range}"} <= set(
            parts.query.split("&")
        )
        assert {name.removeprefix("var-") for name, _ in parse_qsl(parts.query)} <= variables(other).keys()


def test_links_in_alerts_lead_to_dashboards_and_variables_that_are_there() -> None:
    """Whoever gets an alert is one click from the target, list or exporter that it is about."""
    links = {
        link
        for path in (FOLDER.parent / "rules").glob("*.yml")
        for link in re.findall(r"/d/([\w-]+)\?var-(\w+)=", path.read_text())
    }
    assert links
    assert [(uid, name) for uid, name in links if name not in variables(BOARDS[uid])] == []


@every_query
def test_every_metric_is_one_that_the_exporter_exposes(query: Asked, exposed: dict[str, str]) -> None:
    """By its name, and for a histogram by one of its three."""
    exposed = {
        name: kind
        for family, kind in exposed.items()
        for name in ([f"{family}_bucket", f"{family}_sum", f"{family}_count"] if kind == "histogram" else [family])
    }
    named = {selector.metric for selector in selectors(query.expr)}
    assert named
    assert named <= exposed.keys() | SCRAPED
    bare, _ = plain(query.expr)
    assert re.findall(r"\b(?:dnsbl|process|python|scrape)_\w+\b(?!\{)", bare) == []


@every_query
def test_every_metric_is_of_the_chosen_exporters(query: Asked) -> None:
    """By job and instance, as chosen. Whether the shards of a job are complete only all of them can tell."""
    of_all = query.panel == "Each exporter" and query.ref == "I"
    for selector in selectors(query.expr):
        assert selector.matchers["job"] == ("=~", "$job")
        if not of_all or "instance" in selector.matchers:
            assert selector.matchers["instance"] == ("=~", "$instance")


def test_every_reason_has_words() -> None:
    """Why something that an origin leads to is not watched."""
    assert REASONS.keys() == {str(reason) for reason in Reason}


def test_every_cause_has_words() -> None:
    """Why a check came to nothing."""
    assert CAUSES.keys() == {str(cause) for cause in Cause}


@every_query
def test_counters_are_only_asked_for_their_growth(query: Asked, exposed: dict[str, str]) -> None:
    """A counter, or a part of a histogram, stands in rate() or increase(); rate() looks back as far as the step needs."""
    counters = {name for name, kind in exposed.items() if kind == "counter"}
    parts = tuple(f"{name}_" for name, kind in exposed.items() if kind == "histogram")
    bare, _ = plain(query.expr)
    for selector in selectors(query.expr):
        if selector.metric in counters or selector.metric.startswith(parts):
            every = len(re.findall(rf"\b{selector.metric}\{{", bare))
            assert len(re.findall(rf"\b(?:rate|increase)\({selector.metric}\{{[^}}]*\}}\[", bare)) == every
    assert set(re.findall(r"\brate\(\w+\{[^}]*\}\[([^\]]*)\]", bare)) <= {"$__rate_interval"}


def test_checks_are_read_one_target_at_a_time() -> None:
    """The families with a series for every check are asked of one target, so panels cost the same with a million of them."""
    for query in QUERIES:
        for selector in selectors(query.expr):
            if selector.metric in ("dnsbl_listed", "dnsbl_target_info", "dnsbl_target_listings"):
                assert selector.matchers["target"] == ("=", "$target"), str(query)
