"""Workers: all of them, and what those of a pool could take."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam

from db.models.base import Json
from db.sql import Statement

_ALL: Final = Statement("SELECT * FROM worker ORDER BY started_at DESC, id LIMIT :limit", versions=Json)
_PRESENT: Final = Statement("""
    SELECT pool, cpus, memory_bytes, gpus, runs_commands FROM worker
    WHERE pool IN :pools AND state = 'active' AND last_seen_at > {now} - :seen_within_s
""")


def list_workers(conn: Connection, *, limit: int) -> Sequence[Row[Any]]:
    """Return the workers, the latest started first."""
    return _ALL.run(conn, limit=limit).all()


_ONE: Final = Statement("SELECT * FROM worker WHERE id = :worker_id", versions=Json)


def get_worker(conn: Connection, worker_id: str) -> Row[Any]:
    """Return a worker that is there."""
    return _ONE.run(conn, worker_id=worker_id).one()


def list_present(conn: Connection, pools: Collection[str], *, seen_within_s: float) -> Sequence[Row[Any]]:
    """Return what each worker has that serves one of the pools now."""
    if not pools:
        return ()
    statement = _PRESENT.on(conn.dialect.name).bindparams(bindparam("pools", expanding=True))
    return conn.execute(statement, {"pools": list(pools), "seen_within_s": seen_within_s}).all()
