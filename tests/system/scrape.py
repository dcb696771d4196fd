"""One body of /metrics, read as a whole: what stands in it stood at one moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from tests.servers.exporter import Exporter


class Place(NamedTuple):
    """Where a listing is."""

    target: str
    list: str
    sublist: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The four families of one place."""

    since: float
    last_delisted: float
    onset_observed: bool
    number: int


@dataclass(frozen=True, slots=True)
class Scrape:
    """The samples of one body, by name and labels."""

    samples: dict[str, dict[frozenset[tuple[str, str]], float]]

    @classmethod
    def of(cls, body: str) -> "Scrape":
        """Read a body in the text format."""
        samples: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
        for family in text_string_to_metric_families(body):
            for sample in family.samples:
                samples.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
        return cls(samples)

    @classmethod
    def now(cls, exporter: Exporter) -> "Scrape":
        """Scrape once."""
        return cls.of(exporter.get("/metrics").text)

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """The values of a metric by the values of these labels of it."""
        values = ((dict(has), value) for has, value in self.samples.get(name, {}).items())
        return {tuple(has[label] for label in labels): value for has, value in values}

    def listed(self, zone: str) -> dict[str, float]:
        """`dnsbl_listed` of a list, by target."""
        listed = self.by("dnsbl_listed", "target", "list")
        return {target: value for (target, name), value in listed.items() if name == zone}

    def causes(self, zone: str) -> dict[str, str]:
        """Why nothing is known of a list's targets, by target."""
        unknown = self.by("dnsbl_unknown_since_timestamp_seconds", "target", "list", "cause")
        return {target: cause for target, name, cause in unknown if name == zone}

    def checks(self, zone: str) -> dict[str, float]:
        """How many checks of a list are in each state; states of none are left out."""
        counts = self.by("dnsbl_list_checks", "list", "verdict")
        return {state: count for (name, state), count in counts.items() if name == zone and count}

    def totals(self, zone: str) -> tuple[int, int]:
        """How many listings of a list opened and closed so far."""
        return int(self.by("dnsbl_listings_total", "list")[zone,]), int(self.by("dnsbl_delistings_total", "list")[zone,])

    def codes(self) -> dict[Place, str]:
        """The codes of every present listing."""
        return {Place(*labels[:3]): labels[3] for labels in self.by("dnsbl_listing_info", *Place._fields, "codes")}

    def standings(self) -> dict[Place, Standing]:
        """The four families of every place that has any; one that lacks another is an error."""
        since, delisted, onset, number = self._families()
        assert since.keys() == delisted.keys() == onset.keys() == number.keys()
        return {Place(*place): Standing(since[place], delisted[place], bool(onset[place]), int(number[place])) for place in since}

    def _families(self) -> Iterator[dict[tuple[str, ...], float]]:
        for name in (
            "dnsbl_listed_since_timestamp_seconds",
            "dnsbl_last_delisted_timestamp_seconds",
            "dnsbl_listing_onset_observed",
            "dnsbl_listing_number",
        ):
            yield self.by(name, *Place._fields)


def assert_consistent(scrape: Scrape) -> None:
    """Nothing in the body says half of a change, and the totals count what is shown."""
    assert_whole(scrape)
    standings = scrape.standings()
    for (zone,) in scrape.by("dnsbl_list_info", "list"):
        held = [held for place, held in standings.items() if place.list == zone]
        opened, closed = scrape.totals(zone)
        assert opened == sum(each.number for each in held)
        assert opened - closed == sum(each.since > 0 for each in held)


def assert_whole(scrape: Scrape) -> None:
    """Nothing in the body says half of a change. The totals may count what has left the config."""
    standings, codes = scrape.standings(), scrape.codes()
    present = {place for place, held in standings.items() if held.since > 0}
    assert codes.keys() == present
    for held in standings.values():
        assert held.since > held.last_delisted or held.since == 0 < held.last_delisted
        assert (held.last_delisted > 0) == (held.number > 1 or held.since == 0)
        assert held.onset_observed or held.number == 1
    listed = {labels for labels, value in scrape.by("dnsbl_listed", "target", "list").items() if value == 1}
    assert listed == {place[:2] for place in present}
    for (target,), count in scrape.by("dnsbl_target_listings", "target").items():
        assert count == sum(place.target == target for place in present)
