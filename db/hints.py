"""Which pools have waited for too long without being told of.

Workers are told of a pool, not of a job. So one job stands for its pool: the one that is claimed next. However many
wait, a look and a hint cost the same.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection

from db.queries.queues import EACH_POOL
from db.sql import Statement

_EVERY_S: Final = 5.0

_NEXT: Final = f"""WITH RECURSIVE {EACH_POOL}, best AS {{materialized}} (
        SELECT (SELECT id FROM job WHERE state = 'queued' AND job.pool = named.pool AND not_before <= {{now}}
                ORDER BY priority DESC, not_before, id LIMIT 1) AS best_id
        FROM named WHERE named.pool IS NOT NULL
    )"""
_UNTOLD: Final = "(hinted_at < {now} - :every_s OR hinted_at < not_before)"
_DUE: Final = Statement(f"{_NEXT} SELECT EXISTS (SELECT 1 FROM best JOIN job ON id = best_id WHERE {_UNTOLD})")
_REHINT: Final = Statement(f"""
    {_NEXT} UPDATE job SET hinted_at = {{now}} FROM best WHERE id = best_id AND {_UNTOLD} RETURNING pool
""")


def is_due(conn: Connection) -> bool:
    """Whether the next job of any pool waits and nobody was told of it for five seconds. Writes nothing."""
    return bool(_DUE.run(conn, every_s=_EVERY_S).scalar_one())


def rehint(conn: Connection) -> frozenset[str]:
    """Return the pools that are to be told again, and mark the next job of each as told of."""
    return frozenset(_REHINT.run(conn, every_s=_EVERY_S).scalars())
