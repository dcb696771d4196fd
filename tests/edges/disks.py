"""Disks that take no more, two kinds: a file system that is full, and files that may not grow.

Rule: what is filled or limited is as before at the end, whatever happened meanwhile.
"""

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

SIZE = "512k"
PAGE = 4096


class Disk(Protocol):
    """A folder on a disk that can be full."""

    folder: Path

    def fill(self, leave: int = 0) -> None:
        """From now on nothing more can be written, but for so many pages."""

    def free(self) -> None:
        """From now on everything can be written again."""


class FullDisk:
    """A small file system of its own, full by another file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self, leave: int = 0) -> None:
        with self._ballast.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(PAGE))
        os.truncate(self._ballast, self._ballast.stat().st_size - leave * PAGE)

    def free(self) -> None:
        self._ballast.unlink()


class LimitedFiles:
    """A folder of a process that may not write to files any more, as with an exhausted `ulimit -f`: every write is EFBIG."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(self, leave: int = 0) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (leave * PAGE, self._limits[1]))

    def free(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._limits)


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[FullDisk]:
    """A file system of :data:`SIZE`; where mounting is not allowed the test is skipped, or fails where `CI` is set."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        reason = f"a small file system cannot be mounted: {mounted.stderr.strip()}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield FullDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def limited_files(folder: Path) -> Iterator[LimitedFiles]:
    """A folder whose files can be kept from growing."""
    disk = LimitedFiles(folder)
    try:
        yield disk
    finally:
        disk.free()
