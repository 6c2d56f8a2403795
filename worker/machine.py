"""What this machine, or the container around this process, has to share out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")
"""Of this container. The files of version 2 lie right here, those of version 1 in a folder for each controller."""
_NO_LIMIT: Final = ("max", "-1")
_MEMORY_PER_SLOT: Final = 2 * 2**30
_MOST_SLOTS: Final = 16


def available_cpus() -> float:
    """Return the cores this process may use: its affinity, or less where a cgroup says so."""
    cores = float(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    quota = _cgroup_words("cpu.max") or [
        *_cgroup_words("cpu/cpu.cfs_quota_us"),
        *_cgroup_words("cpu/cpu.cfs_period_us"),
    ]
    if len(quota) == 2 and quota[0] not in _NO_LIMIT:
        cores = min(cores, int(quota[0]) / int(quota[1]))
    return cores


def available_memory() -> int:
    """Return the bytes of memory of the machine, or less where a cgroup says so."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _cgroup_words("memory.max") or _cgroup_words("memory/memory.limit_in_bytes")
    return min(total, int(limit[0])) if limit and limit[0] not in _NO_LIMIT else total


def default_slots(cpus: float, memory_bytes: int) -> int:
    """Return a number of slots: one a core as far as each has 2 GiB, since two jobs of one thread beat one of two."""
    return max(1, min(int(cpus), memory_bytes // _MEMORY_PER_SLOT, _MOST_SLOTS))


def _cgroup_words(name: str) -> list[str]:
    try:
        return (_CGROUP / name).read_text().split()
    except OSError:
        return []
