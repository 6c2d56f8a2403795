"""Series of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_SERIES: Final = Statement("SELECT id, name FROM metric_series WHERE job_id = :job_id ORDER BY name LIMIT :limit")
_POINTS: Final = Statement("""
    SELECT step, value, at FROM metric_point
    WHERE series_id = :series_id AND step >= :since_step ORDER BY step LIMIT :limit
""")


def list_series(conn: Connection, job_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return `id` and `name` of the series of a job."""
    return _SERIES.run(conn, job_id=job_id, limit=limit).all()


def list_points(conn: Connection, series_id: int, *, since_step: int, limit: int) -> Sequence[Row[Any]]:
    """Return the points of a series from a step on."""
    return _POINTS.run(conn, series_id=series_id, since_step=since_step, limit=limit).all()
