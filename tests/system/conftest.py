"""The smallest setting, running."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.exporter import Exporter
from tests.servers.rude import Rude
from tests.system.holding import holding
from tests.system.one_list import TARGET, ZONE, is_known, one_list


@pytest.fixture(name="rude")
def _rude() -> Iterator[Rude]:
    with Rude() as rude:
        rude.behave(ZONE, holding(TARGET))
        yield rude


@pytest.fixture(name="exporter")
def _exporter(tmp_path: Path, rude: Rude) -> Iterator[Exporter]:
    with Exporter(tmp_path, one_list(rude)) as exporter:
        exporter.wait(is_known, "all is known")
        yield exporter
