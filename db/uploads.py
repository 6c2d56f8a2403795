"""Files that arrive in parts: what is written.

A part is a blob of its own, named by its row, until the whole is put together. What an upload became stays noted for a
day after its end, so that whoever missed the answer gets it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from db import blobs
from db.sql import Statement

VALID_S: Final = 86_400.0
"""How long an upload lives without a part."""


@dataclass(frozen=True, slots=True)
class NewUpload:
    """A file that is to come. Sizes in bytes."""

    id: str
    project_id: str
    dataset: str
    filename: str
    size: int
    sha256: str
    part_size: int
    created_by: str


_MAKE: Final = Statement("""
    INSERT INTO upload (id, project_id, dataset, filename, size, sha256, part_size, created_by, created_at, touched_at)
    VALUES (:id, :project_id, :dataset, :filename, :size, :sha256, :part_size, :created_by, {now}, {now})
""")
_TOUCH: Final = Statement("""
    UPDATE upload SET touched_at = {now} WHERE id = :upload_id AND project_id = :project_id RETURNING *
""")
_PUT: Final = Statement("""
    INSERT INTO upload_part (upload_id, number, sha256, size) VALUES (:upload_id, :number, :sha256, :size)
    ON CONFLICT (upload_id, number) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size
""")
_BECAME: Final = Statement("UPDATE upload SET version = :version WHERE id = :upload_id")
_FREE: Final = Statement("DELETE FROM upload_part WHERE upload_id = :upload_id")
_REMOVE: Final = Statement("DELETE FROM upload WHERE id = :upload_id AND project_id = :project_id")
_ANY_EXPIRED: Final = Statement("SELECT EXISTS (SELECT 1 FROM upload WHERE touched_at < {now} - :valid_s)")
_EXPIRE: Final = Statement("DELETE FROM upload WHERE touched_at < {now} - :valid_s")


def make(conn: Connection, new: NewUpload) -> None:
    """Begin an upload."""
    _MAKE.run(
        conn,
        id=new.id,
        project_id=new.project_id,
        dataset=new.dataset,
        filename=new.filename,
        size=new.size,
        sha256=new.sha256,
        part_size=new.part_size,
        created_by=new.created_by,
    )


def touch(conn: Connection, project_id: str, upload_id: str) -> Row[Any] | None:
    """Put its end off, hold it until the commit and return it. None: there is none in this project."""
    return _TOUCH.run(conn, project_id=project_id, upload_id=upload_id).one_or_none()


def put_part(conn: Connection, upload_id: str, number: int, *, sha256: str, size: int) -> None:
    """Name the blob of a part; one that came before is replaced. Touch the upload first.

    Raises `db.blobs.BlobsLost` when the bytes are no longer kept.
    """
    blobs.hold(conn, (sha256,))
    _PUT.run(conn, upload_id=upload_id, number=number, sha256=sha256, size=size)


def became(conn: Connection, upload_id: str, version: int) -> None:
    """Note what the upload became, and let go of its parts. Touch it first."""
    _BECAME.run(conn, upload_id=upload_id, version=version)
    _FREE.run(conn, upload_id=upload_id)


def remove(conn: Connection, project_id: str, upload_id: str) -> bool:
    """Give an upload up, with its parts. False: there is none."""
    return _REMOVE.run(conn, project_id=project_id, upload_id=upload_id).rowcount == 1


def any_expired(conn: Connection) -> bool:
    """Whether an upload has stood still for too long."""
    return bool(_ANY_EXPIRED.run(conn, valid_s=VALID_S).scalar_one())


def expire(conn: Connection) -> int:
    """Remove all uploads that have stood still for too long. Returns how many."""
    return _EXPIRE.run(conn, valid_s=VALID_S).rowcount
