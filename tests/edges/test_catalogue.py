"""Every list of the catalogue, served by rbldnsd: its answers are read as the file says, and it is believed only as it is."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from exporter.health import Health
from exporter.inquiry import examine
from exporter.target import Target
from exporter.verdict import Listed, NotListed, Unknown
from tests.edges.catalogued import ZONES, asked, blocklist, cases, refusals, served, suffix
from tests.edges.lists import dnsxl, run, verdict
from tests.servers.rbldnsd import Rbldnsd
from tests.servers.zones import Zone, dead, listing_everything, refusing

T = TypeVar("T")

NEUTRAL = [zone for zone in ZONES if any(case.verdict == NotListed() for case in cases(zone))]
MOST_REFUSALS = max(len(refusals(zone)) for zone in ZONES)


@pytest.fixture(name="rbldnsd", scope="module")
def _rbldnsd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rbldnsd]:
    with _serving(tmp_path_factory.mktemp("catalogue"), ZONES, served) as rbldnsd:
        yield rbldnsd


def _serving(folder: Path, zones: Iterable[str], data: Callable[[str], Zone]) -> Rbldnsd:
    """One server for all of them; a list with a key is only to be found below its key."""
    return Rbldnsd(folder, {suffix(zone): data(zone) for zone in zones})


@pytest.mark.parametrize("zone", ZONES)
def test_a_listing_is_on_the_sublists_of_its_codes(rbldnsd: Rbldnsd, zone: str) -> None:
    """Each code alone, sums of bits, one code of every sublist at once, and a code that nobody has described."""
    _compare(rbldnsd, zone, Listed)


@pytest.mark.parametrize("zone", ZONES)
def test_a_refusal_accuses_and_clears_nobody(rbldnsd: Rbldnsd, zone: str) -> None:
    """Each refusal code, also with a listing beside it: then nothing is known."""
    _compare(rbldnsd, zone, Unknown)


@pytest.mark.parametrize("zone", NEUTRAL)
def test_what_is_neutral_is_no_listing(rbldnsd: Rbldnsd, zone: str) -> None:
    """Praise, and remarks that accuse of nothing, are as good as no answer."""
    _compare(rbldnsd, zone, NotListed)


def _compare(rbldnsd: Rbldnsd, zone: str, kind: type[Listed | Unknown | NotListed]) -> None:
    expected = {
        (target, case.codes): case.verdict
        for index, case in enumerate(cases(zone))
        if isinstance(case.verdict, kind)
        for target in asked(zone, index)
    }
    provider = dnsxl(rbldnsd.address)

    async def found() -> dict[tuple[Target, tuple[str, ...]], object]:
        return {asked: await verdict(provider, blocklist(zone), asked[0]) for asked in expected}

    assert expected
    assert run(found()) == expected


@pytest.mark.parametrize(
    ("play", "health"),
    [
        pytest.param(lambda zone: zone, Health.OK, id="as it is"),
        pytest.param(listing_everything, Health.EVERYTHING, id="with the whole world"),
        pytest.param(dead, Health.SILENT, id="with nothing"),
        pytest.param(refusing, Health.REFUSED, id="with REFUSED for all"),
    ],
)
def test_a_list_is_believed_only_as_it_is(tmp_path: Path, play: Callable[[Zone], Zone], health: Health) -> None:
    """Every list proves itself by its own test entries, and each way of being of no use is told from the others."""
    with _serving(tmp_path, ZONES, lambda zone: play(served(zone))) as rbldnsd:
        assert _healths(rbldnsd, ZONES) == _expected(ZONES, health)


@pytest.mark.parametrize("place", range(MOST_REFUSALS))
def test_a_list_that_refuses_by_a_code_says_so(tmp_path: Path, place: int) -> None:
    """Whichever of its refusal codes is the answer to everything."""
    codes = {zone: refusals(zone)[place] for zone in ZONES if len(refusals(zone)) > place}
    with _serving(tmp_path, codes, lambda zone: listing_everything(served(zone), codes[zone])) as rbldnsd:
        assert _healths(rbldnsd, codes) == _expected(codes, Health.REFUSED)


def _expected(zones: Iterable[str], health: Health) -> dict[str, Health]:
    """This health, but for lists that have no test entries."""
    return {zone: health if blocklist(zone).test_entries else Health.UNTESTED for zone in zones}


def _healths(rbldnsd: Rbldnsd, zones: Iterable[str]) -> dict[str, Health]:
    provider = dnsxl(rbldnsd.address)

    async def found() -> dict[str, Health]:
        return {zone: (await examine({"dnsxl": provider}, blocklist(zone), 12345)).health for zone in zones}

    return run(found())
