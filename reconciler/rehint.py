"""Tells workers again about jobs that have waited without being told of, for instance because a hint was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from db.engine import Database
from db.sql import Statement

_EVERY_S: Final = 5.0

_DUE: Final = Statement("""
    SELECT EXISTS (SELECT 1 FROM job WHERE state = 'queued' AND not_before <= {now}
        AND (hinted_at < {now} - :every_s OR hinted_at < not_before))
""")
_REHINT: Final = Statement("""
    UPDATE job SET hinted_at = {now}
    WHERE state = 'queued' AND not_before <= {now} AND (hinted_at < {now} - :every_s OR hinted_at < not_before)
    RETURNING pool
""")


@dataclass(frozen=True, slots=True)
class Counts:
    """Pools that were told."""

    pools: frozenset[str]


def run_once(database: Database) -> Counts:
    """Return the pools in which jobs wait that nobody was told of for five seconds."""
    with database.read() as conn:  # a look costs no write lock
        if not _DUE.run(conn, every_s=_EVERY_S).scalar_one():
            return Counts(frozenset())
    with database.begin() as conn:
        return Counts(frozenset(_REHINT.run(conn, every_s=_EVERY_S).scalars()))
