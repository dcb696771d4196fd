"""What the tests of the edges share: a server that misbehaves on purpose, and a place for a history."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.edges.lists import LOOPS, Loop
from tests.servers.rude import Rude


@pytest.fixture(name="rude")
def _rude() -> Iterator[Rude]:
    with Rude() as rude:
        yield rude


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture(autouse=True)
def _one_loop() -> Iterator[None]:
    """A loop for each test, and the end of what was made in it."""
    loop = Loop()
    LOOPS.append(loop)
    yield
    LOOPS.remove(loop)
    loop.close()
