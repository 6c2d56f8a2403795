"""What of a project somebody should look at, and what could be done about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row

from api.operations.present import moment
from db.queries import overview
from trainshed.states import Reason

_LATELY_S: Final = 86_400.0
_LOST_WITHIN_S: Final = 3_600.0
LONG_S: Final = 600.0
"""A job that could have started so long ago waits long."""
_IDLE_AFTER_S: Final = 300.0
_IDLE_CPUS: Final = 0.005
_MOST: Final = 6
"""Of each kind."""


class Trouble(StrEnum):
    """What is the matter, as a page says it."""

    UNSERVED = "no worker"
    LOST = "worker lost"
    STALLED = "seems stalled"
    AGAIN = "tried again"
    WAITING = "waits long"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attention:
    """One thing to look at: a job, a worker or a pool, by name."""

    trouble: Trouble
    name: str
    message: str
    since: datetime | None = None
    job_id: str | None = None
    remedy: str = ""
    """What to do about it, where that is no button."""


def of_jobs(conn: Connection, project_id: str) -> Iterator[Attention]:
    """Yield what jobs of a project need, the most pressing first."""
    running = overview.troubled(conn, project_id, idle_cpus=_IDLE_CPUS, idle_after_s=_IDLE_AFTER_S, limit=_MOST)
    yield from map(_idle, (row for row in running if row.idle))
    yield from map(_again, (row for row in running if not row.idle))
    yield from map(_waiting, overview.waiting(conn, project_id, longer_than_s=LONG_S, limit=_MOST))
    yield from map(_failed, overview.failed(conn, project_id, within_s=_LATELY_S, limit=_MOST))


def of_workers(conn: Connection) -> Iterator[Attention]:
    """Yield the workers that were lost lately."""
    for row in overview.lost_workers(conn, within_s=_LOST_WITHIN_S, limit=_MOST):
        yield Attention(
            trouble=Trouble.LOST,
            name=row.name,
            message=f"It fell silent on {row.host}. What it ran goes on elsewhere by itself.",
            since=moment(row.last_seen_at),
            remedy=f"TRAINSHED_SERVES={row.pool} python -m worker",
        )


def of_pools(unserved: Iterable[tuple[str, int]]) -> Iterator[Attention]:
    """Yield the pools that have jobs and no worker; with each, how many jobs wait there."""
    for pool, jobs in unserved:
        yield Attention(
            trouble=Trouble.UNSERVED,
            name=pool,
            message=f"{jobs:,} {'job waits' if jobs == 1 else 'jobs wait'} in this pool, which no worker serves.",
            remedy=f"TRAINSHED_SERVES={pool} python -m worker",
        )


def _idle(row: Row[Any]) -> Attention:
    return Attention(
        trouble=Trouble.STALLED,
        name=row.name,
        message="It runs, and keeps no processor busy.",
        since=moment(row.started_at),
        job_id=row.id,
    )


def _again(row: Row[Any]) -> Attention:
    return Attention(
        trouble=Trouble.AGAIN,
        name=row.name,
        message=f"Attempt {row.attempt} runs. The one before: {row.outcome.replace('_', ' ')}. {row.message}",
        since=moment(row.ended_at),
        job_id=row.id,
    )


def _waiting(row: Row[Any]) -> Attention:
    return Attention(
        trouble=Trouble.WAITING,
        name=row.name,
        message=f"It could have started in the pool {row.pool} since then.",
        since=moment(row.since),
        job_id=row.id,
    )


def _failed(row: Row[Any]) -> Attention:
    return Attention(
        trouble=Trouble.FAILED,
        name=row.name,
        message=row.message or Reason(row.reason).value.replace("_", " "),
        since=moment(row.finished_at),
        job_id=row.id,
    )
