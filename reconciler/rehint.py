"""Tells workers again about jobs that have waited without being told of, for instance because a hint was lost."""

from __future__ import annotations

from dataclasses import dataclass

from db import hints
from db.engine import Database


@dataclass(frozen=True, slots=True)
class Counts:
    """Pools that were told."""

    pools: frozenset[str]


def run_once(database: Database) -> Counts:
    """Return the pools whose next job waits and nobody was told of for five seconds. Marks one job a pool."""
    with database.read() as conn:  # a look costs no write lock
        if not hints.is_due(conn):
            return Counts(frozenset())
    with database.begin() as conn:
        return Counts(hints.rehint(conn))
