"""Lists that are slow or blocked, beside others that are well: to these it is as if they were alone.

Rule: what is compared is what was done by then, never how long it took.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.servers import mischief
from tests.servers.ask import prefix
from tests.servers.behaviour import Behaviour, absent, healthy, refused
from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.scrape import Scrape
from tests.system.settings import Settings, addresses_on, config

SILENT, LATE, REFUSING = "silent.example", "late.example", "refusing.example"
EMPTY, CLOSED, PACED = "empty.example", "closed.example", "paced.example"
SICK: dict[str, Behaviour] = {
    SILENT: healthy(mischief.silent),
    LATE: healthy(mischief.late(2, absent)),
    REFUSING: healthy(refused),
    EMPTY: absent,
    CLOSED: refused,
    PACED: holding(),
}
PATIENT: Settings = {"timeout": "1m", "attempts": 1}
LAP: Settings = {"interval": "1h", "confirm_interval": "1h", "test_interval": "1h"}


def _well(rude: Rude, count: int) -> list[str]:
    """So many lists that are well."""
    zones = [f"well-{number}.example" for number in range(count)]
    for zone in zones:
        rude.behave(zone, holding())
    for zone, behaviour in SICK.items():
        rude.behave(zone, behaviour)
    return zones


def _targets(count: int) -> list[str]:
    return [f"192.0.2.{number}" for number in range(count)]


def _config(rude: Rude, lists: Iterable[Settings], targets: Iterable[str], checks: Settings) -> str:
    return config(rude.address, lists, targets, checks, PATIENT, metrics={"checks": "history"})


def _finished(exporter: Exporter) -> dict[str, float]:
    """How many checks of each list are finished."""
    return {zone: count for (zone,), count in Scrape.now(exporter).by("dnsbl_checks_total", "list").items()}


def _least(finished: dict[str, float], zones: Sequence[str], since: dict[str, float] | None = None) -> float:
    """How many are finished of the list that is behind the others, since then."""
    return min(finished[zone] - (since or {}).get(zone, 0) for zone in zones)


def test_a_list_that_never_answers_delays_the_first_lap_of_no_other(tmp_path: Path) -> None:
    """While every check of one list waits for its answer, 49 others begin their first lap, and finish it before the patience with
    any of these ends."""
    targets, lap = _targets(60), {"interval": "1h", "confirm_interval": "1h", "test_interval": "1h"}
    with Rude() as rude:
        well = _well(rude, 49)
        alone, fifty = ([addresses_on(zone) for zone in zones] for zones in ([SILENT], [SILENT, *well]))
        with Exporter(tmp_path, _config(rude, alone, targets, lap)) as exporter:
            asked = {f"{prefix(target)}.{SILENT}" for target in targets}
            exporter.wait(lambda _: asked <= {each.name.lower() for each in rude.questions}, "all of it is in flight")
            assert exporter.reload(_config(rude, fifty, targets, lap)).status == 200
            exporter.wait(lambda it: _least(_finished(it), well) >= len(targets), "the others' lap is finished")
            scrape = Scrape.now(exporter)
    assert scrape.by("dnsbl_checks_total", "list")[SILENT,] == 0
    assert scrape.by("dnsbl_list_up", "list")[SILENT,] == 1
    assert scrape.checks(SILENT) == {"unknown": len(targets)}
    for zone in well:
        assert scrape.checks(zone) == {"not_listed": len(targets)}


def test_blocked_lists_delay_no_lap_of_others(tmp_path: Path) -> None:
    """With a list that answers late, one that refuses, two that failed their tests and one that may be asked once a second among
    them, ten lists do at least half as much as in an exporter that has them alone."""
    targets, checks = _targets(20), {"interval": "500ms", "confirm_interval": "500ms", "test_interval": "1s"}
    folders = tmp_path / "alone", tmp_path / "beside"
    for folder in folders:
        folder.mkdir()
    with Rude() as rude:
        well = _well(rude, 10)
        lists = [addresses_on(zone) for zone in well]
        sick = [*(addresses_on(zone) for zone in (LATE, REFUSING, EMPTY, CLOSED)), addresses_on(PACED, max_qps=1)]
        with (
            Exporter(folders[0], _config(rude, lists, targets, checks)) as alone,
            Exporter(folders[1], _config(rude, [*lists[:5], *sick, *lists[5:]], targets, checks)) as beside,
        ):
            for exporter in (alone, beside):
                exporter.wait(lambda it: _least(_finished(it), well) >= 20, "the first laps are finished")
            before = _finished(alone), _finished(beside)
            beside.wait(lambda it: _finished(it)[LATE] >= 20, "late answers have come")
            alone.wait(lambda it: _least(_finished(it), well, before[0]) >= 40, "two laps are finished")
            after = _finished(alone), _finished(beside)
            scrape = Scrape.now(beside)
    assert _least(after[1], well, before[1]) >= _least(after[0], well, before[0]) / 2
    assert after[1][PACED] < len(targets)
    health = {zone: state for (zone, state), value in scrape.by("dnsbl_list_health", "list", "health").items() if value}
    assert (health[EMPTY], health[CLOSED]) == ("silent", "refused")
    assert set(scrape.causes(REFUSING).values()) <= {"refused_rcode", "unhealthy"}
    assert len(scrape.causes(REFUSING)) == len(targets)
    assert not any(scrape.causes(zone) for zone in well)


def test_all_of_a_list_is_asked_whether_it_answers_or_not(tmp_path: Path) -> None:
    """What is lost makes room as an answer does: all are asked long before the patience with any is over."""
    targets = _targets(70)
    with Rude() as rude:
        _well(rude, 0)
        with Exporter(tmp_path, config(rude.address, [addresses_on(SILENT)], targets, LAP, PATIENT)) as exporter:
            asked = {f"{prefix(target)}.{SILENT}" for target in targets}
            exporter.wait(lambda _: asked <= {each.name.lower() for each in rude.questions}, "all of it is asked", 10)


@pytest.mark.parametrize("sick", [SILENT, LATE])
def test_a_large_list_that_answers_nobody_or_late_delays_the_first_lap_of_no_other(tmp_path: Path, sick: str) -> None:
    """49 lists of 40 checks beside one of 1,040: they have finished before a third of it has."""
    few, more = _targets(40), [f"2001:db8::{number:x}" for number in range(1, 1001)]
    with Rude() as rude:
        well = _well(rude, 49)
        rude.behave(LATE, healthy(mischief.late(2, absent)))
        lists = [addresses_on(zone, kinds=["ipv4"]) for zone in well]
        lists.insert(25, addresses_on(sick))
        text = config(rude.address, lists, [*few, *more], LAP, PATIENT, metrics={"checks": "history"})
        with Exporter(tmp_path, text) as exporter:
            exporter.wait(lambda it: _least(_finished(it), well) >= len(few), "the others' lap is finished")
            assert _finished(exporter)[sick] < (len(few) + len(more)) / 3
