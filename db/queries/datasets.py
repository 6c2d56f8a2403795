"""Datasets, their versions, and the files that are on their way to become one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.models.base import Json
from db.sql import Statement

_DATASET: Final = "dataset.id AS dataset_id, dataset.name AS dataset, dataset.created_at AS dataset_created_at"
_VERSION: Final = """
    dataset_version.version, dataset_version.sha256, dataset_version.size, dataset_version.filename,
    dataset_version.created_by, dataset_version.created_at, dataset_version.profile_job_id, dataset_version.made_by
"""
_WITH_NEWEST: Final = f"""
    SELECT {_DATASET}, {_VERSION}, NULL AS profile, NULL AS lineage FROM dataset
    LEFT JOIN dataset_version ON dataset_version.dataset_id = dataset.id AND dataset_version.version =
        (SELECT max(newest.version) FROM dataset_version AS newest WHERE newest.dataset_id = dataset.id)
"""
_LIST: Final = Statement(f"""
    {_WITH_NEWEST} WHERE dataset.project_id = :project_id AND dataset.name > :after ORDER BY dataset.name LIMIT :limit
""")
_ONE: Final = Statement(f"{_WITH_NEWEST} WHERE dataset.project_id = :project_id AND dataset.name = :name")
_VERSIONS: Final = Statement(f"""
    SELECT {_DATASET}, {_VERSION}, NULL AS profile, NULL AS lineage
    FROM dataset JOIN dataset_version ON dataset_version.dataset_id = dataset.id
    WHERE dataset.id = :dataset_id ORDER BY dataset_version.version DESC LIMIT :limit
""")
_OF_NUMBER: Final = Statement(
    f"""
    SELECT {_DATASET}, {_VERSION}, dataset_version.profile, dataset_version.lineage
    FROM dataset JOIN dataset_version ON dataset_version.dataset_id = dataset.id
    WHERE dataset.project_id = :project_id AND dataset.name = :name AND dataset_version.version = :version
""",
    profile=Json,
    lineage=Json,
)
_NAMES: Final = Statement("SELECT name FROM dataset WHERE project_id = :project_id ORDER BY name LIMIT :limit")
_NUMBERS: Final = Statement("""
    SELECT version FROM dataset_version WHERE dataset_id = :dataset_id ORDER BY version DESC LIMIT :limit
""")
_EXISTS: Final = Statement("""
    SELECT EXISTS (SELECT 1 FROM dataset_version WHERE dataset_id = :dataset_id AND version = :version)
""")


def list_datasets(conn: Connection, project_id: str, *, after: str, limit: int) -> Sequence[Row[Any]]:
    """Return datasets by name, each with its newest version; those whose name comes after `after`.

    A profile may be large, and so may a lineage: they come with a single version alone.
    """
    return _LIST.run(conn, project_id=project_id, after=after, limit=limit).all()


def get_dataset(conn: Connection, project_id: str, name: str) -> Row[Any] | None:
    """Return one with its newest version. Its columns are NULL where all were deleted."""
    return _ONE.run(conn, project_id=project_id, name=name).one_or_none()


def list_versions(conn: Connection, dataset_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return the versions of a dataset, newest first."""
    return _VERSIONS.run(conn, dataset_id=dataset_id, limit=limit).all()


def get_version(conn: Connection, project_id: str, name: str, version: int) -> Row[Any] | None:
    """Return one version."""
    return _OF_NUMBER.run(conn, project_id=project_id, name=name, version=version).one_or_none()


def list_names(conn: Connection, project_id: str, *, limit: int) -> list[str]:
    """Return names of the project's datasets."""
    return list(_NAMES.run(conn, project_id=project_id, limit=limit).scalars())


def list_numbers(conn: Connection, dataset_id: str, *, limit: int) -> list[int]:
    """Return the numbers of the versions there are, newest first."""
    return list(_NUMBERS.run(conn, dataset_id=dataset_id, limit=limit).scalars())


def has_version(conn: Connection, dataset_id: str, version: int) -> bool:
    """Whether a dataset has the version of that number."""
    return bool(_EXISTS.run(conn, dataset_id=dataset_id, version=version).scalar_one())


_UPLOAD: Final = Statement("SELECT * FROM upload WHERE id = :upload_id AND project_id = :project_id")
_PARTS: Final = Statement("""
    SELECT number, sha256, size FROM upload_part WHERE upload_id = :upload_id ORDER BY number
""")


def get_upload(conn: Connection, project_id: str, upload_id: str) -> Row[Any] | None:
    """Return a file on its way."""
    return _UPLOAD.run(conn, project_id=project_id, upload_id=upload_id).one_or_none()


def list_parts(conn: Connection, upload_id: str) -> Sequence[Row[Any]]:
    """Return the parts that are there, in order. There are at most as many as the upload has."""
    return _PARTS.run(conn, upload_id=upload_id).all()
