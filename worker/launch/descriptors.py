"""File descriptors: which are open, and getting rid of all others."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection


def open_descriptors() -> frozenset[int]:
    """Return the numbers of all open descriptors of this process."""
    listed = map(int, os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are all it takes
    return frozenset(descriptor for descriptor in listed if _is_open(descriptor))


def _is_open(descriptor: int) -> bool:
    """The descriptor that the listing itself was read from is closed by now."""
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def close_all_but(kept: Collection[int]) -> None:
    """Close every descriptor above 2 that is not in `kept`."""
    for descriptor in open_descriptors():
        if descriptor > 2 and descriptor not in kept:
            os.close(descriptor)


def place(descriptors: Collection[int]) -> None:
    """Make `descriptors` numbers 0, 1, 2, ... in their order, kept over an exec; close all others."""
    above = len(descriptors)
    for number, descriptor in enumerate([_move_above(descriptor, above) for descriptor in descriptors]):
        os.dup2(descriptor, number)
    close_all_but(range(above))


def _move_above(descriptor: int, lowest: int) -> int:
    if descriptor >= lowest:
        return descriptor
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, lowest)
