"""What the tests of the config share."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from exporter.config import Config, load

Load = Callable[..., Config]


@pytest.fixture(name="loaded")
def _loaded(tmp_path: Path) -> Load:
    """Loads a config from its text, or its bytes."""

    def loaded(text: str | bytes, environment: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "config.yml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, environment or {})

    return loaded
