"""Datasets: what there is, a new version from one request, and what is removed."""

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
from api.operations.incoming import keep, received
from api.operations.parts import Parts
from api.operations.profiles import submit_profile
from db import datasets, transitions
from db.datasets import NewVersion, Pin
from db.engine import Database
from db.queries import datasets as queries
from db.queries.jobs import lock_state
from db.requests import request_cancel
from storage import BlobRef
from trainshed import wire
from trainshed.errors import FieldError, InUse, InvalidRequest, NotFound
from trainshed.ids import new_id
from trainshed.states import JobState, Reason

log = structlog.get_logger(__name__)

_MOST_VERSIONS: Final = 10_000
_MOST_NAMED: Final = 100


@dataclass(frozen=True, slots=True)
class Stored:
    """A version, and whether this request made it."""

    version: wire.DatasetVersion
    is_new: bool


@dataclass(frozen=True, slots=True)
class Described:
    """What a client says of a file: the dataset it belongs to, its name, and whether a job shall look into it."""

    dataset: str
    filename: str
    profile: bool


def list_datasets(database: Database, who: Principal, *, cursor: str | None, limit: int) -> wire.DatasetPage:
    """Return a page of the project's datasets, by name."""
    with database.read() as conn:
        rows = queries.list_datasets(conn, who.project_id, after=cursor or "", limit=limit + 1)
    items = tuple(present_data.dataset(row) for row in rows[:limit])
    return wire.DatasetPage(items=items, next_cursor=items[-1].name if len(rows) > limit else None)


def get_dataset(database: Database, who: Principal, name: str) -> wire.DatasetDetails:
    """Return one with its versions. Raises `NotFound`."""
    with database.read() as conn:
        row = queries.get_dataset(conn, who.project_id, name)
        versions = () if row is None else queries.list_versions(conn, row.dataset_id, limit=_MOST_VERSIONS)
    if row is None:
        raise not_found(name)
    return present_data.dataset_details(row, versions)


def get_version(database: Database, who: Principal, name: str, version: int) -> wire.DatasetVersion:
    """Return one version with its profile. Raises `NotFound`."""
    with database.read() as conn:
        return version_of(conn, who, name, version)


async def put_dataset(
    parts: Parts, who: Principal, described: Described, chunks: AsyncIterator[bytes], *, sha256: str | None
) -> Stored:
    """Make a version of the bytes that come. Raises `DigestMismatch`, `InvalidRequest`, `StoreError`."""
    async with received(chunks, parts.store_threads, expected_sha256=sha256) as incoming:
        if incoming.size == 0:
            raise InvalidRequest("The request has 1 error.", errors=(FieldError("", "the body is empty"),))
        blob = await anyio.to_thread.run_sync(keep, parts, incoming, limiter=parts.store_threads)
    return await run_in_threadpool(_add, parts, who, described, blob)


def _add(parts: Parts, who: Principal, described: Described, blob: BlobRef) -> Stored:
    with parts.database.begin() as conn:
        stored, pools = add_version(conn, who, described, blob)
    parts.publisher.hint(pools)
    note(stored)
    return stored


def add_version(conn: Connection, who: Principal, described: Described, blob: BlobRef) -> tuple[Stored, frozenset[str]]:
    """Make dataset, version and profile job of a blob that is in the store. Returns the pools to be told, too."""
    new = NewVersion(
        project_id=who.project_id,
        name=described.dataset,
        dataset_id=new_id("dat"),
        sha256=blob.digest,
        size=blob.size,
        filename=described.filename,
        created_by=who.key_id,
    )
    added = datasets.add_version(conn, new)
    pools = frozenset[str]()
    if added.is_new and described.profile:
        pin = Pin(added.dataset_id, added.version, "data.dataset")
        pools = frozenset({submit_profile(conn, who, f"{described.dataset}@{added.version}", pin)})
    return Stored(version_of(conn, who, described.dataset, added.version), added.is_new), pools


def note(stored: Stored) -> None:
    """Write the line of a version that was made."""
    version = stored.version
    if stored.is_new:
        log.info("dataset.version_made", dataset=version.dataset, version=version.version, size=version.size)


def delete_version(parts: Parts, who: Principal, name: str, version: int) -> None:
    """Remove a version; its bytes go with the next collection. Raises `NotFound`, `InUse`."""
    with parts.database.begin() as conn:
        dataset_id = datasets.hold(conn, who.project_id, name)
        if dataset_id is None:
            raise version_not_found(name, version)
        pools = _free(conn, who, datasets.unfinished_readers(conn, dataset_id, version), f"{name}@{version}")
        if not datasets.remove_version(conn, dataset_id, version):
            raise version_not_found(name, version)
    parts.publisher.hint(pools)
    log.info("dataset.version_deleted", dataset=name, version=version)


def delete_dataset(parts: Parts, who: Principal, name: str) -> None:
    """Remove a dataset with all versions. Raises `NotFound`, `InUse`."""
    with parts.database.begin() as conn:
        dataset_id = datasets.hold(conn, who.project_id, name)
        if dataset_id is None:
            raise not_found(name)
        pools = _free(conn, who, datasets.unfinished_readers(conn, dataset_id), name)
        datasets.remove(conn, dataset_id)
    parts.publisher.hint(pools)
    log.info("dataset.deleted", dataset=name)


def _free(conn: Connection, who: Principal, readers: Sequence[Row[Any]], what: str) -> frozenset[str]:
    """Cancel the jobs that only look into what is to go. Raises `InUse` for any other."""
    others = [reader for reader in readers if not reader.only_profiles]
    if others:
        named = [{"id": row.id, "name": row.name, "state": row.state} for row in others[:_MOST_NAMED]]
        count = "1 unfinished job needs" if len(others) == 1 else f"{len(others)} unfinished jobs need"
        raise InUse(f"{count} {what}: {', '.join(row.id for row in others[:3])}.", facts={"jobs": named})
    return frozenset().union(*(_cancel(conn, who, reader.id) for reader in readers))


def _cancel(conn: Connection, who: Principal, job_id: str) -> frozenset[str]:
    state = lock_state(conn, who.project_id, job_id)
    if state is JobState.RUNNING:
        request_cancel(conn, job_id, who.by)
    elif state is not None and not state.is_terminal:
        message = "The data it was to look into was deleted."
        moved = transitions.cancel(conn, job_id, who.by, reason=Reason.CANCELLED_BY_USER, message=message)
        return moved.woken_pools if moved else frozenset()
    return frozenset()


def version_of(conn: Connection, who: Principal, name: str, version: int) -> wire.DatasetVersion:
    """Return one version with its profile. Raises `NotFound`."""
    row = queries.get_version(conn, who.project_id, name, version)
    if row is None:
        raise version_not_found(name, version)
    return present_data.dataset_version(row)


def not_found(name: str) -> NotFound:
    """A dataset of another project is as little there as one that never was."""
    return NotFound(
        f"There is no dataset {name} in this project.",
        facts={"dataset": name},
        remedy="Check the name; `trainshed dataset list` shows what there is.",
    )


def version_not_found(name: str, version: int) -> NotFound:
    return NotFound(
        f"There is no version {version} of a dataset {name} in this project.",
        facts={"dataset": name, "version": version},
        remedy="Check name and number; `trainshed dataset get NAME` shows what there is.",
    )
