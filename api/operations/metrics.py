"""Reads series of numbers."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Row

from api.auth.principal import Principal
from api.operations.jobs import not_found
from api.operations.present import moment
from db.engine import Database
from db.queries import metrics
from db.queries.jobs import get_state
from trainshed import wire

_MOST_SERIES: Final = 10_000


def read_metrics(
    database: Database, who: Principal, job_id: str, *, series: Collection[str], since_step: int, limit: int
) -> wire.Metrics:
    """Return the named series, or all, each with its first `limit` points from a step on. Raises `NotFound`."""
    with database.read() as conn:
        if get_state(conn, who.project_id, job_id) is None:
            raise not_found(job_id)
        found = [
            row for row in metrics.list_series(conn, job_id, limit=_MOST_SERIES) if not series or row.name in series
        ]
        points = {row.name: metrics.list_points(conn, row.id, since_step=since_step, limit=limit) for row in found}
    return wire.Metrics(
        series=tuple(wire.MetricSeries(name=name, points=tuple(map(_point, rows))) for name, rows in points.items())
    )


def _point(row: Row[Any]) -> wire.MetricPoint:
    return wire.MetricPoint(step=row.step, value=row.value, at=moment(row.at))
