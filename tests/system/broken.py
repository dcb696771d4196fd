"""A config with several faults, and how they must be reported."""

import re
from pathlib import Path

BROKEN = """\
resolvers: ["127.0.0.1:53"]
checks:
  interval: soon
lists:
  - zone: bl.example
    kinds: [ipv4]
    intervall: 1s
targets: [not a target]
"""
PROBLEMS = [(3, "checks.interval"), (7, "lists[0].intervall"), (8, "targets[0]")]


def problems_said(text: str, file: Path) -> list[tuple[int, str]]:
    """The line and the path of every problem that is reported about the file."""
    return [(int(line), path) for line, path in re.findall(rf"^{re.escape(str(file))}:(\d+): ([^:\s]+): \S", text, re.MULTILINE)]
