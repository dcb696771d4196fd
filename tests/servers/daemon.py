"""One subprocess that serves: started, awaited, stopped.

Rule 1: `start` returns when the daemon is ready, or raises with the end of its log.
Rule 2: stdout and stderr go to one log, kept over restarts; `fresh_log` is the present run's part.
Rule 3: no process outlives its `Daemon`.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest

POLL_SECONDS = 0.01
STOP_SECONDS = 10.0


def wait_until(condition: Callable[[], bool], what: str, within: float = 10.0) -> None:
    """Return once the condition holds; fail with `what` when it doesn't within so many seconds."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:g} s: {what}")
        time.sleep(POLL_SECONDS)


def require(program: str) -> str:
    """The path of a program; without it the test is skipped, or fails where `CI` is set."""
    folders = (os.environ.get("PATH", os.defpath), "/usr/local/sbin", "/usr/sbin", "/sbin")
    path = shutil.which(program, path=os.pathsep.join(folders))
    if path:
        return path
    reason = f"{program} is not installed"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Daemon:
    """A program that runs in the foreground in a folder until it is stopped."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        ready: Callable[[], bool],
        *,
        env: Mapping[str, str] | None = None,
        within: float = 10.0,
    ) -> None:
        self.name = name
        self._command = command
        self._folder = folder
        self._ready = ready
        self._env = {**os.environ, **(env or {})}
        self._within = within
        self._log = folder / f"{name}.log"
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and return when it is ready; an error carries the end of its log."""
        assert not self.alive, f"{self.name} runs already"
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(self._settled, f"{self.name} is ready", self._within)
            if not self.alive:
                raise RuntimeError(f"{self.name} ended with exit code {self._process.returncode}")
        except BaseException as error:
            self.kill()
            error.add_note(f"the end of its log:\n{self.fresh_log[-2000:]}")
            raise

    def stop(self) -> int | None:
        """End it with SIGTERM, or SIGKILL when that takes too long; returns the exit code."""
        if self._process is None:
            return None
        self._process.terminate()
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int | None:
        """End it with SIGKILL and reap it."""
        if self._process is None:
            return None
        self._process.kill()
        return self._process.wait()

    def restart(self) -> None:
        """Stop it and start it again with the same command."""
        self.stop()
        self.start()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None, f"{self.name} was never started"
        self._process.send_signal(number)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of the latest run; None while it runs, or when it never ran."""
        return None if self._process is None else self._process.poll()

    @property
    def pid(self) -> int:
        """The process ID of the latest run."""
        assert self._process is not None, f"{self.name} was never started"
        return self._process.pid

    @property
    def log(self) -> str:
        """All it wrote, over all its runs."""
        return self._log.read_text(errors="replace")

    @property
    def fresh_log(self) -> str:
        """What it wrote since its latest start."""
        return self._log.read_bytes()[self._log_start :].decode(errors="replace")

    def _settled(self) -> bool:
        return not self.alive or self._ready()
