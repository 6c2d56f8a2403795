"""How training goes, as a line for each row of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from db.engine import Database
from db.queries import sparklines
from trainshed import wire

_SERIES: Final = ("epoch/validation_loss", "epoch/loss", "train/loss")
"""The first of these that a job has."""
_POINTS: Final = 32


def read_sparklines(database: Database, jobs: Sequence[wire.JobSummary]) -> dict[str, tuple[float, ...]]:
    """Return the latest values of the loss of those jobs that have one, by identifier."""
    trained = [job.id for job in jobs if job.kind == "train" and job.attempt > 0]
    if not trained:
        return {}
    with database.read() as conn:
        found = sparklines.find_series(conn, trained, _SERIES)
        chosen: dict[str, int] = {}
        for name in _SERIES:
            for row in found:
                if row.name == name:
                    chosen.setdefault(row.job_id, row.id)
        lines = {job_id: sparklines.latest_values(conn, series, limit=_POINTS) for job_id, series in chosen.items()}
    return {job_id: values for job_id, values in lines.items() if len(values) > 1}
