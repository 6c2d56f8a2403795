"""Adds a file to a job."""

from __future__ import annotations

import mimetypes
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, assert_never

import anyio.to_thread
import structlog
from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations import present
from api.operations.incoming import keep, received
from api.operations.jobs import not_found
from api.operations.parts import Parts
from db import artifacts
from db.artifacts import Added, AddedFile
from db.engine import Database
from db.queries.artifacts import get_artifact
from db.queries.jobs import get_state, lock_state
from trainshed import wire
from trainshed.errors import AlreadyExists, Conflict, FieldError, InvalidRequest

log = structlog.get_logger(__name__)

_LONGEST_PATH: Final = 1024
_DEEPEST: Final = 32


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file that is listed, and whether its path was not there before."""

    artifact: wire.Artifact
    is_new: bool


async def add_artifact(
    parts: Parts, who: Principal, job_id: str, path: str, chunks: AsyncIterator[bytes], *, sha256: str | None
) -> Uploaded:
    """List the bytes that come as a file of the job. Raises `NotFound`, `InvalidRequest` for a path that none may have,
    `DigestMismatch`, `AlreadyExists` for one that the job made, `Conflict` and `storage.StoreError`."""
    check_path(path)
    await run_in_threadpool(_check_job, parts.database, who, job_id)
    async with received(chunks, parts.store_threads, expected_sha256=sha256) as incoming:
        blob = await anyio.to_thread.run_sync(keep, parts, incoming, limiter=parts.store_threads)
    file = AddedFile(path, blob.digest, mimetypes.guess_type(path)[0] or "application/octet-stream")
    return await run_in_threadpool(_add, parts.database, who, job_id, file)


def check_path(path: str) -> None:
    """Raises `InvalidRequest` unless a file of a job may lie there: what a worker would leave out is refused here."""
    problem = _problem(path)
    if problem is not None:
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("path", problem, path),))


def _problem(path: str) -> str | None:
    names = path.split("/")
    if len(path.encode(errors="replace")) > _LONGEST_PATH:
        return f"a path has at most {_LONGEST_PATH} bytes"
    if len(names) > _DEEPEST + 1:
        return f"a file lies at most {_DEEPEST} folders deep"
    if not path.isprintable() or "\\" in path:
        return "the path has characters that are not allowed"
    if any(name in ("", ".", "..") for name in names):
        return "write the names of folders and file, with one slash between them"
    return None


def _check_job(database: Database, who: Principal, job_id: str) -> None:
    with database.read() as conn:
        if get_state(conn, who.project_id, job_id) is None:
            raise not_found(job_id)


def _add(database: Database, who: Principal, job_id: str, file: AddedFile) -> Uploaded:
    with database.begin() as conn:
        if lock_state(conn, who.project_id, job_id) is None:
            raise not_found(job_id)
        added = artifacts.add_file(conn, job_id, file)
        row = get_artifact(conn, job_id, file.path)
    facts = {"job_id": job_id, "path": file.path}
    match added:
        case Added.NEW | Added.REPLACED | Added.SAME:
            assert row is not None
            log.info("artifact.uploaded", **facts, outcome=added.name.lower(), size=row.size)
            return Uploaded(present.artifact(row), added is Added.NEW)
        case Added.MADE_BY_JOB:
            raise AlreadyExists("The job itself made a file of that path.", facts=facts)
        case Added.CLASHES:
            raise Conflict(
                "The path names a folder of the job, or a file of the job as its folder.",
                facts=facts,
                remedy="Choose another path.",
            )
        case Added.TOO_MANY:
            raise Conflict(
                f"The job has {artifacts.MOST} artifacts already.",
                facts=facts,
                remedy="Put many files into one archive.",
            )
        case _:
            assert_never(added)
