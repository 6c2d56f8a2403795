"""How many requests a key may send, and how many wrong keys may come from one address.

Counted in this process and in memory, so that it works whatever the broker and the database do; each process of the API
counts for itself.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from trainshed.errors import TooManyRequests

_WINDOW_S: Final = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a window of a minute allows, and what is left of it."""

    quota: int
    left: int
    reset_s: int
    """Seconds until the next window."""

    @property
    def headers(self) -> dict[str, str]:
        """As in draft-ietf-httpapi-ratelimit-headers-10."""
        return {
            "RateLimit-Policy": f'"default";q={self.quota};w={_WINDOW_S}',
            "RateLimit": f'"default";r={self.left};t={self.reset_s}',
        }


class Rates:
    """Counts. Limits are requests a minute; 0: none."""

    def __init__(self, *, requests: int, wrong_keys: int) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._requests = RateLimitItemPerMinute(requests) if requests else None
        self._wrong_keys = RateLimitItemPerMinute(wrong_keys) if wrong_keys else None

    def take(self, key_id: str) -> Allowance | None:
        """Count a request, and return what is left; None: there is no limit. Raises `TooManyRequests`."""
        if self._requests is None:
            return None
        allowance = self._count(self._requests, key_id)
        if allowance.left < 0:
            raise _refusal(allowance, "This key has sent more than {} requests within a minute.")
        return allowance

    def note_wrong_key(self, address: str) -> None:
        """Count a request without a valid key. Raises `TooManyRequests`."""
        if self._wrong_keys is None:
            return
        allowance = self._count(self._wrong_keys, address)
        if allowance.left < 0:
            raise _refusal(allowance, "From this address came more than {} requests without a valid key in a minute.")

    def _count(self, limit: RateLimitItemPerMinute, who: str) -> Allowance:
        """Return -1 as what is left of a window that was used up before."""
        is_allowed = self._limiter.hit(limit, who)
        reset_at, left = self._limiter.get_window_stats(limit, who)
        reset_s = max(1, math.ceil(reset_at - time.time()))
        return Allowance(limit.amount, left if is_allowed else -1, reset_s)


def _refusal(allowance: Allowance, detail: str) -> TooManyRequests:
    return TooManyRequests(
        detail.format(allowance.quota),
        facts={"quota": allowance.quota, "window_s": _WINDOW_S, "retry_after_s": allowance.reset_s},
    )
