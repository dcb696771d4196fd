"""A rude server's list that behaves: what it holds, and right test entries."""

from tests.servers.ask import prefix
from tests.servers.behaviour import Behaviour, healthy, zone_data


def holding(*targets: str, codes: tuple[str, ...] = ("127.0.0.2",)) -> Behaviour:
    """A healthy list with these targets on it, each with these codes."""
    return healthy(zone_data({prefix(target): codes for target in targets}))
