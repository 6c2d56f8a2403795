"""Decides about drafts in the transaction that will make them: many with the same few statements as one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Row

from api.operations import present
from api.operations.drafts import Draft
from api.operations.parents import must_wait
from api.operations.pins import pin_datasets
from api.operations.room import check_room, workers_of
from db import transitions
from db.clock import read_clock
from db.queries.jobs import JobDetails
from db.queries.parents import lock_parents
from db.transitions import NewRow
from trainshed import wire
from trainshed.errors import TrainshedError

Decision = NewRow | TrainshedError
T = TypeVar("T")


def admit(conn: Connection, drafts: Sequence[Draft], *, elastic_pools: Collection[str]) -> list[Decision]:
    """Return for each draft the row to be made, or why it is refused.

    What it reads and what it waits for are held until the commit: first all datasets, then all jobs, as everywhere.
    """
    pinned = [_attempt(partial(_pinned, conn), draft) for draft in drafts]
    parents = lock_parents(conn, {needed for draft in drafts for needed in draft.job.needs})
    workers = workers_of(conn, {draft.job.pool for draft in drafts}.difference(elastic_pools))
    now = read_clock(conn)

    def decide(draft: Draft) -> NewRow:
        blocked = must_wait(draft.spec, draft.who.project_id, parents)
        check_room(draft.job, workers.get(draft.job.pool, ()))
        return transitions.prepare(draft.job, draft.who.by, blocked=blocked, now=now, reads=draft.reads)

    return [each if isinstance(each, TrainshedError) else _attempt(decide, each) for each in pinned]


def shown(row: NewRow, project: str) -> wire.Job:
    """Return the job that a row will be, without reading it back."""
    job = cast("Row[Any]", SimpleNamespace(**_UNSET, **row.values, project=project))
    return present.job(JobDetails(job, tuple(sorted(row.needs)), {}, ()))


_UNSET = {"request": None, "progress": None, "started_at": None, "finished_at": None, "ahead": None}


def _pinned(conn: Connection, draft: Draft) -> Draft:
    spec, pins = pin_datasets(conn, draft.who.project_id, draft.spec)
    reads = tuple((pin.dataset_id, pin.version) for pin in pins)
    return draft if spec is draft.spec and not reads else draft.with_spec(spec, reads)


def _attempt(decide: Callable[[Draft], T], draft: Draft) -> T | TrainshedError:
    try:
        return decide(draft)
    except TrainshedError as error:
        return error
