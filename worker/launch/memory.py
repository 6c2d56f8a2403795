"""How much memory a process tree holds, at a price that does not matter.

The sum of resident sizes counts a shared page once for each process, so it is never too small, and it is cheap. Only
when it is above the limit the proportional sizes are summed up: a child of the zygote shares 400 MB with it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

from worker.launch import tree

_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


def exceeds(limit_bytes: int, *, below_pid: int) -> bool:
    """Whether the descendants of `below_pid` hold more than `limit_bytes` together."""
    pids = [process.pid for process in tree.descendants(below_pid)]
    if resident_bytes(pids) <= limit_bytes:
        return False
    return sum(map(_proportional_bytes, pids)) > limit_bytes


def resident_bytes(pids: Iterable[int]) -> int:
    """Return the sum of the resident sizes of processes."""
    return sum(map(_resident_bytes, pids))


def _resident_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123 - this runs twice a second for each process
            return int(file.read().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def _proportional_bytes(pid: int) -> int:
    """Return the PSS of a process; its resident size when the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123 - as above
            kilobytes = next(int(line.split()[1]) for line in file if line.startswith(b"Pss:"))
    except FileNotFoundError:
        return 0
    except (OSError, StopIteration):
        return _resident_bytes(pid)
    return kilobytes * 1024
