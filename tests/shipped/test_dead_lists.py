"""The rules of `defunct.yml`: each row says when and how a list ended, where that is known from, and what to ask today."""

import re
from datetime import date
from urllib.parse import urlsplit

import pytest
import yaml

from exporter.config.words import read_zone
from tests.shipped.entries import ZONES, text

Row = dict[str, object]

ROWS: list[Row] = yaml.safe_load(text("defunct.yml"))
DEAD = [str(row["zone"]) for row in ROWS]
ENDED = [str(row["zone"]) for row in ROWS if row.get("subtree")]
FIELDS = {"zone", "operator", "died", "way", "reason", "replaced_by", "source", "checked"}
WAYS = {"emptied", "timeouts", "wildcard", "parked", "servfail", "retired"}

each_row = pytest.mark.parametrize("row", ROWS, ids=DEAD)


def _texts(row: Row, field: str) -> list[str]:
    values = row[field]
    assert isinstance(values, list)
    assert all(isinstance(value, str) for value in values)
    return values


def test_no_dead_list_is_forgotten() -> None:
    """There are as many operators as were known once, and each zone is there once."""
    assert len({row["operator"] for row in ROWS}) >= 40
    assert len(set(DEAD)) == len(DEAD)


@each_row
def test_a_row_has_every_fact(row: Row) -> None:
    """And no other; only a whole subtree is marked as one."""
    assert row.keys() - {"subtree"} == FIELDS
    assert row.get("subtree", True) is True


@each_row
def test_a_zone_is_written_in_its_one_spelling(row: Row) -> None:
    """As a config may name it, so that it is found."""
    assert read_zone(str(row["zone"])) == row["zone"]


@each_row
def test_when_it_died_is_a_year_or_a_month(row: Row) -> None:
    """Not later than when that was looked up."""
    died, checked = str(row["died"]), str(row["checked"])
    assert isinstance(row["died"], str)
    assert re.fullmatch(r"(19|20)[0-9]{2}(-(0[1-9]|1[0-2]))?", died)
    assert date.fromisoformat(checked) >= date(2026, 1, 1)
    assert died <= checked


@each_row
def test_the_way_is_known(row: Row) -> None:
    """Each word stands for something that a dead list does."""
    assert row["way"] in WAYS


def test_the_ways_are_explained() -> None:
    """People look up at the top of the file what a word means."""
    explained = text("defunct.yml").partition("# way: ")[2].partition("# subtree: ")[0]
    assert set(re.findall(r"\b([a-z]+): ", explained)) == WAYS


@each_row
def test_the_reason_is_a_sentence(row: Row) -> None:
    """It is shown as it is, behind the list's name."""
    assert str(row["operator"])
    assert re.fullmatch(r"[A-Z].{20,}\.", str(row["reason"]))


@each_row
def test_what_replaces_it_is_there(row: Row) -> None:
    """Whoever is sent away is sent to a list that the catalogue has."""
    instead = _texts(row, "replaced_by")
    assert set(instead) <= set(ZONES)
    assert len(set(instead)) == len(instead)


@each_row
def test_the_source_can_be_opened(row: Row) -> None:
    """Each row says where it is from."""
    sources = _texts(row, "source")
    assert sources
    assert all(urlsplit(source).scheme in ("https", "http") and urlsplit(source).hostname for source in sources)


@pytest.mark.parametrize("zone", ZONES)
def test_no_list_of_the_catalogue_is_dead(zone: str) -> None:
    """Nor does it lie under a domain that ended as a whole."""
    assert zone not in DEAD
    assert [ended for ended in ENDED if zone.endswith(f".{ended}")] == []
