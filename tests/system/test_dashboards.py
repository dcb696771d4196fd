"""The dashboards' queries, asked of a real Prometheus over half a day that the exporter's own code tells."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from exporter.target import parse
from tests.past.scrapes import JOB, Past, write
from tests.past.story import MINUTE, office
from tests.past.world import FILE, LOST, OFFICE, ORIGINS, config
from tests.servers.archive import Archive, Series
from tests.shipped.boards import BOARDS, Asked, Object, asked, events, filled, text, variables

PAST = Past(targets=5, days=0.5, end=1_795_478_400.0)
MAIL, POLICY, CLEAN = OFFICE[0], OFFICE[1], OFFICE[4]
OURS, TWIN = f"{JOB}-1:15782", f"{JOB}-2:15782"
RANGE = PAST.end - PAST.begin
STEP = 60.0

OPENED: Mapping[str, str] = {
    "job": JOB,
    "instance": ".+",
    "impact": ".+",
    "label": "list",
    "label_value": ".*",
    "operator": ".+",
    "list": ".+",
    "target": MAIL,
    "__from": f"{PAST.begin * 1000:.0f}",
    "__range": f"{RANGE:.0f}s",
}
"""What is chosen when a dashboard is opened and there is one job."""

QUERIES = {str(query): query for query in asked()}
every_query = pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())


@pytest.fixture(name="archive", scope="module")
def _archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An office of five, and at the end its twin, a program that is not ours and down, and sets of shards."""
    folder = tmp_path_factory.mktemp("archive")
    samples = asyncio.run(write(folder, PAST, _neighbours()))
    body = samples.read_text()
    twin = (line.replace(OURS, TWIN) for line in body.splitlines() if line.endswith(f" {PAST.end:.0f}") and OURS in line)
    samples.write_text(body.replace("# EOF", "\n".join((*twin, "# EOF"))))
    with Archive(folder, samples) as archive:
        yield archive


def _neighbours() -> bytes:
    samples = [
        'up{job="node",instance="n:9100"} 0',
        'process_resident_memory_bytes{job="node",instance="n:9100"} 1e12',
        *_set_of_shards("gap", (0, 0, 4), (1, 1, 4), (1, 2, 4)),
        *_set_of_shards("mixed", (0, 1, 2), (1, 2, 3)),
        *_set_of_shards("pair", (0, 1, 2), (1, 2, 2), (0, 3, 2), (1, 4, 2)),
        'dnsbl_origin_up{job="gap",instance="gap-1:15782",origin="mail.example.com"} 0',
        'dnsbl_origin_up{job="gap",instance="gap-2:15782",origin="mail.example.com"} 1',
        'dnsbl_origin_last_success_timestamp_seconds{job="gap",instance="gap-1:15782",origin="mail.example.com"} 0',
        'dnsbl_target_info{job="gap",instance="gap-1:15782",target="192.0.2.1",origin="192.0.2.1",kind="ipv4",service="web"} 1',
        'dnsbl_target_info{job="gap",instance="gap-1:15782",target="192.0.2.2",origin="192.0.2.2",kind="ipv4",service="dnsbl",'
        'pod="dnsbl-0",container="dnsbl",namespace="mail",endpoint="metrics",exported_service="web"} 1',
    ]
    return "".join(f"{sample} {PAST.end:.0f}\n" for sample in samples).encode()


def _set_of_shards(job: str, *shards: tuple[int, int, int]) -> Iterator[str]:
    """Exporters of a job: the ordinal that each says, its own number, and how many it says there are."""
    for ordinal, own, total in shards:
        labels = f'job="{job}",instance="{job}-{own}:15782"'
        yield from (f"up{{{labels}}} 1", f'dnsbl_build_info{{{labels},version="0"}} 1')
        yield f"dnsbl_shard_ordinal{{{labels}}} {ordinal}"
        yield f"dnsbl_total_shards{{{labels}}} {total}"


def _ask(archive: Archive, query: Asked, chosen: Mapping[str, str] = OPENED, at: float = PAST.end) -> list[Series]:
    """Ask as Grafana would, for what is chosen."""
    step = max(STEP, query.step)
    times = {"__interval": f"{step:.0f}s", "__interval_ms": f"{step * 1000:.0f}", "__rate_interval": f"{4 * step:.0f}s"}
    expr = filled(query.expr, {**OPENED, **times, **chosen})
    return archive.instant(expr, at) if query.instant else archive.ranged(expr, PAST.begin, at, step)


def _value(archive: Archive, name: str, chosen: Mapping[str, str] = OPENED, at: float = PAST.end) -> float | None:
    """The number of a panel with one query."""
    found = _ask(archive, QUERIES[name], chosen, at)
    return found[0].value if found else None


@every_query
def test_every_query_finds_what_there_is(archive: Archive, query: Asked) -> None:
    """In half a day in which everything happens, none is empty."""
    assert _ask(archive, query)


@pytest.mark.parametrize("query", [*events()], ids=str)
def test_annotations_fall_on_what_happened(archive: Archive, query: Asked) -> None:
    """Their queries run, and what gives times gives times of the range that is looked at."""
    found = _ask(archive, query)
    assert found
    if "$__from" in query.expr:
        assert all(PAST.begin <= at / 1000 <= PAST.end for series in found for _, at in series.values)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
def test_every_variable_has_something_to_choose(archive: Archive, board: Object) -> None:
    """The values of a label of what the exporters expose."""
    for name, variable in variables(board).items():
        if variable["type"] == "query":
            query = filled(text(variable, "query", "query"), OPENED)
            match = re.fullmatch(r"label_values\((.*), (\w+)\)", query)
            assert match is not None, name
            assert archive.label_values(match[2], match[1], PAST.begin, PAST.end), name


def test_the_morning_look_counts_what_is_listed(archive: Archive) -> None:
    """Two targets with three listings; in the last day three were new and one came back, ended since or not."""
    assert _value(archive, "dnsbl-fleet: Targets listed now, A") == 2
    impacts = {letter: _value(archive, f"dnsbl-fleet: Present listings by impact, {letter}") for letter in "ABCDE"}
    assert impacts == {"A": 0, "B": 1, "C": 1, "D": 1, "E": 0}
    assert _value(archive, "dnsbl-fleet: New, 24 h, A") == 3
    assert _value(archive, "dnsbl-fleet: Repeats, 24 h, A") == 1


def test_a_listing_that_two_exporters_see_counts_once(archive: Archive) -> None:
    """A pair that watches the same shows the same listings as one of them."""
    pair, one = (
        {
            (letter, frozenset(series.labels.items())): series.value
            for letter in "ABCD"
            for series in _ask(archive, QUERIES[f"dnsbl-fleet: Present listings, {letter}"], {"instance": instance})
        }
        for instance in (".+", OURS)
    )
    assert pair == one
    assert _value(archive, "dnsbl-fleet: Targets listed now, A", {"instance": OURS}) == 2


def test_none_listed_is_zero_only_if_an_exporter_says_so(archive: Archive) -> None:
    """Without an exporter there is no number."""
    for name in ("Targets listed now", "New, 24 h", "Repeats, 24 h"):
        assert _value(archive, f"dnsbl-fleet: {name}, A", {"label_value": "nothing"}) == 0
        assert _value(archive, f"dnsbl-fleet: {name}, A", {"job": "nobody"}) is None
    assert _value(archive, "dnsbl-target: Worst impact, A", {"target": CLEAN}) == 0
    assert _value(archive, "dnsbl-target: Worst impact, A", {"target": "198.51.100.1"}) is None


def test_other_programs_are_left_out(archive: Archive) -> None:
    """All jobs are chosen, and Prometheus scrapes more than us: their health and memory are none of ours."""
    assert _value(archive, "dnsbl-exporter: Exporters, A", {"job": ".+"}) == 1
    assert _value(archive, "dnsbl-fleet: Exporters down, A", {"job": ".+"}) == 0
    seen = _ask(archive, QUERIES["dnsbl-exporter: Memory, A"], {"job": ".+"})
    assert {series.labels["instance"] for series in seen} == {OURS, TWIN}


def test_an_exporter_that_is_down_is_told(archive: Archive) -> None:
    """While it restarts, there is one that Prometheus cannot scrape."""
    stopped = PAST.end - 0.09 * RANGE
    assert _value(archive, "dnsbl-fleet: Exporters down, A", at=stopped + 3 * MINUTE) == 1
    assert _value(archive, "dnsbl-fleet: Exporters down, A", at=stopped + 30 * MINUTE) == 0


def test_labels_of_targets_narrow_the_fleet(archive: Archive) -> None:
    """Two targets of two teams are listed; one is left when its team is chosen."""
    teams = {"label": "team"}
    assert _value(archive, "dnsbl-fleet: Targets listed now, A", teams) == 2
    outbound = teams | {"label_value": "outbound"}
    assert _value(archive, "dnsbl-fleet: Targets listed now, A", outbound) == 1
    assert _value(archive, "dnsbl-fleet: Repeats, 24 h, A", outbound) == 1
    rows = _ask(archive, QUERIES["dnsbl-fleet: Present listings, B"], outbound)
    assert {(row.labels["target"], row.labels["team"]) for row in rows} == {(MAIL, "outbound")}
    bars = _ask(archive, QUERIES["dnsbl-fleet: Targets listed now, by $label, A"], teams)
    assert {row.labels["team"]: row.value for row in bars} == {"outbound": 1, "desks": 1}


def test_a_label_that_a_target_lacks_is_a_dash(archive: Archive) -> None:
    """Its listings are there nevertheless."""
    bars = _ask(archive, QUERIES["dnsbl-fleet: Targets listed now, by $label, A"], {"label": "role"})
    assert {row.labels["role"]: row.value for row in bars} == {"mx": 1, "–": 1}


def test_a_target_tells_all_its_origins_with_its_labels(archive: Archive) -> None:
    """A row for each, whatever labels it has; none is the scrape's."""
    rows = [row for row in _why(archive, MAIL) if row["instance"] == OURS]
    assert {row["origin"] for row in rows} == {MAIL, "mail.example.com", "example.com mx", "example.com spf"}
    assert [(row["team"], row["role"]) for row in rows] == [("outbound", "mx")] * 4


def test_labels_of_targets_are_told_from_those_of_scrapes(archive: Archive) -> None:
    """A user's label may be called as one that Prometheus's operator sets; where that does, it is renamed."""
    (own,), (renamed,) = _why(archive, "192.0.2.1", "gap"), _why(archive, "192.0.2.2", "gap")
    ours = {"job", "instance", "target", "origin", "kind"}
    assert {name: value for name, value in own.items() if name not in ours} == {"service": "web"}
    assert {name: value for name, value in renamed.items() if name not in ours} == {"exported_service": "web"}


def _why(archive: Archive, target: str, job: str = JOB) -> list[Mapping[str, str]]:
    found = _ask(archive, QUERIES["dnsbl-target: Why it is watched, A"], {"target": target, "job": job})
    return [series.labels for series in found]


def test_origins_that_fail_are_told(archive: Archive) -> None:
    """With when they last worked, and what was left out of each, by reason; the same rows in each query."""
    state, success, skipped = (_origins(archive, letter) for letter in "ABC")
    assert state.keys() == success.keys() >= skipped.keys()
    assert {origin for origin, _ in state} == ORIGINS.keys()
    assert {origin for (origin, _), value in state.items() if value == 0} == {LOST}
    assert {value for (origin, _), value in state.items() if origin != LOST} == {2}
    assert success[LOST, ""] < success[FILE, ""] == PAST.end * 1000
    assert skipped == {("example.com spf", "known_provider"): 2, ("example.com spf", "network_too_large"): 1}


def test_an_origin_that_fails_at_some_exporters_is_told(archive: Archive) -> None:
    """It never worked at one of them."""
    assert _origins(archive, "A", "gap") == {("mail.example.com", ""): 1}
    assert _origins(archive, "B", "gap") == {("mail.example.com", ""): 0}


def _origins(archive: Archive, letter: str, job: str = JOB) -> dict[tuple[str, str], float]:
    found = _ask(archive, QUERIES[f"dnsbl-exporter: Origins of targets, {letter}"], {"job": job})
    return {(series.labels["origin"], series.labels.get("reason", "")): series.value for series in found}


AGREE, TOO_MANY, DIFFER, MISSING = range(4)


@pytest.mark.parametrize(
    ("job", "told"),
    [
        (JOB, {OURS: AGREE, TWIN: AGREE}),
        ("pair", dict.fromkeys((f"pair-{own}:15782" for own in range(1, 5)), AGREE)),
        ("mixed", {"mixed-1:15782": DIFFER, "mixed-2:15782": DIFFER, "shard 2 of mixed": MISSING}),
        ("gap", {"gap-0:15782": AGREE, "gap-1:15782": TOO_MANY, "gap-2:15782": TOO_MANY, "shard 2 of gap": MISSING}),
    ],
)
def test_what_is_wrong_with_shards_is_told(archive: Archive, job: str, told: Mapping[str, int]) -> None:
    """Of each exporter, as the alerts see it. What is missing has a row."""
    assert _shards(archive, {"job": job}) == told


def test_shards_that_are_not_chosen_are_not_missing(archive: Archive) -> None:
    """What is wrong with a set is so whatever part of it is looked at."""
    assert _shards(archive, {"job": "pair", "instance": "pair-1:15782"}) == {"pair-1:15782": AGREE}


def _shards(archive: Archive, chosen: Mapping[str, str]) -> Mapping[str, float]:
    found = _ask(archive, QUERIES["dnsbl-exporter: Each exporter, I"], chosen)
    return {series.labels["instance"]: series.value for series in found}


def test_links_for_removal_have_the_target_filled_in(archive: Archive, tmp_path: Path) -> None:
    """As the exporter itself fills it in, with or without a place for it."""
    lists = {blocklist.name: blocklist for blocklist in config(tmp_path, PAST.targets).lists}
    rows = _ask(archive, QUERIES["dnsbl-fleet: Present listings, A"])
    assert len(rows) == 3
    for row in rows:
        assert row.labels["removal"] == lists[row.labels["list"]].delist_url_for(parse(row.labels["target"]))


def test_an_unknown_list_is_neither_clean_nor_listed(archive: Archive) -> None:
    """Each list's state of a target as the timeline draws it."""
    states = {
        row.labels["list"]: row.value for row in _ask(archive, QUERIES["dnsbl-target: On each list, A"], {"target": POLICY})
    }
    assert states["all.s5h.net"] == 2
    assert states["zen.spamhaus.org"] in (1, 3)
    assert states["b.barracudacentral.org"] == 0


def test_every_listing_of_a_target_has_its_length(archive: Archive) -> None:
    """Two that ended and two that are present, as long as the story says, to a few steps: it is seen at scrapes only."""
    letters = ({_opening(row): row.value for row in _ask(archive, _lasted(letter))} for letter in "AB")
    lengths, numbers = letters
    told = [stay for stay in office(PAST.begin, PAST.end) if stay.target == MAIL]
    assert lengths.keys() == {(stay.list, stay.since) for stay in told}
    for stay in told:
        assert lengths[stay.list, stay.since] == pytest.approx((stay.until or PAST.end) - stay.since, abs=10 * MINUTE)
    assert sorted(numbers.values()) == [1, 1, 1, 2]


def _lasted(letter: str) -> Asked:
    return QUERIES[f"dnsbl-target: How long each listing lasted, {letter}"]


def _opening(row: Series) -> tuple[str, float]:
    return row.labels["list"], float(row.labels["opened"]) / 1000
