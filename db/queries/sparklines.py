"""The latest values of one series of each of some jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_FOUND: Final = "SELECT id, job_id, name FROM metric_series WHERE"
_SERIES_OF: Final = {
    "postgresql": Statement(f"{_FOUND} job_id = ANY(:job_ids) AND name = ANY(:names)"),
    "sqlite": Statement(f"""
        {_FOUND} job_id IN (SELECT value FROM json_each(:job_ids)) AND name IN (SELECT value FROM json_each(:names))
    """),
}
_VALUES: Final = Statement(
    "SELECT value FROM metric_point WHERE series_id = :series_id ORDER BY step DESC LIMIT :limit"
)


def find_series(conn: Connection, job_ids: Sequence[str], names: Sequence[str]) -> Sequence[Row[Any]]:
    """Return `id`, `job_id` and `name` of those series of the jobs that have one of the names."""
    dialect = conn.dialect.name
    as_parameter = list if dialect == "postgresql" else json.dumps
    parameters = {"job_ids": as_parameter(list(job_ids)), "names": as_parameter(list(names))}
    return _SERIES_OF[dialect].run(conn, parameters).all()


def latest_values(conn: Connection, series_id: int, *, limit: int) -> tuple[float, ...]:
    """Return the values at the last steps of a series, in order."""
    rows = _VALUES.run(conn, series_id=series_id, limit=limit).all()
    return tuple(row.value for row in reversed(rows))
