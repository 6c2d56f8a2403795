"""How many requests a key may send, and how many wrong keys may come from one address.

Counted in this process and in memory, so that it works whatever the broker and the database do; each process of the API
counts for itself. All windows are minutes of the same clock: when a new one begins, everything is forgotten at once.
(The library `limits` forgets in threads of its own, which it starts a hundred times a second.)
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from trainshed.errors import TooManyRequests

_WINDOW_S: Final = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a window of a minute allows, and what is left of it. `reset_s`: seconds until the next one."""

    quota: int
    left: int
    reset_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As in draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"default";q={self.quota};w={_WINDOW_S}',
            "RateLimit": f'"default";r={self.left};t={self.reset_s}',
        }


class Rates:
    """Counts. Limits are requests a minute; 0: none. Lives on the event loop."""

    def __init__(self, *, requests: int, wrong_keys: int, now: Callable[[], float] = time.monotonic) -> None:
        self._quota = requests
        self._most_wrong_keys = wrong_keys
        self._now = now
        self._window = 0
        self._requests = Counter[str]()
        self._wrong_keys = Counter[str]()

    def take(self, key_id: str) -> Allowance | None:
        """Count a request, and return what is left; None: there is no limit. Raises `TooManyRequests`."""
        if not self._quota:
            return None
        reset_s = self._turn_over()
        self._requests[key_id] += 1
        left = self._quota - self._requests[key_id]
        if left < 0:
            raise _refusal(self._quota, reset_s, "This key has sent more than {} requests within a minute.")
        return Allowance(self._quota, left, reset_s)

    def note_wrong_key(self, address: str) -> None:
        """Count a request without a valid key. Raises `TooManyRequests`."""
        if not self._most_wrong_keys:
            return
        reset_s = self._turn_over()
        self._wrong_keys[address] += 1
        if self._wrong_keys[address] > self._most_wrong_keys:
            detail = "From this address came more than {} requests without a valid key in a minute."
            raise _refusal(self._most_wrong_keys, reset_s, detail)

    def _turn_over(self) -> int:
        """Begin a new window when it is time, and return how many seconds are left of the present one."""
        window, within_s = divmod(int(self._now()), _WINDOW_S)
        if window != self._window:
            self._window = window
            self._requests.clear()
            self._wrong_keys.clear()
        return _WINDOW_S - within_s


def _refusal(quota: int, reset_s: int, detail: str) -> TooManyRequests:
    return TooManyRequests(
        detail.format(quota), facts={"quota": quota, "window_s": _WINDOW_S, "retry_after_s": reset_s}
    )
