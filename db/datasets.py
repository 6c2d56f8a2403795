"""Datasets and their versions: what is written.

Whoever adds, removes or pins a version holds the row of its dataset first, then jobs, then versions: in this order two
of them wait for each other and never in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import JSON, Connection, Row, bindparam
from sqlalchemy.dialects.postgresql import JSONB

from db import blobs
from db.models.base import Json
from db.sql import Statement


@dataclass(frozen=True, slots=True)
class Made:
    """Of a version that a job made: by whom, of what, and what it found in it."""

    job_id: str
    key: str | None
    """Of the data and the steps; None where the data have no digest of their own."""
    lineage: dict[str, Any]
    profile: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A file that is in the store, to become a version of the dataset `name`."""

    project_id: str
    name: str
    dataset_id: str
    """Identifier of the dataset where there is none of that name yet."""
    sha256: str
    size: int
    filename: str
    created_by: str
    made: Made | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """The version that the file is, and whether it is new."""

    dataset_id: str
    version: int
    is_new: bool


@dataclass(frozen=True, slots=True)
class Pin:
    """A version that a job reads. `path`: the field of its spec that says so."""

    dataset_id: str
    version: int
    path: str


_ENSURE: Final = Statement("""
    INSERT INTO dataset (id, project_id, name, last_version, created_at)
    VALUES (:dataset_id, :project_id, :name, 0, {now})
    ON CONFLICT (project_id, name) DO UPDATE SET last_version = dataset.last_version
    RETURNING id
""")
_NEWEST: Final = Statement("""
    SELECT version, sha256 FROM dataset_version WHERE dataset_id = :dataset_id ORDER BY version DESC LIMIT 1
""")
_COUNT: Final = Statement("""
    UPDATE dataset SET last_version = last_version + 1 WHERE id = :dataset_id RETURNING last_version
""")
_ADD: Final = Statement("""
    INSERT INTO dataset_version (dataset_id, version, sha256, size, filename, created_by, created_at)
    VALUES (:dataset_id, :version, :sha256, :size, :filename, :created_by, {now})
""")


def add_version(conn: Connection, new: NewVersion) -> Added:
    """Make a version, and its dataset with the first one; no new one of the bytes that are the newest already.

    Raises `db.blobs.BlobsLost` when the bytes are no longer kept.
    """
    blobs.hold(conn, (new.sha256,))
    dataset_id = _ENSURE.run(conn, dataset_id=new.dataset_id, project_id=new.project_id, name=new.name).scalar_one()
    newest = _NEWEST.run(conn, dataset_id=dataset_id).one_or_none()
    if newest is not None and newest.sha256 == new.sha256:
        return Added(dataset_id, newest.version, is_new=False)
    version = _COUNT.run(conn, dataset_id=dataset_id).scalar_one()
    _ADD.run(
        conn,
        dataset_id=dataset_id,
        version=version,
        sha256=new.sha256,
        size=new.size,
        filename=new.filename,
        created_by=new.created_by,
    )
    if new.made is not None:
        _note_making(conn, dataset_id, version, new.made)
    return Added(dataset_id, version, is_new=True)


# --- versions that jobs make ---

_MADE: Final = Statement("""
    UPDATE dataset_version SET made_by = :made_by, prepared_key = :prepared_key, lineage = :lineage,
        profile = :profile, profile_job_id = :made_by
    WHERE dataset_id = :dataset_id AND version = :version
""")
_FIND_MADE: Final = Statement(
    """
    SELECT dataset.name, dataset_version.version, sha256, size, filename, made_by, lineage, profile
    FROM dataset_version JOIN dataset ON dataset.id = dataset_version.dataset_id
    WHERE prepared_key = :prepared_key AND dataset.project_id = :project_id
    ORDER BY dataset.name = :name DESC, dataset_version.version DESC LIMIT 1
""",
    lineage=Json,
    profile=Json,
)
_SUBMITTER: Final = Statement("SELECT created_by FROM job WHERE id = :job_id")


def find_made(conn: Connection, project_id: str, key: str, *, prefer: str) -> Row[Any] | None:
    """Return the newest version in the project that was made of the same data by the same steps.

    One of the dataset `prefer` comes first.
    """
    return _FIND_MADE.run(conn, project_id=project_id, prepared_key=key, name=prefer).one_or_none()


def submitter(conn: Connection, job_id: str) -> str:
    """Return the API key that a job was submitted with."""
    return str(_SUBMITTER.run(conn, job_id=job_id).scalar_one())


def _note_making(conn: Connection, dataset_id: str, version: int, made: Made) -> None:
    json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    statement = _MADE.on(conn.dialect.name).bindparams(
        bindparam("lineage", type_=json), bindparam("profile", type_=json)
    )
    conn.execute(
        statement,
        {
            "made_by": made.job_id,
            "prepared_key": made.key,
            "lineage": made.lineage,
            "profile": made.profile,
            "dataset_id": dataset_id,
            "version": version,
        },
    )


# --- jobs that read versions ---

_USE: Final = Statement("""
    INSERT INTO dataset_use (job_id, dataset_id, version) VALUES (:job_id, :dataset_id, :version)
    ON CONFLICT DO NOTHING
""")
_PROFILED_BY: Final = Statement("""
    UPDATE dataset_version SET profile_job_id = :job_id WHERE dataset_id = :dataset_id AND version = :version
""")
_PROFILE: Final = Statement("""
    UPDATE dataset_version SET profile = :profile, profile_job_id = :job_id
    WHERE EXISTS (SELECT 1 FROM dataset_use
        WHERE dataset_use.job_id = :job_id AND dataset_use.dataset_id = dataset_version.dataset_id
          AND dataset_use.version = dataset_version.version)
""")


def note_use(conn: Connection, job_id: str, pins: Sequence[Pin]) -> None:
    """Note what a job that has just been made reads. As long as it has not finished, that cannot be deleted."""
    if pins:
        rows = [{"job_id": job_id, "dataset_id": pin.dataset_id, "version": pin.version} for pin in pins]
        conn.execute(_USE.on(conn.dialect.name), rows)


def note_profile_job(conn: Connection, pin: Pin, job_id: str) -> None:
    """Note which job looks into a version."""
    _PROFILED_BY.run(conn, dataset_id=pin.dataset_id, version=pin.version, job_id=job_id)


def note_profile(conn: Connection, job_id: str, profile: dict[str, Any]) -> None:
    """Keep what a profile job found with the version it read. Fence its attempt first."""
    statement = _PROFILE.on(conn.dialect.name).bindparams(bindparam("profile", type_=Json))
    conn.execute(statement, {"job_id": job_id, "profile": profile})


# --- hold, look who reads, remove ---

_HOLD: Final = Statement("SELECT id FROM dataset WHERE project_id = :project_id AND name = :name {lock}")
_SHARE: Final = Statement("SELECT id FROM dataset WHERE project_id = :project_id AND name = :name {share}")
_READERS: Final = Statement("""
    SELECT DISTINCT job.id, job.name, job.state, job.id = dataset_version.profile_job_id AS only_profiles
    FROM dataset_use JOIN job ON job.id = dataset_use.job_id
    JOIN dataset_version ON dataset_version.dataset_id = dataset_use.dataset_id
        AND dataset_version.version = dataset_use.version
    WHERE dataset_use.dataset_id = :dataset_id AND dataset_use.version BETWEEN :first AND :last
      AND job.state NOT IN ('succeeded', 'failed', 'cancelled')
    ORDER BY job.id
""")
_REMOVE_VERSION: Final = Statement("DELETE FROM dataset_version WHERE dataset_id = :dataset_id AND version = :version")
_REMOVE: Final = Statement("DELETE FROM dataset WHERE id = :dataset_id")
_LAST: Final = 2**31 - 1


def hold(conn: Connection, project_id: str, name: str) -> str | None:
    """Return the identifier of a dataset; until the commit nobody else adds, removes or pins a version of it."""
    dataset_id: str | None = _HOLD.run(conn, project_id=project_id, name=name).scalar_one_or_none()
    return dataset_id


def share(conn: Connection, project_id: str, name: str) -> str | None:
    """Return the identifier of a dataset; until the commit nobody adds or removes a version of it."""
    dataset_id: str | None = _SHARE.run(conn, project_id=project_id, name=name).scalar_one_or_none()
    return dataset_id


def unfinished_readers(conn: Connection, dataset_id: str, version: int | None = None) -> Sequence[Row[Any]]:
    """Return `id`, `name`, `state` of the unfinished jobs that read a version, or any of them.

    `only_profiles`: the job came with the version, to look into it. Hold the dataset first.
    """
    first, last = (0, _LAST) if version is None else (version, version)
    return _READERS.run(conn, dataset_id=dataset_id, first=first, last=last).all()


def remove_version(conn: Connection, dataset_id: str, version: int) -> bool:
    """Remove a version; its number is not used again. False: there is none. Hold the dataset first."""
    return _REMOVE_VERSION.run(conn, dataset_id=dataset_id, version=version).rowcount == 1


def remove(conn: Connection, dataset_id: str) -> None:
    """Remove a dataset with all versions. Hold it first."""
    _REMOVE.run(conn, dataset_id=dataset_id)
