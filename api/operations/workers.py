"""Lists the workers, and lets one rest."""

from __future__ import annotations

from typing import Final

import structlog

from api.auth.principal import Principal
from api.operations import present
from db.engine import Database
from db.queries import workers
from db.workers import set_drain
from trainshed import wire
from trainshed.errors import NotFound

log = structlog.get_logger(__name__)

_MOST: Final = 1_000


def list_workers(database: Database) -> wire.WorkerList:
    """Return the workers of all pools, the latest started first. They belong to no project."""
    with database.read() as conn:
        rows = workers.list_workers(conn, limit=_MOST)
    return wire.WorkerList(items=tuple(present.worker(row) for row in rows))


def drain_worker(database: Database, who: Principal, worker_id: str, *, drain: bool) -> wire.Worker:
    """Let a worker take no new job, or let it take some again. To repeat it does no harm. Raises `NotFound`."""
    with database.begin() as conn:
        if not set_drain(conn, worker_id, drain=drain):
            raise NotFound(
                f"No worker {worker_id} is there.",
                facts={"worker_id": worker_id},
                remedy="`trainshed worker list` shows the workers and their identifiers.",
            )
        row = workers.get_worker(conn, worker_id)
    log.info("worker.drain_requested" if drain else "worker.resume_requested", worker=worker_id, key=who.key_id)
    return present.worker(row)
