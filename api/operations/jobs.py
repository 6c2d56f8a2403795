"""Reads jobs: one, a page, or one as soon as it has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations import present
from api.operations.cursors import read_cursor, write_cursor
from api.operations.tail import Mark, Tail
from db.engine import Database
from db.queries import job_pages, jobs
from db.queries.job_pages import JobFilter, JobSort
from trainshed import wire
from trainshed.errors import NotFound


@dataclass(frozen=True, slots=True)
class Versioned:
    """A job, and the tag that changes whenever the job does. The growth of a log alone is no change."""

    job: wire.Job
    etag: str


def get_job(database: Database, who: Principal, job_id: str) -> Versioned:
    """Return a job of the caller's project. Raises `NotFound`."""
    with database.read() as conn:
        return read_job(conn, who, job_id)


def read_job(conn: Connection, who: Principal, job_id: str) -> Versioned:
    """Return a job of the caller's project as this transaction sees it. Raises `NotFound`."""
    details = jobs.get_job(conn, who.project_id, job_id)
    if details is None:
        raise not_found(job_id)
    return Versioned(present.job(details), etag_of(details.job.version, details.job.attempt))


async def await_finish(database: Database, tail: Tail, who: Principal, job_id: str, *, wait_s: float) -> Versioned:
    """Return a job as soon as it has finished, or after `wait_s` as it is. Raises `NotFound`."""
    return await _await(
        database,
        tail,
        who,
        job_id,
        wait_s=wait_s,
        enough=lambda found: found.job.state.is_terminal,
        wanted=lambda mark: mark.state.is_terminal,
    )


async def await_change(
    database: Database, tail: Tail, who: Principal, job_id: str, *, known: Callable[[str], bool], wait_s: float
) -> Versioned:
    """Return a job as soon as its tag is none that is `known`, or after `wait_s` as it is. Raises `NotFound`."""
    return await _await(
        database,
        tail,
        who,
        job_id,
        wait_s=wait_s,
        enough=lambda found: not known(found.etag),
        wanted=lambda mark: not known(etag_of(mark.version, mark.attempt)),
    )


def list_jobs(
    database: Database, who: Principal, wanted: JobFilter, *, sort: JobSort, cursor: str | None, limit: int
) -> wire.JobPage:
    """Return a page of the caller's project. Raises `InvalidRequest` for a broken cursor."""
    after = None if cursor is None else read_cursor(cursor, sort)
    with database.read() as conn:
        page = job_pages.list_jobs(conn, who.project_id, wanted, sort=sort, after=after, limit=limit)
    items = tuple(present.job_summary(row, who.project) for row in page.rows)
    return wire.JobPage(items=items, next_cursor=None if page.next_key is None else write_cursor(sort, page.next_key))


def etag_of(version: int, attempt: int) -> str:
    return f'"{version}-{attempt}"'


def not_found(job_id: str) -> NotFound:
    """A job of another project is as little there as one that never was."""
    return NotFound(f"There is no job {job_id} in this project.", facts={"job_id": job_id})


async def _await(
    database: Database,
    tail: Tail,
    who: Principal,
    job_id: str,
    *,
    wait_s: float,
    enough: Callable[[Versioned], bool],
    wanted: Callable[[Mark], bool],
) -> Versioned:
    deadline = asyncio.get_running_loop().time() + wait_s
    with tail.watch(job_id) as watch:
        found = await run_in_threadpool(get_job, database, who, job_id)
        if enough(found):
            return found
        await watch.until(wanted, timeout_s=max(0.0, deadline - asyncio.get_running_loop().time()))
    return await run_in_threadpool(get_job, database, who, job_id)
