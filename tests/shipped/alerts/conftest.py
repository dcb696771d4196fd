"""A world to tell stories in."""

from pathlib import Path

import pytest

from tests.shipped.alerts.world import World


@pytest.fixture(name="world")
def _world(tmp_path: Path) -> World:
    return World(tmp_path)
