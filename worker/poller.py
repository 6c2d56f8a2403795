"""Looks for work by itself, so that jobs start with the broker gone.

Every two to five seconds, and when a retry of this worker comes due, it fills the slots that are idle.
"""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

SHORTEST_S: Final = 2.0
LONGEST_S: Final = 5.0


class Poller:
    """Calls `fill` from a thread of its own."""

    def __init__(self, fill: Callable[[], None]) -> None:
        self._fill = fill
        self._due: list[float] = [time.monotonic()]  # at once: work may have waited for this worker
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="poller", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify()

    def wake_in(self, seconds: float) -> None:
        """Look again after `seconds`, when something is known to come due then."""
        with self._changed:
            heapq.heappush(self._due, time.monotonic() + seconds)
            self._changed.notify()

    def _run(self) -> None:
        while self._wait():
            try:
                self._fill()
            except Exception:
                # Whatever went wrong, the next look may find it mended; a worker without a poller may starve.
                log.exception("poll.failed")

    def _wait(self) -> bool:
        """Wait until it is time to look. False: stop."""
        latest = time.monotonic() + random.uniform(SHORTEST_S, LONGEST_S)  # noqa: S311 - spreads load, keeps no secret
        with self._changed:
            while not self._stopping:
                due = min(latest, self._due[0]) if self._due else latest
                remaining = due - time.monotonic()
                if remaining <= 0:
                    if self._due and self._due[0] <= due:
                        heapq.heappop(self._due)
                    return True
                self._changed.wait(remaining)
            return False
