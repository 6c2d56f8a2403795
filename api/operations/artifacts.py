"""Lists what a job made and opens it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final

import anyio.to_thread

from api.auth.principal import Principal
from api.operations import present
from api.operations.jobs import not_found
from api.operations.parts import Parts
from db.engine import Database
from db.queries import artifacts
from db.queries.jobs import get_state
from trainshed import wire
from trainshed.errors import NotFound

_MOST: Final = 10_000


def list_artifacts(database: Database, who: Principal, job_id: str) -> wire.ArtifactList:
    """Return the files of a job. Raises `NotFound`."""
    with database.read() as conn:
        if get_state(conn, who.project_id, job_id) is None:
            raise not_found(job_id)
        rows = artifacts.list_artifacts(conn, job_id, limit=_MOST)
    return wire.ArtifactList(items=tuple(present.artifact(row) for row in rows))


def get_artifact(database: Database, who: Principal, job_id: str, path: str) -> wire.Artifact:
    """Return one file of a job. Raises `NotFound`."""
    with database.read() as conn:
        known = get_state(conn, who.project_id, job_id) is not None
        row = artifacts.get_artifact(conn, job_id, path) if known and "\0" not in path else None
    if row is None:
        raise NotFound(f"Job {job_id} has no artifact of that path.", facts={"job_id": job_id})
    return present.artifact(row)


async def open_artifact(parts: Parts, artifact: wire.Artifact) -> AsyncIterator[bytes]:
    """Return the bytes in chunks. The first one is there already, so that what fails at once fails before the answer.

    Raises `storage.StoreError`; the iterator raises `storage.BlobCorrupt` in place of the last chunk.
    """
    limiter = parts.store_threads
    chunks = await anyio.to_thread.run_sync(parts.store.open, artifact.sha256, limiter=limiter)
    first = await anyio.to_thread.run_sync(next, chunks, b"", limiter=limiter)
    return _go_on(first, chunks, limiter)


async def _go_on(first: bytes, chunks: Iterator[bytes], limiter: anyio.CapacityLimiter) -> AsyncIterator[bytes]:
    chunk = first
    while chunk:
        yield chunk
        chunk = await anyio.to_thread.run_sync(next, chunks, b"", limiter=limiter)
