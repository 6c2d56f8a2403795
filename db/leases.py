"""Leases and fences: who may write for an attempt.

A worker holds a job by (job, attempt, owner). The first statement of each transaction that writes for an attempt is
`fence`: it extends the lease and locks the row, or finds nothing, and then the attempt was superseded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, bindparam

from db.sql import Statement
from trainshed.states import JobRequest

LEASE_S: Final = 12.0
BEAT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one worker to write for one attempt."""

    job_id: str
    attempt: int
    owner: str


@dataclass(frozen=True, slots=True)
class Held:
    """The answer to a heartbeat: the lease is held, and this is what the job was asked to do meanwhile."""

    request: JobRequest | None


_FENCE: Final = Statement("""
    UPDATE job SET hb = hb + 1, lease_expires_at = {now} + :lease_s
    WHERE id = :job_id AND attempt = :attempt AND owner = :owner AND state = 'running'
    RETURNING request
""")

_BEAT: Final = Statement("""
    UPDATE job SET hb = hb + 1, lease_expires_at = {now} + :lease_s
    WHERE owner = :owner AND state = 'running' AND id IN :job_ids
    RETURNING id, attempt, request
""")


def fence(conn: Connection, lease: Lease) -> Held | None:
    """Extend the lease and lock the job's row until the end of the transaction. None: superseded, write nothing."""
    row = _FENCE.run(conn, job_id=lease.job_id, attempt=lease.attempt, owner=lease.owner, lease_s=LEASE_S).one_or_none()
    return None if row is None else Held(_request(row.request))


def beat(conn: Connection, owner: str, job_ids: Sequence[str]) -> dict[tuple[str, int], Held]:
    """Extend the leases of one worker on these jobs in one statement. Returns those it still holds, by (job, attempt).

    Only jobs that it is working on: a lease that nobody cares for must lapse.
    """
    if not job_ids:
        return {}
    statement = _BEAT.on(conn.dialect.name).bindparams(bindparam("job_ids", expanding=True))
    rows = conn.execute(statement, {"owner": owner, "lease_s": LEASE_S, "job_ids": list(job_ids)}).all()
    return {(row.id, row.attempt): Held(_request(row.request)) for row in rows}


_REQUESTED: Final = Statement("""
    SELECT id, attempt, request FROM job WHERE owner = :owner AND state = 'running' AND request IS NOT NULL
""")


def requested(conn: Connection, owner: str) -> dict[tuple[str, int], JobRequest]:
    """Return what the running jobs of a worker were asked to do, by (job, attempt). Writes nothing."""
    rows = _REQUESTED.run(conn, owner=owner).all()
    return {(row.id, row.attempt): JobRequest(row.request) for row in rows}


def _request(value: str | None) -> JobRequest | None:
    return None if value is None else JobRequest(value)
