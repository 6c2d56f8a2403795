"""Child processes that never outlive their parent."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_RESTART_AFTER_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_STEADY_S: Final = 30.0


@dataclass(slots=True)
class Child:
    """One program that is kept running. Its output goes to `log`."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    stop_within_s: float
    stdin: bytes = b""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _failures: int = field(default=0, init=False)
    _started_at: float = field(default=0.0, init=False)
    _restart_at: float | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it in a session of its own: a Ctrl-C in the terminal reaches the parent alone."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                list(self.argv),
                env=dict(self.env),
                stdin=subprocess.PIPE if self.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - this process has one thread
            )
        if self.stdin and self.process.stdin is not None:
            self.process.stdin.write(self.stdin)
            self.process.stdin.close()
        self._started_at = time.monotonic()
        self._restart_at = None

    def keep(self) -> str | None:
        """Start it again when it has ended, later each time. Returns what happened, in words, when something did."""
        if self.process is None or self.process.poll() is None:
            return None
        now = time.monotonic()
        if self._restart_at is None:
            self._failures = 0 if now - self._started_at > _STEADY_S else self._failures + 1
            wait_s = _RESTART_AFTER_S[min(self._failures, len(_RESTART_AFTER_S) - 1)]
            self._restart_at = now + wait_s
            return f"{self.name} ended with code {self.process.returncode}; starting it again. Its log: {self.log}"
        if now >= self._restart_at:
            self.start()
        return None

    def stop(self) -> None:
        """Ask it to end, and kill it when it has not within its time."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.stop_within_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def _die_with_parent(parent: int) -> Callable[[], None]:
    """Return what a child does between fork and exec: ask the kernel for SIGTERM when the parent dies."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return ask
