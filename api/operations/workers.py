"""Lists the workers."""

from __future__ import annotations

from typing import Final

from api.operations import present
from db.engine import Database
from db.queries import workers
from trainshed import wire

_MOST: Final = 1_000


def list_workers(database: Database) -> wire.WorkerList:
    """Return the workers of all pools, the latest started first. They belong to no project."""
    with database.read() as conn:
        rows = workers.list_workers(conn, limit=_MOST)
    return wire.WorkerList(items=tuple(present.worker(row) for row in rows))
