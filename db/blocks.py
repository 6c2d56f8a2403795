"""Blocks: of each run of `SIZE` points of a series its first, last, least and greatest, for charts of long series.

A block is made in the transaction that writes its points, when the series has grown by `DUE` points, and is true as
long as it is there: who changes or drops points of a block drops the block first, in the same transaction. Blocks of a
series follow each other, and each point between the first and the last of them is in one. `metric_series.sealed_step`
is where they end; `fresh` counts what was reported since blocks were made.

Only the attempt that runs a job writes its points, one transaction after the other: callers `fence` first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection

from db.sql import Statement

SIZE: Final = 256
"""Points of a block: a million points are 3,907 blocks, and what lies beside whole blocks is soon read."""
DUE: Final = 1_024
"""Blocks are made when so many points have come, some at once: each time costs one statement."""
MOST: Final = 32
"""So many blocks are made at once, which is more than a worker reports at once. A series that is reported out of order
costs no more than that each time."""
NOTHING: Final = -(2**63)
"""`sealed_step` of a series without blocks. A point at this very step is in no block."""

_SEAL: Final = Statement(f"""
    INSERT INTO metric_block (series_id, first_step, last_step, least_step, least, greatest_step, greatest)
    SELECT series_id, min(step), max(step), min(least_step), min(value), min(greatest_step), max(value) FROM (
        SELECT series_id, step, value, part,
            first_value(step) OVER (PARTITION BY part ORDER BY value, step) AS least_step,
            first_value(step) OVER (PARTITION BY part ORDER BY value DESC, step) AS greatest_step
        FROM (
            SELECT series_id, step, value, (row_number() OVER (ORDER BY step) - 1) / {SIZE} AS part FROM (
                SELECT series_id, step, value FROM metric_point WHERE series_id = :series_id AND step > :sealed_step
                ORDER BY step LIMIT {MOST * SIZE}) AS unsealed) AS numbered) AS parts
    GROUP BY series_id, part HAVING count(*) = {SIZE}
    RETURNING last_step
""")
_SEALED: Final = Statement("UPDATE metric_series SET sealed_step = :sealed_step, fresh = :fresh WHERE id = :series_id")
_DROP: Final = Statement("DELETE FROM metric_block WHERE series_id = :series_id AND last_step >= :step")
_END: Final = Statement("SELECT max(last_step) FROM metric_block WHERE series_id = :series_id")


@dataclass(frozen=True, slots=True)
class Growth:
    """A series that points are written to: where its blocks end, and how many points came since they were made."""

    series_id: int
    sealed_step: int
    fresh: int


def reopen(conn: Connection, series: Growth, *, step: int) -> Growth:
    """Drop the blocks that a point at `step` belongs to or comes before. Call it before that point is written."""
    if step > series.sealed_step:
        return series
    _DROP.run(conn, series_id=series.series_id, step=step)
    end = _END.run(conn, series_id=series.series_id).scalar_one()
    reopened = Growth(series.series_id, NOTHING if end is None else end, DUE)
    _save(conn, reopened)
    return reopened


def seal(conn: Connection, series: Growth) -> None:
    """Make blocks of points that are in none, when enough have come. Call it after they were written."""
    if series.fresh < DUE:
        return
    made = [row.last_step for row in _SEAL.run(conn, series_id=series.series_id, sealed_step=series.sealed_step)]
    more = len(made) == MOST
    _save(conn, Growth(series.series_id, max(made, default=series.sealed_step), DUE if more else 0))


def _save(conn: Connection, series: Growth) -> None:
    values: dict[str, Any] = {"sealed_step": series.sealed_step, "fresh": series.fresh}
    _SEALED.run(conn, values, series_id=series.series_id)
