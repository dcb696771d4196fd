"""The main job on real rbldnsd: listed, clean, removed, listed again, on every kind of list, and over restarts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.exporter import Exporter
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.unbound import Unbound
from tests.servers.zones import Zone, addresses, domains
from tests.system.ledger import Ledger, assert_shown, assert_sound
from tests.system.scrape import Place, Scrape, Standing, assert_consistent
from tests.system.settings import addresses_on, config
from tests.system.watcher import Watcher

PLAIN, ZEN, BITS, DBL = "plain.example", "zen.example", "bits.example", "dbl.example"
ZEN_CODES = {"127.0.0.2": {"sublist": "SBL"}, "127.0.0.4-127.0.0.7": {"sublist": "XBL"}, "127.0.0.10": {"sublist": "PBL"}}
BIT_CODES = {"4": {"sublist": "PH"}, "8": {"sublist": "MW"}, "16": {"sublist": "ABUSE"}}
LISTS = [
    addresses_on(PLAIN),
    addresses_on(ZEN, codes=ZEN_CODES, match="range", neutral_codes=["127.0.0.9"]),
    {"zone": BITS, "kinds": ["ipv4"], "non_global": True, "match": "bitmask", "codes": BIT_CODES},
    {"zone": DBL, "kinds": ["domain"]},
]
TARGETS = [
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
    "2001:db8::1",
    "2001:db8:1::2",
    "bad.example",
    "good.example",
    "www.wild.example",
]
ZONES = {
    PLAIN: addresses(["192.0.2.1", "2001:db8::1"]),
    ZEN: addresses(
        {"192.0.2.1": ["127.0.0.2", "127.0.0.4", "127.0.0.6"], "192.0.2.2": "127.0.0.9", "2001:db8::/48": "127.0.0.10"}
    ),
    BITS: addresses({"192.0.2.1": "127.0.0.12", "192.0.2.3": "127.0.0.48"}),
    DBL: domains({"bad.example": "127.0.1.2", "*.wild.example": "127.0.1.4"}),
}


@pytest.fixture(name="exporter", scope="module", params=["asked directly", "behind unbound"])
def _exporter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exporter]:
    folder = tmp_path_factory.mktemp("main_job")
    with Rbldnsd(folder, ZONES) as rbldnsd, Unbound(folder, dict.fromkeys(ZONES, rbldnsd.address)) as unbound:
        server = rbldnsd if request.param == "asked directly" else unbound
        with Exporter(folder, config(server.address, LISTS, TARGETS)) as exporter:
            exporter.wait(lambda it: all(_all_known(Scrape.now(it), zone) for zone in ZONES), "everything is known")
            yield exporter


def _all_known(scrape: Scrape, zone: str) -> bool:
    checks = scrape.checks(zone)
    return bool(checks) and "unknown" not in checks


@pytest.mark.parametrize(
    ("target", "zone", "sublists"),
    [
        ("192.0.2.1", PLAIN, {"": "127.0.0.2"}),
        ("192.0.2.2", PLAIN, {}),
        ("2001:db8::1", PLAIN, {"": "127.0.0.2"}),
        ("2001:db8:1::2", PLAIN, {}),
        ("192.0.2.1", ZEN, {"SBL": "127.0.0.2", "XBL": "127.0.0.4,127.0.0.6"}),
        ("192.0.2.2", ZEN, {}),
        ("192.0.2.3", ZEN, {}),
        ("2001:db8::1", ZEN, {"PBL": "127.0.0.10"}),
        ("2001:db8:1::2", ZEN, {}),
        ("192.0.2.1", BITS, {"PH": "127.0.0.12", "MW": "127.0.0.12"}),
        ("192.0.2.2", BITS, {}),
        ("192.0.2.3", BITS, {"ABUSE": "127.0.0.48", "127.0.0.32": "127.0.0.48"}),
        ("bad.example", DBL, {"": "127.0.1.2"}),
        ("good.example", DBL, {}),
        ("www.wild.example", DBL, {"": "127.0.1.4"}),
    ],
)
def test_a_target_is_listed_as_its_list_says(exporter: Exporter, target: str, zone: str, sublists: dict[str, str]) -> None:
    """A target is shown on exactly the sublists that its return codes name, with these codes."""
    scrape = Scrape.now(exporter)
    assert scrape.listed(zone)[target] == bool(sublists)
    assert {place.sublist: codes for place, codes in scrape.codes().items() if place[:2] == (target, zone)} == sublists


def test_only_lists_that_take_a_target_are_asked_about_it(exporter: Exporter) -> None:
    """Targets and lists meet by kind, each pair once, and nothing is unknown of them."""
    scrape = Scrape.now(exporter)
    pairs = set(scrape.by("dnsbl_listed", "target", "list"))
    assert len(pairs) == 5 + 5 + 3 + 3
    assert {target for target, zone in pairs if zone == DBL} == {"bad.example", "good.example", "www.wild.example"}
    assert {target for target, zone in pairs if zone == BITS} == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    assert not scrape.by("dnsbl_unknown_since_timestamp_seconds", "target", "list")
    assert_consistent(scrape)


def test_what_was_listed_when_first_seen_has_no_observed_onset(exporter: Exporter) -> None:
    """A listing that was there before us is number 1 and its onset was not seen."""
    for held in Scrape.now(exporter).standings().values():
        assert (held.number, held.last_delisted, held.onset_observed) == (1, 0, False)


# ---- changes


def _zen(*codes: str) -> Zone:
    return addresses({"192.0.2.1": codes} if codes else ())


@pytest.fixture(name="rbldnsd")
def _rbldnsd(tmp_path: Path) -> Iterator[Rbldnsd]:
    with Rbldnsd(tmp_path, {PLAIN: addresses(["192.0.2.1"]), ZEN: _zen("127.0.0.10")}) as rbldnsd:
        yield rbldnsd


def _opened(zone: str, count: int) -> Callable[[Exporter], bool]:
    return lambda exporter: Scrape.now(exporter).totals(zone)[0] >= count


def _closed(zone: str, count: int) -> Callable[[Exporter], bool]:
    return lambda exporter: Scrape.now(exporter).totals(zone)[1] >= count


def test_a_second_sublist_is_a_second_listing(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """An address on PBL that gets onto XBL opens a listing of its own, seen from its onset, and PBL's goes on."""
    pbl, xbl = Place("192.0.2.1", ZEN, "PBL"), Place("192.0.2.1", ZEN, "XBL")
    with Exporter(
        tmp_path, config(rbldnsd.address, [addresses_on(ZEN, codes=ZEN_CODES, match="range")], ["192.0.2.1"])
    ) as exporter:
        exporter.wait(lambda it: pbl in Scrape.now(it).standings(), "PBL is seen")
        before = Scrape.now(exporter).standings()
        assert xbl not in before
        rbldnsd.write(ZEN, _zen("127.0.0.10", "127.0.0.4"))
        exporter.wait(lambda it: xbl in Scrape.now(it).standings(), "XBL is seen")
        scrape = Scrape.now(exporter)
        after = scrape.standings()
        assert after[pbl] == before[pbl]
        assert after[xbl] == Standing(after[xbl].since, 0, onset_observed=True, number=1)
        assert after[xbl].since > after[pbl].since
        assert scrape.by("dnsbl_target_listings", "target")["192.0.2.1",] == 2
        rbldnsd.write(ZEN, _zen("127.0.0.4"))
        exporter.wait(lambda it: Scrape.now(it).standings()[pbl].since == 0, "PBL is left")
        scrape = Scrape.now(exporter)
        assert scrape.standings()[xbl] == after[xbl]
        assert scrape.listed(ZEN) == {"192.0.2.1": 1}
        assert_consistent(scrape)


def test_one_clean_answer_ends_nothing_and_two_end_a_listing(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """Off for one answer is no removal; off for two is one, dated at the first, and a return is listing number 2."""
    flapping, leaving = Place("192.0.2.1", PLAIN, ""), Place("192.0.2.1", ZEN, "")
    checks = {"interval": "500ms", "confirm_interval": "1500ms", "test_interval": "1s"}
    text = config(rbldnsd.address, [addresses_on(PLAIN), addresses_on(ZEN)], ["192.0.2.1"], checks)
    with Exporter(tmp_path, text) as exporter:
        exporter.wait(lambda it: Scrape.now(it).codes().keys() == {flapping, leaving}, "it is on both lists")
        before = Scrape.now(exporter).standings()
        rbldnsd.write(PLAIN, addresses())
        exporter.wait(lambda it: Scrape.now(it).checks(PLAIN) == {"pending": 1}, "the first clean answer")
        assert Scrape.now(exporter).listed(PLAIN) == {"192.0.2.1": 1}
        rbldnsd.write(PLAIN, addresses(["192.0.2.1"]))
        rbldnsd.write(ZEN, _zen())
        exporter.wait(lambda it: Scrape.now(it).checks(PLAIN) == {"listed": 1}, "it is back")
        exporter.wait(lambda it: Scrape.now(it).checks(ZEN) == {"pending": 1}, "the first clean answer")
        first_clean = exporter.value("dnsbl_list_last_success_timestamp_seconds", list=ZEN)
        exporter.wait(lambda it: Scrape.now(it).standings()[leaving].since == 0, "it is removed")
        scrape = Scrape.now(exporter)
        assert scrape.standings() == {flapping: before[flapping], leaving: Standing(0, first_clean or 0, False, 1)}
        assert scrape.listed(ZEN) == {"192.0.2.1": 0}
        rbldnsd.write(ZEN, _zen("127.0.0.2"))
        exporter.wait(lambda it: leaving in Scrape.now(it).codes(), "it is listed again")
        scrape = Scrape.now(exporter)
        again = scrape.standings()[leaving]
        assert again == Standing(again.since, first_clean or 0, onset_observed=True, number=2)
        assert scrape.standings()[flapping] == before[flapping]
        assert (scrape.totals(PLAIN), scrape.totals(ZEN)) == ((1, 0), (2, 1))
        assert_consistent(scrape)


def test_no_scrape_shows_half_a_change(tmp_path: Path, rbldnsd: Rbldnsd) -> None:
    """Whenever it is read while listings open and close, a body agrees with itself."""
    targets = [f"192.0.2.{number}" for number in range(1, 25)]
    lists = [addresses_on(PLAIN), addresses_on(ZEN, codes=ZEN_CODES, match="range")]
    with Exporter(tmp_path, config(rbldnsd.address, lists, targets)) as exporter, Watcher(exporter) as watcher:
        for turn in (1, 2):
            rbldnsd.write(PLAIN, addresses(targets[::2]))
            rbldnsd.write(ZEN, addresses({target: ["127.0.0.4", "127.0.0.10"] for target in targets}))
            exporter.wait(_opened(PLAIN, 12 * turn), "all are listed")
            exporter.wait(_opened(ZEN, 48 * turn), "all are listed")
            rbldnsd.write(PLAIN, addresses(targets[1:2]))
            rbldnsd.write(ZEN, addresses())
            exporter.wait(_closed(ZEN, 48 * turn), "all are removed")
        watcher.catch_up()
        ledger = Ledger.read(tmp_path / "history.db")
        assert_sound(ledger)
        assert_shown(Scrape.now(exporter), ledger, targets, [PLAIN, ZEN])
    assert watcher.bodies > 100
    assert len(watcher.opened) >= 2 * 48


# ---- restarts


@pytest.mark.parametrize("end", [Exporter.terminate, Exporter.kill], ids=["SIGTERM", "SIGKILL"])
def test_a_restart_shows_at_once_what_was_known(tmp_path: Path, rbldnsd: Rbldnsd, end: Callable[[Exporter], object]) -> None:
    """Listings come back with their times before any list is asked, and with no list to ask."""
    listed, leaving = Place("192.0.2.1", PLAIN, ""), Place("192.0.2.1", ZEN, "")
    with Exporter(tmp_path, config(rbldnsd.address, [addresses_on(PLAIN), addresses_on(ZEN)], ["192.0.2.1"])) as exporter:
        exporter.wait(lambda it: Scrape.now(it).codes().keys() == {listed, leaving}, "it is on both lists")
        rbldnsd.write(ZEN, _zen())
        exporter.wait(lambda it: Scrape.now(it).standings()[leaving].since == 0, "it is removed")
        before = Scrape.now(exporter)
        end(exporter)
        rbldnsd.stop()
        exporter.start()
        after = Scrape.now(exporter)
        for name in ("dnsbl_listed", "dnsbl_listing_info", "dnsbl_history_created_timestamp_seconds"):
            assert after.samples[name] == before.samples[name]
        assert after.standings() == before.standings()
        assert (after.totals(PLAIN), after.totals(ZEN)) == (before.totals(PLAIN), before.totals(ZEN)) == ((1, 0), (1, 1))
        assert_consistent(after)
        rbldnsd.start()
        rbldnsd.write(ZEN, _zen("127.0.0.2"))
        exporter.wait(lambda it: leaving in Scrape.now(it).codes(), "it goes on")
        assert Scrape.now(exporter).standings()[leaving].number == 2
