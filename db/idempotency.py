"""Answers kept under the Idempotency-Key of their request, so that a repeat gets the same bytes and makes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db.sql import Statement

VALID_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered to which request. `response` is the body."""

    request_sha256: str
    job_id: str
    response: str


# Of two requests with one key the second waits here for the end of the first one's transaction.
_RESERVE: Final = Statement("""
    INSERT INTO idempotency_key (project_id, key, request_sha256, job_id, response, created_at)
    VALUES (:project_id, :key, :request_sha256, :job_id, '', {now})
    ON CONFLICT (project_id, key) DO UPDATE SET request_sha256 = excluded.request_sha256, job_id = excluded.job_id,
        response = '', created_at = excluded.created_at
    WHERE idempotency_key.created_at < {now} - :valid_s
    RETURNING key
""")
_KEEP: Final = Statement(
    "UPDATE idempotency_key SET response = :response WHERE project_id = :project_id AND key = :key"
)
_KEPT: Final = Statement("""
    SELECT request_sha256, job_id, response FROM idempotency_key WHERE project_id = :project_id AND key = :key
""")


def reserve(conn: Connection, project_id: str, key: str, *, request_sha256: str, job_id: str) -> Kept | None:
    """Take the key for this request, to `keep` its answer in the same transaction; else return what is kept."""
    taken = _RESERVE.run(
        conn, project_id=project_id, key=key, request_sha256=request_sha256, job_id=job_id, valid_s=VALID_S
    )
    if taken.one_or_none() is not None:
        return None
    row = _KEPT.run(conn, project_id=project_id, key=key).one()
    return Kept(row.request_sha256, row.job_id, row.response)


def keep(conn: Connection, project_id: str, key: str, response: str) -> None:
    """Keep the answer of the request that reserved the key."""
    _KEEP.run(conn, project_id=project_id, key=key, response=response)
