"""Identifiers: a prefix that says what it names, then a UUIDv7 in base 32.

The time comes first, so identifiers sort by creation and new rows land at the end of an index. Those that one process
makes ascend also within a millisecond: a batch of jobs keeps its order.
"""

from __future__ import annotations

import secrets
import threading
import time
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_PAIRS: Final = [first + second for first in _ALPHABET for second in _ALPHABET]
_SHIFTS: Final = range(120, -1, -10)
"""26 digits of 5 bits each, two at a time."""
_CHANCE_BITS: Final = 74
_STEP_BITS: Final = 32


def new_id(prefix: str) -> str:
    """Return for example `job_01kb3ag7q8e6v4w9x2c5n8r1tz` (RFC 9562 section 5.7: 48 bits of time, then random)."""
    time_and_chance = _ascending.next()
    milliseconds, random_bits = time_and_chance >> _CHANCE_BITS, time_and_chance & (1 << _CHANCE_BITS) - 1
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random_bits >> 62) << 64 | 0b10 << 62 | random_bits & (1 << 62) - 1
    return f"{prefix}_{_base32(value)}"


def earliest_id(prefix: str, seconds: float) -> str:
    """Return a text that no identifier made at this time or later sorts before. Seconds since 1970."""
    milliseconds = min(max(0, int(seconds * 1000)), (1 << 48) - 1)
    return f"{prefix}_{_base32(milliseconds << 80)}"


class _Ascending:
    """Numbers of 48 bits of time and 74 random ones, each larger than the last (RFC 9562 section 6.2, method 2)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if milliseconds > self._last >> _CHANCE_BITS:
                self._last = milliseconds << _CHANCE_BITS | secrets.randbits(_CHANCE_BITS)
            else:
                # A step of random size: nobody guesses one identifier from another.
                self._last += 1 + secrets.randbits(_STEP_BITS)
            return self._last


_ascending: Final = _Ascending()


def _base32(value: int) -> str:
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])
