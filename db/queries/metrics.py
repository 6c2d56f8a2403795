"""Series of numbers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.sql import Statement

_SERIES: Final = Statement("SELECT id, name FROM metric_series WHERE job_id = :job_id ORDER BY name LIMIT :limit")
_IN_RANGE: Final = "series_id = :series_id AND step BETWEEN :since_step AND :until_step"
_POINTS: Final = Statement(f"SELECT step, value, at FROM metric_point WHERE {_IN_RANGE} ORDER BY step LIMIT :limit")
_EXTENT: Final = Statement(f"""
    SELECT count(*) AS number, min(step) AS first, max(step) AS last FROM metric_point WHERE {_IN_RANGE}
""")
# Each stretch gives four steps by as many walks along the index. A join and a GROUP BY would say the same, and take
# half a minute where Postgres has no statistics of the table yet.
_CORNERS: Final = """
    SELECT
        (SELECT min(step) FROM metric_point WHERE series_id = :series_id AND step BETWEEN low AND high),
        (SELECT max(step) FROM metric_point WHERE series_id = :series_id AND step BETWEEN low AND high),
        (SELECT step FROM metric_point WHERE series_id = :series_id AND step BETWEEN low AND high
            ORDER BY value, step LIMIT 1),
        (SELECT step FROM metric_point WHERE series_id = :series_id AND step BETWEEN low AND high
            ORDER BY value DESC, step LIMIT 1)
"""
_CORNERS_OF: Final = {
    "postgresql": Statement(
        f"{_CORNERS} FROM unnest(CAST(:lows AS bigint[]), CAST(:highs AS bigint[])) AS t(low, high)"
    ),
    "sqlite": Statement(f"""
        {_CORNERS} FROM (
            SELECT lows.value AS low, highs.value AS high
            FROM json_each(:lows) AS lows JOIN json_each(:highs) AS highs ON highs.key = lows.key
        )
    """),
}
_AT: Final = "SELECT step, value, at FROM metric_point WHERE series_id = :series_id AND step"
_AT_STEPS: Final = {
    "postgresql": Statement(f"{_AT} = ANY(CAST(:steps AS bigint[])) ORDER BY step"),
    "sqlite": Statement(f"{_AT} IN (SELECT value FROM json_each(:steps)) ORDER BY step"),
}
_CORNERS_A_STRETCH: Final = 4


def list_series(conn: Connection, job_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return `id` and `name` of the series of a job."""
    return _SERIES.run(conn, job_id=job_id, limit=limit).all()


def list_points(
    conn: Connection, series_id: int, *, since_step: int, until_step: int, limit: int
) -> Sequence[Row[Any]]:
    """Return the first points of a series from one step to another."""
    return _POINTS.run(conn, series_id=series_id, since_step=since_step, until_step=until_step, limit=limit).all()


def thin_out(conn: Connection, series_id: int, *, since_step: int, until_step: int, points: int) -> Sequence[Row[Any]]:
    """Return at most `points` (4 or more) of the points of a series from one step to another, in order.

    All of them where there are no more. Otherwise the steps are cut into stretches of one length, and each gives its
    first, last, least and greatest point: a line through them looks like the line through all (M4; Jugel et al., VLDB
    2014).
    """
    extent = _EXTENT.run(conn, series_id=series_id, since_step=since_step, until_step=until_step).one()
    if extent.number <= points:
        return list_points(conn, series_id, since_step=since_step, until_step=until_step, limit=points)
    lows, highs = _stretches(extent.first, extent.last, points // _CORNERS_A_STRETCH)
    dialect = conn.dialect.name
    bounds = {"lows": _list(dialect, lows), "highs": _list(dialect, highs)}
    corners = _CORNERS_OF[dialect].run(conn, bounds, series_id=series_id)
    steps = {step for row in corners for step in row if step is not None}
    return _AT_STEPS[dialect].run(conn, series_id=series_id, steps=_list(dialect, sorted(steps))).all()


def _stretches(first: int, last: int, number: int) -> tuple[list[int], list[int]]:
    """Cut the steps from `first` to `last` into at most `number` stretches; return where each begins and ends."""
    width = (last - first) // number + 1
    lows = list(range(first, last + 1, width))
    return lows, [*(low - 1 for low in lows[1:]), last]


def _list(dialect: str, numbers: list[int]) -> list[int] | str:
    """Return many numbers as one parameter."""
    return numbers if dialect == "postgresql" else json.dumps(numbers)
