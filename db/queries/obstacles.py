"""What stands between a job and the workers of its pool, judged by the very rules of the claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.claim_rules import ORDER, ROUNDING, RULES, given
from db.sql import Statement

MOST_AHEAD: Final = 1_000
"""So many jobs ahead are looked at, of higher priority and of the same one each."""
MOST_WORKERS: Final = 200

_SIZES: Final = ("cpus", "memory", "gpus")
_SUITS: Final = (*_SIZES, "commands", "drain")
"""Those that tell one worker from another; the rest is the same for all."""


def _each(prefix: str, names: Sequence[str], ending: str) -> str:
    return ", ".join(f"({given(prefix, (name,))}) AS {name}_{ending}" for name in names)


_COLUMNS: Final = ", ".join(
    f"other.{name}"
    for name in ("id", "state", "pool", "priority", "not_before", "cpus", "memory_bytes", "gpus", "kind")
)
_ITS: Final = {name: f"(SELECT {name} FROM asked)" for name in ("pool", "priority", "not_before", "id")}
_WAITS_THERE: Final = f"other.state = 'queued' AND other.not_before <= {{now}} AND other.pool = {_ITS['pool']}"
# Two walks along the index of the claim, each of which ends at its limit. With `asked` joined they would not.
_AHEAD: Final = f"""
    SELECT * FROM (
        SELECT {_COLUMNS} FROM job AS other
        WHERE {_WAITS_THERE} AND other.priority > {_ITS["priority"]}
        ORDER BY other.priority DESC, other.not_before, other.id LIMIT :most_ahead
    ) AS higher
    UNION ALL
    SELECT * FROM (
        SELECT {_COLUMNS} FROM job AS other
        WHERE {_WAITS_THERE} AND other.priority = {_ITS["priority"]}
            AND (other.not_before, other.id) < ({_ITS["not_before"]}, {_ITS["id"]})
        ORDER BY other.not_before, other.id LIMIT :most_ahead
    ) AS earlier
"""
# What the worker itself would put into its claim: what it has, less what its running jobs take.
_ROOM: Final = """
    SELECT worker.id AS owner, worker.name, worker.pool, worker.state = 'active' AS active,
        worker.runs_commands, worker.slots, worker.cpus / worker.slots AS slot_cpus,
        worker.cpus + :rounding AS all_cpus, worker.memory_bytes AS all_memory_bytes, worker.gpus AS all_gpus,
        worker.slots - count(held.id) AS free_slots,
        worker.cpus + :rounding - COALESCE(sum(
            CASE WHEN held.id IS NOT NULL THEN COALESCE(held.cpus, worker.cpus / worker.slots) END), 0) AS cpus,
        worker.memory_bytes - COALESCE(sum(held.memory_bytes), 0) AS memory_bytes,
        worker.gpus - COALESCE(sum(held.gpus), 0) AS gpus
    FROM worker JOIN asked ON asked.pool = worker.pool
    LEFT JOIN job AS held ON held.owner = worker.id AND held.state = 'running'
    WHERE worker.state <> 'gone' AND worker.last_seen_at > {now} - :seen_within_s
    GROUP BY worker.id ORDER BY worker.id LIMIT :most_workers
"""
_FITS: Final = Statement(
    f"""
    WITH asked AS MATERIALIZED (SELECT * FROM job WHERE id = :job_id),
    ahead AS MATERIALIZED ({_AHEAD}),
    room AS MATERIALIZED ({_ROOM})
    SELECT room.*, {_each("room.", _SUITS, "fits")}, {_each("room.all_", _SIZES, "would_fit")},
        (SELECT job.id FROM ahead AS job WHERE {given("room.")} ORDER BY {ORDER} LIMIT 1) AS first
    FROM room CROSS JOIN asked AS job ORDER BY room.name, room.owner
""".replace("room.all_slot_cpus", "room.slot_cpus")
)
_COUNT_AHEAD: Final = Statement(f"""
    WITH asked AS MATERIALIZED (SELECT * FROM job WHERE id = :job_id), ahead AS MATERIALIZED ({_AHEAD})
    SELECT count(*) FROM ahead
""")
_TIME: Final = Statement(f"""
    SELECT ({RULES["not_before"]}) AS come, job.not_before - {{now}} AS left_s FROM job WHERE job.id = :job_id
""")
_NEEDS: Final = Statement("""
    SELECT job.id, job.name, job.state FROM dependency JOIN job ON job.id = dependency.needs_id
    WHERE dependency.job_id = :job_id ORDER BY job.id
""")


def list_fits(conn: Connection, job_id: str, *, seen_within_s: float) -> Sequence[Row[Any]]:
    """Return each worker that serves the pool of a job and was seen lately, with what it has free for it.

    `..._fits` says of each rule whether the job obeys it there now, `..._would_fit` whether it would if nothing else
    ran there, and `first` is the job ahead of it that the worker would take in its place.
    """
    return _FITS.run(
        conn,
        job_id=job_id,
        seen_within_s=seen_within_s,
        most_ahead=MOST_AHEAD,
        most_workers=MOST_WORKERS,
        rounding=ROUNDING,
    ).all()


def count_ahead(conn: Connection, job_id: str) -> int:
    """Return how many jobs of its pool whose time has come are before a queued job, up to twice `MOST_AHEAD`."""
    return int(_COUNT_AHEAD.run(conn, job_id=job_id, most_ahead=MOST_AHEAD).scalar_one())


def get_time(conn: Connection, job_id: str) -> Row[Any]:
    """Return whether the time of a job has `come`, and how many seconds are `left_s`."""
    return _TIME.run(conn, job_id=job_id).one()


def list_needs(conn: Connection, job_id: str) -> Sequence[Row[Any]]:
    """Return `id`, `name` and `state` of the jobs that one waits for."""
    return _NEEDS.run(conn, job_id=job_id).all()
