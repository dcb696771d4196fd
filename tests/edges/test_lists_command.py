"""A defect about one list costs that list its health, and no other one."""

import logging
from dataclasses import replace

import pytest

from exporter.blocklist import Blocklist, TestEntries
from exporter.cli.lists import with_health
from exporter.cli.lists_table import Row
from exporter.health import Health
from tests.edges.lists import ADDRESSES, dnsxl, run
from tests.servers.behaviour import absent, healthy
from tests.servers.rude import Rude


@pytest.mark.parametrize(
    "defective",
    [
        pytest.param(replace(ADDRESSES, zone="odd.example", provider="none"), id="asking raises"),
        pytest.param(replace(ADDRESSES, zone="odd.example", test_entries=TestEntries((), ())), id="testing raises"),
    ],
)
def test_a_defect_about_one_list_takes_no_other_down(rude: Rude, defective: Blocklist, caplog: pytest.LogCaptureFixture) -> None:
    """The others are tested to their end; of the one, nothing is known, and the log says where."""
    rude.behave(ADDRESSES.zone, healthy(absent))
    rows = [Row(defective, ()), Row(ADDRESSES, ())]
    with caplog.at_level(logging.ERROR):
        found = run(with_health({"dnsxl": dnsxl(rude.address)}, rows, progress=False))
    assert [row.health for row in found] == [Health.UNREACHABLE, Health.OK]
    assert {record.getMessage() for record in caplog.records} == {"defect"}


def test_what_is_not_to_be_asked_is_not(rude: Rude) -> None:
    """It keeps what it needs, and has no health."""
    row = Row(ADDRESSES, (), needs="needs a key")
    assert run(with_health({"dnsxl": dnsxl(rude.address)}, [row], progress=False)) == [row]
    assert rude.questions == ()
