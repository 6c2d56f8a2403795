"""CPU seconds of everything that an arm starts: clients, servers, brokers, workers and jobs.

With control groups (as root) the kernel counts. Elsewhere the processes below those that the arm started are summed up
from /proc, with what each has waited for; there a process that left its tree without being waited for is not counted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

_CPUACCT = Path("/sys/fs/cgroup/cpuacct")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_LEAVE_S = 5.0


class CpuMeter(Protocol):
    """What one arm uses. Whatever is started inside of `entered` belongs to it."""

    how: str

    def seconds(self) -> float:
        """Return all CPU seconds so far."""

    def entered(self) -> object:
        """Count what this process does and starts until the end of the block."""


@contextmanager
def cpu_meter(name: str) -> Iterator[CpuMeter]:
    """Return a meter; a control group is removed at the end, when its processes have ended."""
    try:
        group = _Group(_CPUACCT / f"trainshed-bench-{os.getpid()}-{name.replace(' ', '-')}")
    except OSError:
        yield _Tree()
        return
    try:
        yield group
    finally:
        group.remove()


class _Group:
    """A group of the cpuacct controller."""

    how = "control group"

    def __init__(self, folder: Path) -> None:
        own = Path("/proc/self/cgroup").read_text().splitlines()
        mine = next((line.split(":", 2)[2] for line in own if line.split(":")[1] == "cpuacct"), None)
        if mine is None:
            raise FileNotFoundError("no cpuacct controller")
        self._home = _CPUACCT / mine.lstrip("/")
        self._folder = folder
        folder.mkdir()

    def seconds(self) -> float:
        return int((self._folder / "cpuacct.usage").read_text()) / 1e9

    @contextmanager
    def entered(self) -> Iterator[None]:
        self._move(self._folder)
        try:
            yield
        finally:
            self._move(self._home)

    def remove(self) -> None:
        deadline = time.monotonic() + _LEAVE_S
        while (self._folder / "cgroup.procs").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        with suppress(OSError):
            self._folder.rmdir()

    def _move(self, folder: Path) -> None:
        (folder / "cgroup.procs").write_text(str(os.getpid()))


class _Tree:
    """The processes that were started, and those below them."""

    how = "sum over /proc"

    def __init__(self) -> None:
        self._own = 0.0
        self._entered_at: float | None = None
        self._roots: set[int] = set()

    def seconds(self) -> float:
        own = self._own + (time.process_time() - self._entered_at if self._entered_at is not None else 0.0)
        return own + sum(_seconds_below(pid) for pid in self._roots)

    @contextmanager
    def entered(self) -> Iterator[None]:
        before, self._entered_at = _children(os.getpid()), time.process_time()
        try:
            yield
        finally:
            self._own += time.process_time() - self._entered_at
            self._entered_at = None
            self._roots |= _children(os.getpid()) - before


def _seconds_below(pid: int) -> float:
    """Return the CPU seconds of a process, of what it has waited for, and of all below it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS_PER_S + sum(_seconds_below(child) for child in _children(pid))


def _children(pid: int) -> set[int]:
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found |= set(map(int, task.read_text().split()))
    return found
