"""How often and how long the client tries again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Waits double from `first_s` to `longest_s`, jittered by half, and end `budget_s` after the first failure.

    Time and chance are fields, so that tests need not wait.
    """

    budget_s: float = 30.0
    first_s: float = 0.25
    longest_s: float = 8.0
    now: Callable[[], float] = time.monotonic
    """Seconds on a clock that never goes back."""
    sleep: Callable[[float], None] = time.sleep
    draw: Callable[[], float] = random.random
    """A number from [0, 1)."""

    def start(self) -> Tries:
        """Begin to count failures."""
        return Tries(self)


class Tries:
    """The failures of one request in a row."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._first_failure: float | None = None
        self._count = 0

    def wait(self, *, at_least_s: float = 0.0) -> bool:
        """Sleep after a failure until the next try, or return False when the budget does not reach that far."""
        patience, now = self._patience, self._patience.now()
        if self._first_failure is None:
            self._first_failure = now
        plain = min(patience.first_s * 2 ** min(self._count, 30), patience.longest_s)
        delay = max(plain * (0.5 + 0.5 * patience.draw()), at_least_s)
        if now - self._first_failure + delay > patience.budget_s:
            return False
        self._count += 1
        patience.sleep(delay)
        return True
