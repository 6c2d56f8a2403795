"""From rows of datasets and uploads to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Row

from api.operations.present import moment
from db.uploads import VALID_S
from trainshed import wire


def dataset(row: Row[Any]) -> wire.Dataset:
    return wire.Dataset(**_dataset(row))


def dataset_details(row: Row[Any], versions: Sequence[Row[Any]]) -> wire.DatasetDetails:
    return wire.DatasetDetails(**_dataset(row), versions=tuple(dataset_version(version) for version in versions))


def dataset_version(row: Row[Any]) -> wire.DatasetVersion:
    return wire.DatasetVersion(
        dataset=row.dataset,
        version=row.version,
        ref=f"{row.dataset}@{row.version}",
        sha256=row.sha256,
        size=row.size,
        filename=row.filename,
        created_by=row.created_by,
        created_at=moment(row.created_at),
        profile_job=row.profile_job_id,
        profile=row.profile,
        made_by=row.made_by,
        lineage=row.lineage,
    )


def upload(row: Row[Any], parts: Sequence[int]) -> wire.Upload:
    """`parts`: the numbers of those that are there. An upload that has become a version has let go of them."""
    count = part_count(row)
    there = tuple(parts) if row.version is None else tuple(range(1, count + 1))
    return wire.Upload(
        id=row.id,
        dataset=row.dataset,
        filename=row.filename,
        size=row.size,
        sha256=row.sha256,
        part_size=row.part_size,
        part_count=count,
        parts=there,
        missing=count - len(there),
        created_at=moment(row.created_at),
        expires_at=moment(row.touched_at) + timedelta(seconds=VALID_S),
    )


def part_count(row: Row[Any]) -> int:
    """Return how many parts make the whole."""
    count: int = -(-row.size // row.part_size)
    return count


def _dataset(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.dataset_id,
        "name": row.dataset,
        "created_at": moment(row.dataset_created_at),
        "latest": None if row.version is None else dataset_version(row),
    }
