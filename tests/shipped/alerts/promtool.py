"""promtool, run to its end."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.servers.daemon import require


def promtool(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it; what it says is in one output."""
    command: Sequence[str | Path] = [require("promtool"), *args]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
