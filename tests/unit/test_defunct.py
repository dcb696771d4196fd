"""The lists that have ended: each row is found by its zone, and a domain whose lists all ended by what is below it."""

import pytest

from exporter import catalogue


@pytest.mark.parametrize("zone", catalogue.defunct())
def test_a_row_is_found_by_its_zone(zone: str) -> None:
    """Its own row, also where the domain above it has one."""
    assert catalogue.ended(zone) is catalogue.defunct()[zone]


@pytest.mark.parametrize(
    ("zone", "row"),
    [
        ("a.sorbs.net", "sorbs.net"),
        ("a.b.dnsbl.sorbs.net", "sorbs.net"),
        ("de.countries.nerd.dk", "countries.nerd.dk"),
        ("a.dnsbl.inps.de", None),
        ("inps.de", None),
        ("notsorbs.net", None),
        ("net", None),
        ("bl.example.net", None),
    ],
)
def test_only_some_domains_ended_with_all_that_is_below(zone: str, row: str | None) -> None:
    """A row speaks for its own zone alone unless it says otherwise, and by whole labels."""
    found = catalogue.ended(zone)
    assert (None if found is None else found.zone) == row


@pytest.mark.parametrize("zone", catalogue.entries())
def test_no_list_of_the_catalogue_has_ended(zone: str) -> None:
    """Neither by a row of its own nor by one of a domain above it."""
    labels = zone.split(".")
    above = [".".join(labels[place:]) for place in range(1, len(labels))]
    rows = catalogue.defunct()
    assert zone not in rows
    assert not [name for name in above if name in rows and rows[name].subtree]
    assert catalogue.ended(zone) is None
