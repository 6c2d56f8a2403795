"""Spares callers the wait for a server that has just been found silent.

Without it those that queue for a thread or a connection would each wait their full patience, one batch after another.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Breaker:
    """Open for `rest_s` after `trip`. Safe to use from many threads: a lost update costs one more question."""

    def __init__(self, rest_s: float, *, now: Callable[[], float] = time.monotonic) -> None:
        self._rest_s = rest_s
        self._now = now
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the server was silent a moment ago."""
        return self._now() < self._open_until

    def trip(self) -> None:
        """Note that the server did not answer."""
        self._open_until = self._now() + self._rest_s
