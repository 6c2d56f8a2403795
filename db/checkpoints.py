"""Checkpoints: states of training from which a later attempt goes on, and the points that it drops when it does.

What the worker measures itself (`trainshed.series`) is no work of the job, and stays.

A row is written in a fenced transaction together with every point that was reported before the checkpoint: whoever goes
on from it finds the series complete up to its step, and drops what lies beyond before it reports anything of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from db.blobs import hold
from db.blocks import DUE, NOTHING
from db.leases import Lease
from db.sql import Statement


@dataclass(frozen=True, slots=True)
class SavedState:
    """A checkpoint whose blob is complete in the store. `size` in bytes."""

    step: int
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an attempt begins: after so many steps, and after so many whole epochs. Zeros: from the beginning."""

    step: int
    epoch: int


_ADD: Final = Statement("""
    INSERT INTO checkpoint (job_id, attempt, step, sha256, size, created_at)
    VALUES (:job_id, :attempt, :step, :sha256, :size, {now}) ON CONFLICT (job_id, attempt, step) DO NOTHING
""")
# Of two attempts, the later one began where one of the earlier one stood: its states come after all of that one.
_LIST: Final = Statement("""
    SELECT step, sha256, size FROM checkpoint WHERE job_id = :job_id ORDER BY attempt DESC, step DESC
""")
_PRUNE: Final = Statement("""
    DELETE FROM checkpoint WHERE job_id = :job_id AND (attempt, step) NOT IN (
        SELECT attempt, step FROM checkpoint WHERE job_id = :job_id ORDER BY attempt DESC, step DESC LIMIT :keep_last)
""")
_DROP: Final = Statement("DELETE FROM checkpoint WHERE job_id = :job_id")
# The steps of `epoch/...` are numbers of epochs; those of all other series count batches.
_LAST_STEP: Final = "CASE WHEN name LIKE 'epoch/%' THEN :epoch ELSE :step END"
_OWN: Final = "name NOT LIKE 'system/%'"
_DROP_POINTS: Final = Statement(f"""
    DELETE FROM metric_point WHERE (series_id, step) IN (
        SELECT metric_point.series_id, metric_point.step FROM metric_series
        JOIN metric_point ON metric_point.series_id = metric_series.id
        WHERE metric_series.job_id = :job_id AND {_OWN} AND metric_point.step > {_LAST_STEP})
""")
_DROP_BLOCKS: Final = Statement(f"""
    DELETE FROM metric_block WHERE (series_id, last_step) IN (
        SELECT metric_block.series_id, metric_block.last_step FROM metric_series
        JOIN metric_block ON metric_block.series_id = metric_series.id
        WHERE metric_series.job_id = :job_id AND {_OWN} AND metric_block.last_step > {_LAST_STEP})
""")
_DROP_SERIES: Final = Statement("""
    DELETE FROM metric_series WHERE job_id = :job_id
        AND NOT EXISTS (SELECT 1 FROM metric_point WHERE series_id = metric_series.id)
""")
_LATEST_OF_SERIES: Final = Statement(f"""
    UPDATE metric_series SET
        last_step = (SELECT max(step) FROM metric_point WHERE series_id = metric_series.id),
        last_value = (SELECT value FROM metric_point WHERE series_id = metric_series.id ORDER BY step DESC LIMIT 1),
        sealed_step = COALESCE((SELECT max(last_step) FROM metric_block WHERE series_id = metric_series.id), {NOTHING}),
        fresh = {DUE}
    WHERE job_id = :job_id AND {_OWN} AND last_step > {_LAST_STEP}
""")


def add(conn: Connection, lease: Lease, state: SavedState, *, keep_last: int) -> None:
    """List a checkpoint of this attempt, and let go of all but the latest ones of the job.

    Callers `fence` first and write all points reported before it in the same transaction. Raises `db.blobs.BlobsLost`
    when its bytes are no longer kept.
    """
    hold(conn, {state.sha256})
    _ADD.run(conn, job_id=lease.job_id, attempt=lease.attempt, step=state.step, sha256=state.sha256, size=state.size)
    _PRUNE.run(conn, job_id=lease.job_id, keep_last=keep_last)


def latest_first(conn: Connection, job_id: str) -> list[SavedState]:
    """Return the checkpoints of a job, the one to go on from first."""
    return [SavedState(row.step, row.sha256, row.size) for row in _LIST.run(conn, job_id=job_id)]


def drop(conn: Connection, job_id: str) -> None:
    """Let go of all checkpoints of a job that will not be resumed."""
    _DROP.run(conn, job_id=job_id)


def drop_points_beyond(conn: Connection, job_id: str, origin: Origin) -> None:
    """Drop the points that earlier attempts reported beyond `origin`. Callers `fence` first."""
    beyond = {"job_id": job_id, "step": origin.step, "epoch": origin.epoch}
    _DROP_BLOCKS.run(conn, beyond)
    _DROP_POINTS.run(conn, beyond)
    _DROP_SERIES.run(conn, job_id=job_id)
    _LATEST_OF_SERIES.run(conn, beyond)
