"""Reads series of numbers: whole stretches of them, or as few points as still show their shape."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, Row

from api.auth.principal import Principal
from api.operations.jobs import not_found
from api.operations.present import moment
from db.engine import Database
from db.queries import metrics
from db.queries.jobs import get_state
from trainshed import wire
from trainshed.series import is_system

_MOST_SERIES: Final = 10_000


@dataclass(frozen=True, slots=True)
class FirstPoints:
    """The first so many points from one step to another, both included."""

    since_step: int
    until_step: int
    limit: int

    def read(self, conn: Connection, series_id: int) -> Sequence[Row[Any]]:
        return metrics.list_points(
            conn, series_id, since_step=self.since_step, until_step=self.until_step, limit=self.limit
        )


@dataclass(frozen=True, slots=True)
class ThinnedOut:
    """At most so many points from one step to another, which keep the peaks between them."""

    since_step: int
    until_step: int
    points: int

    def read(self, conn: Connection, series_id: int) -> Sequence[Row[Any]]:
        return metrics.thin_out(
            conn, series_id, since_step=self.since_step, until_step=self.until_step, points=self.points
        )


Wanted: TypeAlias = FirstPoints | ThinnedOut


def read_metrics(
    database: Database, who: Principal, job_id: str, *, series: Collection[str], wanted: Wanted
) -> wire.Metrics:
    """Return the named series, or all that the job reported, each with the wanted points. Raises `NotFound`."""
    with database.read() as conn:
        if get_state(conn, who.project_id, job_id) is None:
            raise not_found(job_id)
        known = metrics.list_series(conn, job_id, limit=_MOST_SERIES)
        found = [row for row in known if (row.name in series if series else not is_system(row.name))]
        points = {row.name: wanted.read(conn, row.id) for row in found}
    return wire.Metrics(
        series=tuple(wire.MetricSeries(name=name, points=tuple(map(_point, rows))) for name, rows in points.items())
    )


def _point(row: Row[Any]) -> wire.MetricPoint:
    return wire.MetricPoint(step=row.step, value=row.value, at=moment(row.at))
