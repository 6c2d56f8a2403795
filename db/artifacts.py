"""Files that users add to a job. They belong to attempt 0; what an attempt made is never replaced by them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection

from db.blobs import hold
from db.sql import Statement

MOST: Final = 10_000
"""So many files a job may have when another one is added."""


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A file whose blob is kept in the store."""

    path: str
    sha256: str
    media_type: str


class Added(Enum):
    """What became of it."""

    NEW = auto()
    REPLACED = auto()
    SAME = auto()
    """These bytes were there under this path."""
    MADE_BY_JOB = auto()
    """Other bytes are there, and the job made them."""
    TOO_MANY = auto()
    CLASHES = auto()
    """It is the folder of another one, or another one is a folder that it lies in."""


_FIND: Final = Statement("SELECT sha256, attempt FROM artifact WHERE job_id = :job_id AND path = :path {lock}")
_AROUND: Final = Statement("""
    SELECT count(*) AS number, COALESCE(max(CASE
        WHEN substr(path, 1, :length + 1) = CAST(:path AS VARCHAR) || '/' THEN 1
        WHEN substr(CAST(:path AS VARCHAR), 1, length(path) + 1) = path || '/' THEN 1
        ELSE 0 END), 0) AS clashes
    FROM artifact WHERE job_id = :job_id
""")
_ADD: Final = Statement("""
    INSERT INTO artifact (job_id, path, sha256, media_type, attempt, created_at)
    VALUES (:job_id, :path, :sha256, :media_type, 0, {now}) ON CONFLICT (job_id, path) DO NOTHING RETURNING path
""")
_REPLACE: Final = Statement("""
    UPDATE artifact SET sha256 = :sha256, media_type = :media_type, created_at = {now}
    WHERE job_id = :job_id AND path = :path
""")


def add_file(conn: Connection, job_id: str, file: AddedFile) -> Added:
    """List a file of a job that is there and held. Raises `db.blobs.BlobsLost`."""
    hold(conn, [file.sha256])
    values = {"job_id": job_id, "path": file.path, "sha256": file.sha256, "media_type": file.media_type}
    while True:
        there = _FIND.run(conn, job_id=job_id, path=file.path).one_or_none()
        if there is not None:
            break
        around = _AROUND.run(conn, job_id=job_id, path=file.path, length=len(file.path)).one()
        if around.clashes:
            return Added.CLASHES
        if around.number >= MOST:
            return Added.TOO_MANY
        if _ADD.run(conn, values).one_or_none() is not None:
            return Added.NEW
    if there.sha256 == file.sha256:
        return Added.SAME
    if there.attempt != 0:
        return Added.MADE_BY_JOB
    _REPLACE.run(conn, values)
    return Added.REPLACED
