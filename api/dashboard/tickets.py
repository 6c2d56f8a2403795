"""Links that work once: what `trainshed up` prints, so that nobody has to copy a key.

Kept in the memory of one process of the API, for a few minutes. Where several processes answer, sign in with the key.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

VALID_S: Final = 600.0
_MOST: Final = 64


class Tickets:
    """Tickets that have been issued and not redeemed. Lives on the event loop."""

    def __init__(self, *, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._keys: dict[str, tuple[str, float]] = {}

    def issue(self, key: str) -> str:
        """Return a ticket for a key. Of very many the oldest are forgotten."""
        if len(self._keys) >= _MOST:
            del self._keys[next(iter(self._keys))]
        ticket = secrets.token_urlsafe(32)
        self._keys[ticket] = (key, self._now() + VALID_S)
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """Return the key that a ticket stands for, once. None: it is unknown, used or too old."""
        key, until = self._keys.pop(ticket, (None, 0.0))
        return key if self._now() < until else None
