"""What the tests of the edges share: a server that misbehaves on purpose, and a place for a history."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.rude import Rude


@pytest.fixture(name="rude")
def _rude() -> Iterator[Rude]:
    with Rude() as rude:
        yield rude


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"
