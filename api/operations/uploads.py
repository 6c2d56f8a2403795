"""Files that arrive in parts: begun, filled in any order and as often as one likes, and put together.

Nothing is lost by a crash between any two steps: each part is durable when it was answered, and `complete` may be
repeated. After it has succeeded, its repeat gets the same version for a day.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio.to_thread
import structlog
from sqlalchemy import Connection, Row
from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations import present_data
from api.operations.datasets import Described, Stored, add_version, note, version_of
from api.operations.incoming import keep, received
from api.operations.joined import joined
from api.operations.parts import Parts
from db import blobs, uploads
from db.engine import Database
from db.queries import datasets as queries
from db.uploads import NewUpload
from storage import BlobRef
from trainshed import wire
from trainshed.errors import BodyTooLarge, Conflict, FieldError, InvalidRequest, NotFound, UploadIncomplete
from trainshed.ids import new_id

log = structlog.get_logger(__name__)

PART_BYTES: Final = 8 << 20
_MOST_NAMED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Announced:
    """What a client says is to come."""

    dataset: str
    filename: str
    size: int
    sha256: str


def create(parts: Parts, who: Principal, announced: Announced) -> wire.Upload:
    """Begin an upload. Raises `InvalidRequest` for a file that is too large."""
    most = parts.settings.max_upload_bytes
    if announced.size > most:
        message = f"a file has at most {most} bytes"
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("size", message, announced.size),))
    new = NewUpload(
        id=new_id("upl"),
        project_id=who.project_id,
        dataset=announced.dataset,
        filename=announced.filename,
        size=announced.size,
        sha256=announced.sha256,
        part_size=PART_BYTES,
        created_by=who.key_id,
    )
    with parts.database.begin() as conn:
        uploads.make(conn, new)
        row = _get(conn, who, new.id)
    log.info("upload.begun", upload=new.id, dataset=new.dataset, size=new.size)
    return present_data.upload(row, ())


def get(database: Database, who: Principal, upload_id: str) -> wire.Upload:
    """Return an upload. Raises `NotFound`."""
    with database.read() as conn:
        return _show(conn, _get(conn, who, upload_id))


async def put_part(
    parts: Parts, who: Principal, upload_id: str, number: int, chunks: AsyncIterator[bytes], *, sha256: str | None
) -> wire.Upload:
    """Take in one part; one that came before is replaced.

    Raises `NotFound`, `Conflict`, `InvalidRequest`, `BodyTooLarge`, `DigestMismatch`, `StoreError`.
    """
    expected = await run_in_threadpool(_size_of_part, parts.database, who, upload_id, number)
    async with received(_at_most(chunks, expected), parts.store_threads, expected_sha256=sha256) as incoming:
        if incoming.size < expected:
            message = f"part {number} has {expected} bytes, and {incoming.size} came"
            raise InvalidRequest("The request has 1 error.", errors=(FieldError("", message),))
        blob = await anyio.to_thread.run_sync(keep, parts, incoming, limiter=parts.store_threads)
    return await run_in_threadpool(_name_part, parts.database, who, upload_id, number, blob)


async def complete(parts: Parts, who: Principal, upload_id: str, *, profile: bool) -> Stored:
    """Put the parts together and make the version, or return the one it became.

    Raises `NotFound`, `UploadIncomplete`, `DigestMismatch`, `StoreError`.
    """
    upload, there = await run_in_threadpool(_parts_of, parts.database, who, upload_id)
    if upload.version is None:
        await anyio.to_thread.run_sync(_join, parts, upload, there, limiter=parts.store_threads)
    return await run_in_threadpool(_conclude, parts, who, upload_id, profile=profile)


def delete(database: Database, who: Principal, upload_id: str) -> None:
    """Give an upload up. What it has become stays. Raises `NotFound`."""
    with database.begin() as conn:
        if not uploads.remove(conn, who.project_id, upload_id):
            raise not_found(upload_id)
    log.info("upload.given_up", upload=upload_id)


# --- one part ---


def _size_of_part(database: Database, who: Principal, upload_id: str, number: int) -> int:
    with database.read() as conn:
        upload = _get(conn, who, upload_id)
    _refuse_ended(upload)
    count = present_data.part_count(upload)
    if not 1 <= number <= count:
        message = f"the parts of this upload have the numbers 1 to {count}"
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("number", message, number),))
    size: int = upload.part_size if number < count else upload.size - (count - 1) * upload.part_size
    return size


async def _at_most(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    left = size
    async for chunk in chunks:
        left -= len(chunk)
        if left < 0:
            raise BodyTooLarge(f"This part has {size} bytes, and more came.", facts={"max_body_bytes": size})
        yield chunk


def _name_part(database: Database, who: Principal, upload_id: str, number: int, blob: BlobRef) -> wire.Upload:
    with database.begin() as conn:
        upload = uploads.touch(conn, who.project_id, upload_id)
        if upload is None:
            raise not_found(upload_id)
        _refuse_ended(upload)
        uploads.put_part(conn, upload_id, number, sha256=blob.digest, size=blob.size)
        return _show(conn, upload)


def _refuse_ended(upload: Row[Any]) -> None:
    if upload.version is not None:
        raise Conflict(
            f"Upload {upload.id} is complete: it became {upload.dataset}@{upload.version}.",
            facts={"dataset": upload.dataset, "version": upload.version},
            remedy="Begin another upload for another file.",
        )


# --- the whole ---


def _parts_of(database: Database, who: Principal, upload_id: str) -> tuple[Row[Any], Sequence[Row[Any]]]:
    """Touched first, it does not expire while it is being put together."""
    with database.begin() as conn:
        upload = uploads.touch(conn, who.project_id, upload_id)
        if upload is None:
            raise not_found(upload_id)
        there = queries.list_parts(conn, upload_id)
    if upload.version is None:
        _refuse_missing(upload, there)
    return upload, there


def _refuse_missing(upload: Row[Any], there: Sequence[Row[Any]]) -> None:
    missing = sorted(set(range(1, present_data.part_count(upload) + 1)) - {part.number for part in there})
    if missing:
        named = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
        raise UploadIncomplete(
            f"{len(missing)} of {present_data.part_count(upload)} parts are missing: {named}.",
            facts={"missing": missing[:_MOST_NAMED], "missing_count": len(missing)},
        )


def _join(parts: Parts, upload: Row[Any], there: Sequence[Row[Any]]) -> BlobRef:
    digests = [part.sha256 for part in there]

    def put() -> BlobRef:
        with joined(parts.store, digests, expected_sha256=upload.sha256) as file:
            return parts.store.put_file(file)

    return blobs.store_for_keeps(parts.database, put, parts.store.exists)


def _conclude(parts: Parts, who: Principal, upload_id: str, *, profile: bool) -> Stored:
    """Of two that complete at once the second finds what the first has made."""
    with parts.database.begin() as conn:
        upload = uploads.touch(conn, who.project_id, upload_id)
        if upload is None:
            raise not_found(upload_id)
        if upload.version is not None:
            return Stored(version_of(conn, who, upload.dataset, upload.version), is_new=False)
        described = Described(upload.dataset, upload.filename, profile)
        stored, pools = add_version(conn, who, described, BlobRef(upload.sha256, upload.size))
        uploads.became(conn, upload_id, stored.version.version)
    parts.publisher.hint(pools)
    note(stored)
    return stored


def _get(conn: Connection, who: Principal, upload_id: str) -> Row[Any]:
    row = queries.get_upload(conn, who.project_id, upload_id)
    if row is None:
        raise not_found(upload_id)
    return row


def _show(conn: Connection, upload: Row[Any]) -> wire.Upload:
    return present_data.upload(upload, [part.number for part in queries.list_parts(conn, upload.id)])


def not_found(upload_id: str) -> NotFound:
    """An upload of another project is as little there as one that never was."""
    return NotFound(
        f"There is no upload {upload_id} in this project.",
        facts={"upload": upload_id},
        remedy="It may have ended, a day after its last part. Begin another one.",
    )
