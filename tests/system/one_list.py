"""The smallest setting: one list, with one of two targets on it."""

from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.scrape import Scrape
from tests.system.settings import addresses_on, config

ZONE = "bl.example"
TARGET, OTHER = "192.0.2.1", "192.0.2.2"


def one_list(rude: Rude, *targets: str) -> str:
    """The config of it, with these targets or with both."""
    return config(rude.address, [addresses_on(ZONE)], targets or [TARGET, OTHER])


def is_known(exporter: Exporter) -> bool:
    """Whether both targets are known to be what they are."""
    return Scrape.now(exporter).listed(ZONE) == {TARGET: 1, OTHER: 0}
