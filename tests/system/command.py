"""A command that ends by itself."""

import os
import subprocess
import sys
from pathlib import Path


def run(*args: str | Path, folder: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
    """`dnsbl-exporter` with these arguments, its outputs piped, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "exporter", *args],
        cwd=folder,
        env={**os.environ, "COLUMNS": "200", **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
