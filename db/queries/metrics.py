"""Series of numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final, NamedTuple

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
_BLOCKS: Final = Statement("""
    SELECT first_step, last_step, least_step, least, greatest_step, greatest FROM metric_block
    WHERE series_id = :series_id AND last_step BETWEEN :since_step AND :until_step AND first_step >= :since_step
    ORDER BY last_step
""")
_MOST_BESIDE: Final = 4_096
"""So many points beside whole blocks are read to be taken together here."""


class Run(NamedTuple):
    """Points that follow each other: those of a block, or a single one."""

    first_step: int
    last_step: int
    least_step: int
    least: float
    greatest_step: int
    greatest: float


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
    2014). Where the range holds enough blocks, stretches begin and end where blocks do.
    """
    stretches = points // _CORNERS_A_STRETCH
    runs = _runs(conn, series_id, since_step=since_step, until_step=until_step, enough=stretches // 2)
    if runs is not None:
        return _at_steps(conn, series_id, _corners(runs, stretches))
    extent = _EXTENT.run(conn, series_id=series_id, since_step=since_step, until_step=until_step).one()
    if extent.number <= points:
        return list_points(conn, series_id, since_step=since_step, until_step=until_step, limit=points)
    lows, highs = _stretches(extent.first, extent.last, stretches)
    dialect = conn.dialect.name
    bounds = {"lows": _list(dialect, lows), "highs": _list(dialect, highs)}
    corners = _CORNERS_OF[dialect].run(conn, bounds, series_id=series_id)
    return _at_steps(conn, series_id, {step for row in corners for step in row if step is not None})


def _at_steps(conn: Connection, series_id: int, steps: set[int]) -> Sequence[Row[Any]]:
    dialect = conn.dialect.name
    return _AT_STEPS[dialect].run(conn, series_id=series_id, steps=_list(dialect, sorted(steps))).all()


def _stretches(first: int, last: int, number: int) -> tuple[list[int], list[int]]:
    """Cut the steps from `first` to `last` into at most `number` stretches; return where each begins and ends."""
    width = (last - first) // number + 1
    lows = list(range(first, last + 1, width))
    return lows, [*(low - 1 for low in lows[1:]), last]


# --- from blocks ---


def _runs(conn: Connection, series_id: int, *, since_step: int, until_step: int, enough: int) -> list[Run] | None:
    """Return the range as blocks, with single points before and after them. None: it is better read from its points."""
    found = _BLOCKS.run(conn, series_id=series_id, since_step=since_step, until_step=until_step).all()
    if len(found) < max(enough, 1):
        return None
    first, last = found[0].first_step, found[-1].last_step
    before = _points_as_runs(conn, series_id, since_step, first - 1)
    after = _points_as_runs(conn, series_id, last + 1, until_step)
    if before is None or after is None:
        return None
    return [*before, *map(Run._make, found), *after]


def _points_as_runs(conn: Connection, series_id: int, since_step: int, until_step: int) -> list[Run] | None:
    """None: they are too many."""
    if since_step > until_step:
        return []
    rows = list_points(conn, series_id, since_step=since_step, until_step=until_step, limit=_MOST_BESIDE + 1)
    if len(rows) > _MOST_BESIDE:
        return None
    return [Run(row.step, row.step, row.step, row.value, row.step, row.value) for row in rows]


def _corners(runs: Sequence[Run], number: int) -> set[int]:
    """Return the steps of the corners of at most `number` stretches of runs."""
    low = runs[0].first_step
    width = (runs[-1].last_step - low) // number + 1
    stretches = groupby(runs, key=lambda run: (run.first_step - low) // width)
    return {step for _, stretch in stretches for step in _corners_of(list(stretch))}


def _corners_of(stretch: Sequence[Run]) -> Iterator[int]:
    yield stretch[0].first_step
    yield stretch[-1].last_step
    yield min(stretch, key=lambda run: (run.least, run.least_step)).least_step
    yield min(stretch, key=lambda run: (-run.greatest, run.greatest_step)).greatest_step


def _list(dialect: str, numbers: list[int]) -> list[int] | str:
    """Return many numbers as one parameter."""
    return numbers if dialect == "postgresql" else json.dumps(numbers)
