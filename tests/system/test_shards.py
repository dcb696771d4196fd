"""Three shards of one config on a real rbldnsd: each asks about its part, and the parts are the whole."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.exporter import Exporter
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.zones import addresses
from tests.system.scrape import Scrape, assert_consistent
from tests.system.settings import addresses_on, config

ONE, TWO = "one.example", "two.example"
SHARDS = 3
TARGETS = {f"192.0.2.{number}" for number in range(1, 251)} | {f"2001:db8::{number:x}" for number in range(1, 51)}
LISTED = {
    ONE: {*(f"192.0.2.{number}" for number in range(16, 32)), "2001:db8::1", "2001:db8::2"},
    TWO: {f"192.0.2.{number}" for number in range(1, 251, 7)},
}
TOO_FEW = 'msg="too few queries a day for so many shards: together they may send more" list=two.example'


@pytest.fixture(name="shards", scope="module")
def _shards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Exporter]]:
    folder = tmp_path_factory.mktemp("shards")
    text = [addresses_on(ONE), addresses_on(TWO)]
    with Rbldnsd(folder, {zone: addresses(listed) for zone, listed in LISTED.items()}) as rbldnsd, ExitStack() as running:
        exporters = []
        for ordinal in range(SHARDS):
            (own := folder / str(ordinal)).mkdir()
            flags = [f"--shard={ordinal}", f"--total-shards={SHARDS}"]
            exporters.append(running.enter_context(Exporter(own, config(rbldnsd.address, text, sorted(TARGETS)), flags)))
        for exporter in exporters:
            exporter.wait(lambda it: all(_known(Scrape.now(it), zone) for zone in LISTED), "everything is known")
        yield exporters


def _known(scrape: Scrape, zone: str) -> bool:
    checks = scrape.checks(zone)
    return bool(checks) and checks.keys() <= {"listed", "not_listed"}


def _targets(scrape: Scrape) -> set[str]:
    return {target for (target,) in scrape.by("dnsbl_target_info", "target")}


def test_their_targets_are_all_and_none_is_on_two(shards: list[Exporter]) -> None:
    """Each has about a third, and says how many."""
    scrapes = [Scrape.now(exporter) for exporter in shards]
    parts = [_targets(scrape) for scrape in scrapes]
    assert set().union(*parts) == TARGETS
    assert sum(map(len, parts)) == len(TARGETS)
    assert min(map(len, parts)) > 0.7 * len(TARGETS) / SHARDS
    assert [sum(scrape.by("dnsbl_targets", "kind").values()) for scrape in scrapes] == [len(part) for part in parts]


@pytest.mark.parametrize("zone", LISTED)
def test_their_listings_together_are_the_truth(shards: list[Exporter], zone: str) -> None:
    """Each target of each list is known to the shard that has it, and to no other, and is what the list says."""
    together: dict[str, float] = {}
    for exporter in shards:
        scrape = Scrape.now(exporter)
        listed = scrape.listed(zone)
        assert listed.keys() == _targets(scrape)
        assert_consistent(scrape)
        together |= listed
    assert {target for target, value in together.items() if value} == LISTED[zone]
    assert together.keys() == TARGETS


def test_each_says_which_one_it_is(shards: list[Exporter]) -> None:
    """The number that it was given, of all."""
    told = [(each.value("dnsbl_shard_ordinal"), each.value("dnsbl_total_shards")) for each in shards]
    assert told == [(ordinal, SHARDS) for ordinal in range(SHARDS)]


def test_a_limit_that_is_too_small_to_be_shared_out_is_said(tmp_path: Path) -> None:
    """At the start and after a reload; a limit that is large enough is not."""
    lists = [addresses_on(ONE, max_queries_per_day=100), addresses_on(TWO, max_queries_per_day=29)]
    with Exporter(tmp_path, config("127.0.0.1:1", lists, ["192.0.2.1"]), ["--shard=1", "--total-shards=3"]) as exporter:
        exporter.wait(lambda it: it.log.count("too few queries a day") == it.log.count(TOO_FEW) == 1, "it is said at the start")
        assert exporter.reload().status == 200
        exporter.wait(lambda it: it.log.count("too few queries a day") == it.log.count(TOO_FEW) == 2, "it is said again")
