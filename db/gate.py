"""SQLite has one writer at a time. This gate orders the writers of one process, heartbeats first.

Without it the threads of a worker would compete through SQLite's busy handler, which is unfair: under load a heartbeat
may wait longer than its lease.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class GateTimeout(Exception):
    """The writers before this one took too long."""


class WriterGate:
    """A lock whose urgent waiters go before the ordinary ones."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._held = False
        self._urgent_waiting = 0

    @contextmanager
    def hold(self, *, urgent: bool, timeout_s: float) -> Iterator[None]:
        """Hold the gate. Raises `GateTimeout` when it is not free within `timeout_s`."""
        with self._changed:
            self._urgent_waiting += urgent
            try:
                if not self._changed.wait_for(lambda: self._may_enter(urgent=urgent), timeout_s):
                    raise GateTimeout(f"the database was busy for {timeout_s} s")
                self._held = True
            finally:
                self._urgent_waiting -= urgent
        try:
            yield
        finally:
            with self._changed:
                self._held = False
                self._changed.notify_all()

    def _may_enter(self, *, urgent: bool) -> bool:
        return not self._held and (urgent or not self._urgent_waiting)
