"""What a job needs from other jobs before it can start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db.sql import Statement


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file of another job, by path and digest."""

    path: str
    sha256: str


_FILES: Final = Statement("SELECT path, sha256 FROM artifact WHERE job_id = :job_id AND path IN (:first, :second)")


def model_files(conn: Connection, train_job_id: str) -> list[InputFile]:
    """Return the model that a train job made, and its card."""
    rows = _FILES.run(conn, job_id=train_job_id, first="model.keras", second="model.json")
    return [InputFile(row.path, row.sha256) for row in rows]
