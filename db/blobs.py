"""Blobs as the database knows them: what keeps garbage collection away from bytes that are about to be named.

Bytes are stored first and named by a row later. In between nothing refers to them, so whoever stores them says so:
`touch` writes the time into their row. Collection takes only what nothing names and nobody has touched for `GRACE_S`;
it marks the row first, and whoever comes across the mark waits and stores the bytes anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from db.engine import Database
from db.sql import Statement

GRACE_S: Final = 3600.0
_LOOK_AGAIN_S: Final = 0.2


class Stored(Protocol):
    """Bytes in the store."""

    @property
    def digest(self) -> str: ...
    @property
    def size(self) -> int: ...


S = TypeVar("S", bound=Stored)

_TOUCH: Final = Statement("""
    INSERT INTO blob (sha256, size, created_at, touched_at, deleting) VALUES (:sha256, :size, {now}, {now}, FALSE)
    ON CONFLICT (sha256) DO UPDATE SET touched_at = excluded.touched_at WHERE NOT blob.deleting
    RETURNING sha256
""")


def touch(conn: Connection, sha256: str, size: int) -> bool:
    """Keep these bytes from collection for a while. False: they are being taken away just now."""
    return _TOUCH.run(conn, sha256=sha256, size=size).one_or_none() is not None


def store_for_keeps(database: Database, put: Callable[[], S], exists: Callable[[str], bool]) -> S:
    """Store bytes so that they are there until a row names them. `put` may be called again, and stores all of them."""
    while True:
        stored = put()
        with database.begin() as conn:
            ours = touch(conn, stored.digest, stored.size)
        if not ours:
            time.sleep(_LOOK_AGAIN_S)
        elif exists(stored.digest):
            return stored
