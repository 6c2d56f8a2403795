"""Process trees: who descends from whom, how much memory they hold, and how to end them for certain.

A process is (pid, start time), so that a pid that was given to another process meanwhile is never signalled.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage
from typing import Final

_WAIT_ALL: Final = 0x4000_0000  # __WALL: children made by clone() without a signal, too
_SWEEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Process:
    """One process for as long as it lives."""

    pid: int
    start_ticks: int
    """Clock ticks from boot to its start."""
    parent_pid: int
    group_id: int
    session_id: int


def find(pid: int) -> Process | None:
    """Return the process that has `pid` now; None when there is none or it has ended.

    One whose first thread has ended looks like a zombie as well while its other threads run on; that one has not ended.
    """
    try:
        fields = _read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    except OSError:
        return None
    if fields[0] in b"ZX" and int(fields[17]) <= 1:
        return None
    parent_pid, group_id, session_id = map(int, fields[1:4])
    return Process(pid, int(fields[19]), parent_pid, group_id, session_id)


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib shows in the profile of a kill
        return file.read()


_KERNEL_LISTS_CHILDREN: Final = Path("/proc/thread-self/children").exists()


def children(pid: int) -> list[Process]:
    """Return the children of `pid`. One that comes at this very moment may be missed: repeat until none is new."""
    if not _KERNEL_LISTS_CHILDREN:
        return [process for process in _everyone() if process.parent_pid == pid]
    return [process for child in _listed_children(pid) if (process := find(child)) is not None]


def _listed_children(pid: int) -> Iterator[int]:
    try:
        tasks = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - names are all it takes
    except OSError:
        return
    for task in tasks:
        try:
            yield from map(int, _read(f"/proc/{pid}/task/{task}/children").split())
        except OSError:
            continue  # this thread has ended


def _everyone() -> Iterator[Process]:
    for name in os.listdir("/proc"):  # noqa: PTH208 - names are all it takes
        if name.isdigit() and (process := find(int(name))) is not None:
            yield process


def count_threads() -> int:
    """Return how many threads this process has, those that Python does not know included."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names are all it takes


def descendants(pid: int) -> list[Process]:
    """Return the descendants of `pid`."""
    found: list[Process] = []
    waiting = [pid]
    while waiting:
        below = children(waiting.pop())
        found.extend(below)
        waiting.extend(process.pid for process in below)
    return found


def send_signal(process: Process, number: signal.Signals) -> bool:
    """Signal exactly this process. Returns False when it has ended or may not be signalled."""
    try:
        pidfd = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        now = find(process.pid)
        if now is None or now.start_ticks != process.start_ticks:
            return False
        signal.pidfd_send_signal(pidfd, number)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(pidfd)


def signal_all(processes: Iterable[Process], number: signal.Signals) -> None:
    """Signal each of these processes."""
    for process in processes:
        send_signal(process, number)


def kill_descendants(
    pid: int, *, spare: frozenset[int] = frozenset(), between: Callable[[], object] = lambda: None
) -> None:
    """Send SIGKILL to all descendants of `pid`, but for its children in `spare` and what is below those.

    All are stopped before the first is killed, sweep after sweep until none is new: who still runs could fork. Whole
    process groups are signalled, since the kernel does that in one step that a fork cannot slip through; a job's groups
    hold nobody else, because it began with a session of its own. `between` sweeps the dead may be reaped.
    """
    stopped: set[tuple[int, int]] = set()
    for _ in range(_SWEEPS):
        between()
        found = {(process.pid, process.group_id) for process in _descendants_but(pid, spare)}
        if found <= stopped:
            break
        _signal_groups(found - stopped, signal.SIGSTOP)
        stopped |= found
    _signal_groups(stopped, signal.SIGKILL)


def _signal_groups(members: set[tuple[int, int]], number: signal.Signals) -> None:
    """Signal the groups of these (pid, group), and each process that is still in the group of its maker alone."""
    mine = os.getpgrp()
    for pid, group in {(0 if group != mine else pid, group) for pid, group in members}:
        if pid > 1 or group > 1:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid or -group, number)


def _descendants_but(pid: int, spare: frozenset[int]) -> list[Process]:
    top = [child for child in children(pid) if child.pid not in spare]
    return top + [process for child in top for process in descendants(child.pid)]


def reap() -> Iterator[tuple[int, int, struct_rusage]]:
    """Yield (pid, wait status, usage) of each child of this process that has ended, then return."""
    while True:
        pid, status, usage = os.wait4(-1, os.WNOHANG | _WAIT_ALL) if has_children() else (0, 0, None)
        if pid == 0 or usage is None:
            return
        yield pid, status, usage


def has_children() -> bool:
    """Whether this process has a child, dead or alive. For a subreaper False means that no descendant is left."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT | _WAIT_ALL)
    except ChildProcessError:
        return False
    return True
