"""The rules of `first_steps.yml`: for each listing there is a cause, and each cause says what to do, and never that it is so."""

import re
from itertools import product

import pytest
import yaml

from exporter.blocklist import ListingClass, Scope
from exporter.catalogue import entries
from tests.shipped.entries import text

Row = dict[str, str]

FILE: dict[str, object] = yaml.safe_load(text("first_steps.yml"))
CAUSES = [name for name in FILE if name != "causes"]
SENTENCES = ("likely", "who", "how_long", "warning")
LISTINGS = list(product(ListingClass, Scope))
ONLY_BY_CODE = {"missing-ptr", "open-proxy", "credential-attack"}
"""Neither a class nor a scope tells them."""


def _rows() -> list[Row]:
    rows = FILE["causes"]
    assert isinstance(rows, list)
    return rows


def _cause(name: str) -> dict[str, object]:
    cause = FILE[name]
    assert isinstance(cause, dict)
    return cause


def _deciding(listing_class: ListingClass, scope: Scope) -> int | None:
    """The first row that fits; what it leaves out fits anything."""
    for index, row in enumerate(_rows()):
        if row.get("class", listing_class) == listing_class and row.get("scope", scope) == scope:
            return index
    return None


@pytest.mark.parametrize(("listing_class", "scope"), LISTINGS)
def test_every_listing_has_a_cause(listing_class: ListingClass, scope: Scope) -> None:
    """Whatever class and scope it has."""
    row = _deciding(listing_class, scope)
    assert row is not None
    assert _rows()[row]["cause"] in CAUSES


def test_no_row_is_dead() -> None:
    """Each one decides for some listing; none stands behind others that take everything from it."""
    assert {_deciding(*listing) for listing in LISTINGS} == set(range(len(_rows())))


def test_rows_are_written_as_lists_are() -> None:
    """In the words of a code table, and in no other."""
    assert {key for row in _rows() for key in row} == {"class", "scope", "cause"}
    assert {row["class"] for row in _rows() if "class" in row} <= set(ListingClass)
    assert {row["scope"] for row in _rows() if "scope" in row} <= set(Scope)


def test_no_cause_is_forgotten() -> None:
    """Each is found by a row or named by a list; but for those that only a code can tell."""
    found = {row["cause"] for row in _rows()} | set(_named(list(entries().values())))
    assert set(CAUSES) - found <= ONLY_BY_CODE
    assert found <= set(CAUSES)


def _named(value: object) -> list[str]:
    """What the entries and their codes give as their cause."""
    if isinstance(value, list):
        return [cause for item in value for cause in _named(item)]
    if not isinstance(value, dict):
        return []
    own = [str(value["cause"])] if "cause" in value else []
    return own + [cause for item in value.values() for cause in _named(item)]


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_has_every_field(name: str) -> None:
    """What it is called, what is likely, what to do, who can do something, how long it takes, and what makes it worse."""
    cause = _cause(name)
    assert cause.keys() == {"title", "first_steps", *SENTENCES}
    assert all(isinstance(cause[field], str) for field in ("title", *SENTENCES))


@pytest.mark.parametrize("name", CAUSES)
def test_a_cause_is_told_in_sentences(name: str) -> None:
    """On one line each, as they are shown; the steps in their order."""
    steps = _cause(name)["first_steps"]
    assert isinstance(steps, list)
    assert len(steps) >= 3
    sentences = [*steps, *(_cause(name)[field] for field in SENTENCES)]
    assert [sentence for sentence in sentences if not re.fullmatch(r"[A-Z].+[.?)]", sentence)] == []
    assert len(set(steps)) == len(steps)


@pytest.mark.parametrize("name", CAUSES)
def test_nothing_is_said_for_certain(name: str) -> None:
    """A list sees from outside: the cause is likely, and how long it takes is usual."""
    assert "likely" in str(_cause(name)["likely"])
    assert {"usually", "often", "mostly"} & set(str(_cause(name)["how_long"]).lower().split())
