"""Whether a store is the one whose blobs the database names: work on a wrong one would lose bytes."""

from __future__ import annotations

from typing import Final

from db.engine import Database
from db.sql import Statement
from storage import Store

_SOME: Final = Statement("""
    SELECT sha256 FROM (SELECT sha256 FROM artifact ORDER BY job_id DESC, path LIMIT 3) AS files
    UNION SELECT sha256 FROM (SELECT sha256 FROM dataset_version LIMIT 3) AS versions
""")


def is_right(database: Database, store: Store) -> bool:
    """Whether the store has one of some blobs that are named, or nothing is named yet. Raises `StoreUnavailable`."""
    named = _named(database)
    return not named or any(store.exists(digest) for digest in named)


def is_surely_right(database: Database, store: Store) -> bool:
    """Whether the store has one of some blobs that are named. Raises `StoreUnavailable`."""
    return any(store.exists(digest) for digest in _named(database))


def _named(database: Database) -> list[str]:
    with database.read() as conn:
        return list(_SOME.run(conn).scalars())
