"""A project at a glance: how much runs and waits, how fast it goes, what workers have free, what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row

from api.auth.principal import Principal
from api.auth.scopes import Scope
from api.operations import attention
from api.operations.attention import Attention
from api.operations.present import job_summary
from db.engine import Database
from db.queries import overview, queues
from db.queries.job_pages import JobFilter, JobSort, list_jobs
from trainshed import wire
from trainshed.states import JobState

MINUTES: Final = 60
"""How far back the ended jobs of a project are counted."""
_ROWS: Final = 6


@dataclass(frozen=True, slots=True)
class Minute:
    """How many jobs ended within one minute."""

    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def jobs(self) -> int:
        return self.succeeded + self.failed + self.cancelled


@dataclass(frozen=True, slots=True)
class Throughput:
    """Jobs that ended in each of the last minutes, the latest minute last.

    Of very many the latest ones alone are counted: then there are fewer minutes than `MINUTES`.
    """

    minutes: tuple[Minute, ...]

    @property
    def jobs(self) -> int:
        return sum(minute.jobs for minute in self.minutes)

    @property
    def failed(self) -> int:
        return sum(minute.failed for minute in self.minutes)

    @property
    def per_minute(self) -> float:
        return self.jobs / len(self.minutes)


@dataclass(frozen=True, slots=True)
class Pool:
    """What waits and runs in a pool, whosever it is, and what its workers have."""

    name: str
    queued: int
    oldest_s: float
    """For how long the one that waits longest could have been claimed."""
    running: int
    workers: int
    slots: int
    busy: int

    @property
    def free(self) -> int:
        return max(0, self.slots - self.busy)


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the first page shows. `pools` is None for who may not read workers."""

    counts: dict[str, int]
    """Jobs of the project by state, for the states that are no end; `overview.MOST_COUNTED` stands for more."""
    throughput: Throughput
    pools: tuple[Pool, ...] | None
    attention: tuple[Attention, ...]
    running: tuple[wire.JobSummary, ...]
    queued: tuple[wire.JobSummary, ...]
    ended: tuple[wire.JobSummary, ...]


def read_overview(database: Database, who: Principal) -> Overview:
    """Return what a project looks like now."""
    sees_workers = who.scopes is None or Scope.WORKERS_READ in who.scopes
    with database.read() as conn:
        pools = _pools(conn) if sees_workers else None
        return Overview(
            counts=overview.counts(conn, who.project_id),
            throughput=_throughput(overview.ended(conn, who.project_id, within_s=60.0 * MINUTES)),
            pools=pools,
            attention=(*_of_workers(conn, pools), *attention.of_jobs(conn, who.project_id)),
            running=_jobs(conn, who, JobSort.NEWEST, JobState.RUNNING),
            queued=_jobs(conn, who, JobSort.CREATED, JobState.QUEUED),
            ended=_jobs(conn, who, JobSort.LATEST_FINISHED),
        )


def _of_workers(conn: Connection, pools: Sequence[Pool] | None) -> tuple[Attention, ...]:
    if pools is None:
        return ()
    unserved = [(pool.name, pool.queued) for pool in pools if pool.queued and not pool.workers]
    return (*attention.of_pools(unserved), *attention.of_workers(conn))


def _jobs(conn: Connection, who: Principal, sort: JobSort, *states: JobState) -> tuple[wire.JobSummary, ...]:
    page = list_jobs(conn, who.project_id, JobFilter(states=states), sort=sort, after=None, limit=_ROWS)
    return tuple(job_summary(row, who.project) for row in page.rows)


def _throughput(rows: Sequence[Row[Any]]) -> Throughput:
    by_minute: dict[int, dict[str, int]] = {}
    for row in rows:
        by_minute.setdefault(min(max(0, row.minutes_ago), MINUTES - 1), {})[row.state] = row.jobs
    is_cut_off = sum(row.jobs for row in rows) >= overview.MOST_ENDED
    reaches = max(by_minute) + 1 if is_cut_off else MINUTES
    return Throughput(tuple(Minute(**by_minute.get(ago, {})) for ago in reversed(range(reaches))))


def _pools(conn: Connection) -> tuple[Pool, ...]:
    waiting = {row.pool: row for row in queues.queued(conn)}
    running = {row.pool: row.jobs for row in queues.running(conn)}
    workers: dict[str, list[Row[Any]]] = {}
    for row in queues.slots(conn):
        workers.setdefault(row.pool, []).append(row)
    names = sorted({*waiting, *running, *workers})
    return tuple(_pool(name, waiting.get(name), running.get(name, 0), workers.get(name, [])) for name in names)


def _pool(name: str, waiting: Row[Any] | None, running: int, workers: Sequence[Row[Any]]) -> Pool:
    active = [row for row in workers if row.state == "active"]
    return Pool(
        name=name,
        queued=waiting.jobs if waiting else 0,
        oldest_s=max(0.0, waiting.oldest_s or 0.0) if waiting else 0.0,
        running=running,
        workers=sum(row.workers for row in active),
        slots=sum(row.slots for row in active),
        busy=sum(row.busy for row in active),
    )
