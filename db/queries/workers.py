"""Workers: all of them, and what those of a pool could take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row

from db.models.base import Json
from db.sql import Statement

_ALL: Final = Statement("SELECT * FROM worker ORDER BY started_at DESC, id LIMIT :limit", versions=Json)
_PRESENT: Final = Statement("""
    SELECT cpus, memory_bytes, gpus, runs_commands FROM worker
    WHERE pool = :pool AND state = 'active' AND last_seen_at > {now} - :seen_within_s
""")


def list_workers(conn: Connection, *, limit: int) -> Sequence[Row[Any]]:
    """Return the workers, the latest started first."""
    return _ALL.run(conn, limit=limit).all()


def list_present(conn: Connection, pool: str, *, seen_within_s: float) -> Sequence[Row[Any]]:
    """Return what each worker has that serves the pool now."""
    return _PRESENT.run(conn, pool=pool, seen_within_s=seen_within_s).all()
