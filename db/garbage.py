"""The collector's side of blobs: which of them nothing names, and who takes them away.

    mark      in one committed transaction: from here on nobody names or touches the blob
    delete    the bytes, by the one who holds the mark, soon after it
    forget    the row: whoever waited may store the bytes anew

A collector that dies in between leaves a mark behind. After `TAKE_OVER_S` another one takes it over with a mark of its
own. The first one, should it only have been slow, asks before each delete whether its mark is still its own and fresh;
the times are far enough apart that an answer is old only for a process that stood still for minutes at this very point.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Row, bindparam

from db.blobs import GRACE_S
from db.sql import Statement

FRESH_S: Final = 60.0
"""Bytes are deleted within this time after the mark, or not at all by the one who set it."""
TAKE_OVER_S: Final = 600.0
"""A mark as old as this belongs to nobody. Longer than any delete takes that began while its mark was fresh."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A blob that is ours to take away, by the time of our mark."""

    sha256: str
    size: int
    at: float


UNNAMED: Final = """
    NOT EXISTS (SELECT 1 FROM artifact WHERE artifact.sha256 = blob.sha256)
    AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.log_sha256 = blob.sha256)
    AND NOT EXISTS (SELECT 1 FROM checkpoint WHERE checkpoint.sha256 = blob.sha256)
    AND NOT EXISTS (SELECT 1 FROM dataset_version WHERE dataset_version.sha256 = blob.sha256)
    AND NOT EXISTS (SELECT 1 FROM upload_part WHERE upload_part.sha256 = blob.sha256)
"""
_GARBAGE: Final = f"""
    SELECT sha256, size FROM blob
    WHERE sha256 >= :first AND sha256 < :stop AND NOT deleting AND touched_at < {{now}} - :grace_s AND {UNNAMED}
    ORDER BY sha256 LIMIT :limit
"""
_LIST: Final = Statement(_GARBAGE)
_LOCK: Final = Statement(_GARBAGE + "{take}")
# A statement of its own, after the lock: it sees what was committed until then, and until its own commit nobody can
# write a row that names one of these (that needs a lock on the blob, if only for the foreign key).
_MARK: Final = Statement(f"""
    UPDATE blob SET deleting = TRUE, touched_at = {{now}}
    WHERE sha256 IN :digests AND NOT deleting AND touched_at < {{now}} - :grace_s AND {UNNAMED}
    RETURNING sha256, size, touched_at
""")
_KNOWN: Final = Statement("SELECT sha256 FROM blob WHERE sha256 IN :digests")
_ADOPT: Final = Statement("""
    INSERT INTO blob (sha256, size, created_at, touched_at, deleting) VALUES (:sha256, :size, {now}, {now}, TRUE)
    ON CONFLICT (sha256) DO NOTHING RETURNING sha256, size, touched_at
""")
_ABANDONED: Final = Statement(
    "SELECT EXISTS (SELECT 1 FROM blob WHERE deleting AND touched_at < {now} - :older_than_s)"
)
_TAKE_OVER: Final = Statement("""
    UPDATE blob SET touched_at = {now} WHERE deleting AND touched_at < {now} - :older_than_s
    RETURNING sha256, size, touched_at
""")
_MINE: Final = Statement("""
    SELECT EXISTS (SELECT 1 FROM blob
        WHERE sha256 = :sha256 AND deleting AND touched_at = :at AND touched_at > {now} - :fresh_s)
""")
_FORGET: Final = Statement("DELETE FROM blob WHERE sha256 = :sha256 AND deleting AND touched_at = :at RETURNING sha256")


def list_garbage(conn: Connection, first: str, stop: str, *, limit: int) -> Sequence[Row[tuple[str, int]]]:
    """Return `sha256` and `size` of garbage with a digest from `first` up to and without `stop`."""
    return _LIST.run(conn, first=first, stop=stop, grace_s=GRACE_S, limit=limit).all()


def mark(conn: Connection, first: str, stop: str, *, limit: int) -> list[Marked]:
    """Mark garbage with a digest from `first` up to and without `stop`, to be taken away by the caller."""
    found = _LOCK.run(conn, first=first, stop=stop, grace_s=GRACE_S, limit=limit).all()
    if not found:
        return []
    statement = _MARK.on(conn.dialect.name).bindparams(bindparam("digests", expanding=True))
    rows = conn.execute(statement, {"digests": [row.sha256 for row in found], "grace_s": GRACE_S})
    return [Marked(row.sha256, row.size, row.touched_at) for row in rows]


def unknown(conn: Connection, digests: Collection[str]) -> set[str]:
    """Return those digests that no row has."""
    statement = _KNOWN.on(conn.dialect.name).bindparams(bindparam("digests", expanding=True))
    return set(digests) - set(conn.execute(statement, {"digests": list(digests)}).scalars())


def adopt(conn: Connection, sha256: str, size: int) -> Marked | None:
    """Make a row with a mark for bytes that have none, to be taken away by the caller. None: somebody was first."""
    row = _ADOPT.run(conn, sha256=sha256, size=size).one_or_none()
    return None if row is None else Marked(row.sha256, row.size, row.touched_at)


def has_abandoned(conn: Connection) -> bool:
    """Whether there is a mark to take over. Writes nothing."""
    return bool(_ABANDONED.run(conn, older_than_s=TAKE_OVER_S).scalar_one())


def take_over(conn: Connection) -> list[Marked]:
    """Take over all marks whose collector did not come back."""
    return [Marked(row.sha256, row.size, row.touched_at) for row in _TAKE_OVER.run(conn, older_than_s=TAKE_OVER_S)]


def is_mine(conn: Connection, marked: Marked) -> bool:
    """Whether the caller may still delete the bytes. Ask right before."""
    return bool(_MINE.run(conn, sha256=marked.sha256, at=marked.at, fresh_s=FRESH_S).scalar_one())


def forget(conn: Connection, marked: Marked) -> bool:
    """Remove the row of a blob whose bytes the caller has deleted. False: another one took it over."""
    return _FORGET.run(conn, sha256=marked.sha256, at=marked.at).one_or_none() is not None
