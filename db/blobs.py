"""Blobs as the database knows them: what keeps garbage collection away from bytes that are about to be named.

Bytes are stored first and named by a row later. In between nothing refers to them, so whoever stores them says so:
`touch` writes the time into their row. Collection (`db.garbage`) takes only what nothing names and nobody has touched
for `GRACE_S`; it marks the row first, and whoever comes across the mark waits and stores the bytes anew.

Whoever writes a row that names blobs calls `hold` first, in the same transaction.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection, bindparam

from db.engine import Database
from db.sql import Statement
from trainshed.errors import Unavailable

GRACE_S: Final = 3600.0
_LOOK_AGAIN_S: Final = 0.2
_AT_ONCE: Final = 500


class BlobsLost(Unavailable):
    """Bytes that were to be named are not kept: they were stored too long ago, or never announced."""

    title = "The bytes are not in the store any more"
    remedy = "Store them again: send the request again."


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
_HOLD: Final = Statement("""
    SELECT sha256 FROM blob WHERE sha256 IN :digests AND NOT deleting ORDER BY sha256 {share}
""")


def touch(conn: Connection, sha256: str, size: int) -> bool:
    """Keep these bytes from collection for a while. False: they are being taken away just now.

    Several are touched in the order of their digests, as everywhere: two writers then do not wait for each other.
    """
    return _TOUCH.run(conn, sha256=sha256, size=size).one_or_none() is not None


def hold(conn: Connection, digests: Collection[str]) -> None:
    """Keep these bytes until the commit, to name them. Raises `BlobsLost` when one is not there to be named.

    The rows are held together with others who name them, and against collection alone.
    """
    statement = _HOLD.on(conn.dialect.name).bindparams(bindparam("digests", expanding=True))
    lost: set[str] = set()
    for some in _pieces(sorted(set(digests))):
        lost |= set(some) - set(conn.execute(statement, {"digests": some}).scalars())
    if lost:
        raise BlobsLost(f"{len(lost)} blobs are not kept, {min(lost)} among them", facts={"digests": sorted(lost)[:10]})


def keep(database: Database, sizes: Mapping[str, int], *, patience_s: float) -> None:
    """Touch all blobs of these digests. Those that are being taken away are waited for until they are gone.

    So a caller who has stored bytes before must look afterwards whether they are still there. Raises `Unavailable` when
    one is not gone within `patience_s`.
    """
    deadline = time.monotonic() + patience_s
    for some in _pieces(sorted(sizes)):
        left = some
        while left := _refused(database, sizes, left):
            if time.monotonic() > deadline:
                raise Unavailable(f"The same bytes as {left[0]} are being removed from the store just now.")
            time.sleep(_LOOK_AGAIN_S)


def store_for_keeps(
    database: Database, put: Callable[[], S], exists: Callable[[str], bool], *, patience_s: float = 30.0
) -> S:
    """Store bytes so that they are there until a row names them. `put` may be called again, and stores all of them.

    Raises `Unavailable` when the same bytes are being taken away and that does not end within `patience_s`.
    """
    while True:
        stored = put()
        keep(database, {stored.digest: stored.size}, patience_s=patience_s)
        # What collection took away in between was taken away before the row could be touched: now that shows.
        if exists(stored.digest):
            return stored


def _refused(database: Database, sizes: Mapping[str, int], digests: Sequence[str]) -> list[str]:
    with database.begin() as conn:
        return [digest for digest in digests if not touch(conn, digest, sizes[digest])]


def _pieces(digests: Sequence[str]) -> Iterator[list[str]]:
    left = iter(digests)
    while some := list(islice(left, _AT_ONCE)):
        yield some
