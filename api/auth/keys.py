"""The form of API keys: `trs_<id>_<secret>_<checksum>`.

The secret has 256 random bits, so its plain SHA-256 is as good as any slow hash. The checksum finds typing errors
without the database, and lets secret scanners tell a key from what only looks like one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Final

_BASE32: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH: Final = 12
_SECRET_BITS: Final = 256
_SECRET_LENGTH: Final = 43
_CHECKSUM_LENGTH: Final = 6
_KEY: Final = re.compile(
    rf"(trs_([0-9a-z]{{{_ID_LENGTH}}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}}))_([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key that has the right form. Whether it is valid, the database knows."""

    id: str
    """Identifier of its row, for example `key_3m5x...`. No secret."""
    secret_sha256: str = field(repr=False)


def new_key() -> str:
    """Make a key. It is shown once and never stored."""
    key_id = "".join(secrets.choice(_BASE32) for _ in range(_ID_LENGTH))
    secret = _base62(secrets.randbits(_SECRET_BITS), _SECRET_LENGTH)
    body = f"trs_{key_id}_{secret}"
    return f"{body}_{_checksum(body)}"


def read_key(text: str) -> Key | None:
    """Take a key apart. None: it is none, or it was mistyped."""
    match = _KEY.fullmatch(text)
    if match is None or _checksum(match[1]) != match[4]:
        return None
    return Key(f"key_{match[2]}", hashlib.sha256(match[3].encode()).hexdigest())


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _CHECKSUM_LENGTH)


def _base62(value: int, length: int) -> str:
    digits = []
    for _ in range(length):
        value, digit = divmod(value, 62)
        digits.append(_BASE62[digit])
    return "".join(reversed(digits))
