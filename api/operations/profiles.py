"""Has a job look into a new version of a dataset: the API itself never opens one."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from api.auth.principal import Principal
from api.operations.drafts import draft
from db import datasets, transitions
from db.datasets import Pin
from trainshed.specs import parse_spec

_PRIORITY: Final = -100
"""What somebody waits for comes first."""


def submit_profile(conn: Connection, who: Principal, ref: str, pin: Pin) -> str:
    """Make a job that profiles the version `ref`, in the transaction that makes the version. Returns its pool."""
    spec = parse_spec({"kind": "profile", "data": {"dataset": ref}, "priority": _PRIORITY})
    job = draft(spec, who).job
    transitions.submit(conn, job, who.by, blocked=False)
    datasets.note_use(conn, job.id, (pin,))
    datasets.note_profile_job(conn, pin, job.id)
    return job.pool
