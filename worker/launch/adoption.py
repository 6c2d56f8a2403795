"""The worker as a foster parent: inits whose zygote has died, and orphans whose init died as well, come to it.

Only pids that are known to be ours are waited for: the worker has other children, and their exit status is theirs.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress

from worker.launch import tree


class Adoption:
    """What came to this process, and must be reaped or killed. Thread-safe; all zygotes of a worker share one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._expected: set[int] = set()
        self._leaving: set[int] = set()

    def expect(self, pid: int) -> None:
        """Note a zygote, or the init of a running job: it is nobody's orphan."""
        with self._lock:
            self._expected.add(pid)

    def forget_when_ended(self, pid: int) -> None:
        """Note that this process ends now or soon."""
        with self._lock:
            self._leaving.add(pid)

    def reap(self) -> None:
        """Reap the inits that have ended as children of this process, and forget those that ended elsewhere."""
        with self._lock:
            ended = {pid for pid in self._leaving if _has_ended(pid)}
            self._leaving -= ended
            self._expected -= ended

    def kill_orphans(self) -> bool:
        """Kill processes of jobs that have become children of this process. Returns whether there were any."""
        with self._lock:
            known = frozenset(self._expected)
        orphans = [child for child in tree.children(os.getpid()) if child.pid not in known and _is_of_job(child)]
        others = frozenset(child.pid for child in tree.children(os.getpid())) - {orphan.pid for orphan in orphans}
        if orphans:
            tree.kill_descendants(os.getpid(), spare=others)
        for orphan in orphans:
            with suppress(ChildProcessError):
                os.waitpid(orphan.pid, os.WNOHANG)
        return bool(orphans)


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # a child of the zygote, which reaps it itself
        return tree.find(pid) is None


def _is_of_job(child: tree.Process) -> bool:
    """A job process cannot undo no_new_privs and never shares the session of the worker; nothing else here is both."""
    return child.session_id != os.getsid(0) and b"\nNoNewPrivs:\t1" in _status(child.pid)


def _status(pid: int) -> bytes:
    try:
        with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 - as in `tree`
            return file.read()
    except OSError:
        return b""
