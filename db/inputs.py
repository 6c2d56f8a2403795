"""What a job needs before it can start: files of other jobs, and uploaded datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from db.models.base import Json
from db.sql import Statement


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of another job, by path and digest."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class DatasetInput:
    """An uploaded version of a dataset. `ref` is what specs call it, for example `faces@2`; `size` in bytes."""

    ref: str
    sha256: str
    size: int
    filename: str


_FILES: Final = Statement("SELECT path, sha256 FROM artifact WHERE job_id = :job_id AND path IN (:first, :second)")


def model_files(conn: Connection, train_job_id: str) -> list[InputFile]:
    """Return the model that a train job made, and its card."""
    rows = _FILES.run(conn, job_id=train_job_id, first="model.keras", second="model.json")
    return [InputFile(row.path, row.sha256) for row in rows]


_DATASETS: Final = Statement("""
    SELECT dataset.name, dataset_version.version, sha256, size, filename FROM dataset_use
    JOIN dataset ON dataset.id = dataset_use.dataset_id
    JOIN dataset_version ON dataset_version.dataset_id = dataset_use.dataset_id
        AND dataset_version.version = dataset_use.version
    WHERE dataset_use.job_id = :job_id
""")


def dataset_inputs(conn: Connection, job_id: str) -> list[DatasetInput]:
    """Return the versions of datasets that a job reads."""
    rows = _DATASETS.run(conn, job_id=job_id)
    return [DatasetInput(f"{row.name}@{row.version}", row.sha256, row.size, row.filename) for row in rows]


_SPEC: Final = Statement("SELECT spec FROM job WHERE id = :job_id")


def spec_of(conn: Connection, job_id: str) -> Any:
    """Return the spec of a job, as it was stored; None when there is no such job."""
    statement = _SPEC.on(conn.dialect.name).columns(spec=Json)
    return conn.execute(statement, {"job_id": job_id}).scalar_one_or_none()
