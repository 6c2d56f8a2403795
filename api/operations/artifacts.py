"""Lists the files of a job and opens them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from functools import partial
from typing import Final

from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations import present
from api.operations.chunks import open_chunks
from api.operations.jobs import not_found
from api.operations.parts import Parts
from api.operations.zips import zip_files
from db.engine import Database
from db.queries import artifacts
from db.queries.jobs import get_state
from trainshed import wire
from trainshed.errors import NotFound

_MOST: Final = 10_000
_MOST_ZIPPED: Final = 100_000


def list_artifacts(
    database: Database, who: Principal, job_id: str, *, prefix: str = "", most: int = _MOST
) -> wire.ArtifactList:
    """Return the files of a job whose path begins with `prefix`. Raises `NotFound`."""
    with database.read() as conn:
        if get_state(conn, who.project_id, job_id) is None:
            raise not_found(job_id)
        rows = artifacts.list_artifacts(conn, job_id, prefix=prefix, limit=most)
    return wire.ArtifactList(items=tuple(present.artifact(row) for row in rows))


def get_artifact(database: Database, who: Principal, job_id: str, path: str) -> wire.Artifact:
    """Return one file of a job. Raises `NotFound`."""
    with database.read() as conn:
        known = get_state(conn, who.project_id, job_id) is not None
        row = artifacts.get_artifact(conn, job_id, path) if known and "\0" not in path else None
    if row is None:
        raise NotFound(f"Job {job_id} has no artifact of that path.", facts={"job_id": job_id})
    return present.artifact(row)


async def open_zip(parts: Parts, who: Principal, job_id: str, *, prefix: str) -> AsyncGenerator[bytes]:
    """Return a zip of the files whose path begins with `prefix`. Raises `NotFound`, also where there is none."""
    found = await run_in_threadpool(list_artifacts, parts.database, who, job_id, prefix=prefix, most=_MOST_ZIPPED)
    if not found.items:
        detail = f"Job {job_id} has no artifact whose path begins so." if prefix else f"Job {job_id} has no artifact."
        raise NotFound(detail, facts={"job_id": job_id, "prefix": prefix})
    opened: partial[Iterator[bytes]] = partial(zip_files, parts.store, found.items)
    return await open_chunks(parts, opened)
