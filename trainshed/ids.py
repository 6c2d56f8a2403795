"""Identifiers: a prefix that says what it names, then a UUIDv7 in base 32.

The time comes first, so identifiers sort by creation and new rows land at the end of an index.
"""

from __future__ import annotations

import secrets
import time
from typing import Final

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_LENGTH: Final = 26


def new_id(prefix: str) -> str:
    """Return for example `job_01kb3ag7q8e6v4w9x2c5n8r1tz` (RFC 9562 section 5.7: 48 bits of time, then random)."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = secrets.randbits(74)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random_bits >> 62) << 64 | 0b10 << 62 | random_bits & (1 << 62) - 1
    return f"{prefix}_{_base32(value)}"


def _base32(value: int) -> str:
    digits = []
    for _ in range(_LENGTH):
        value, digit = divmod(value, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
