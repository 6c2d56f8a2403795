"""Gives up uploads for which no part has come for a day. Their parts are garbage then, for the collector to take."""

from __future__ import annotations

from dataclasses import dataclass

from db import uploads
from db.engine import Database


@dataclass(frozen=True, slots=True)
class Counts:
    """Uploads that were given up, and those that had become versions and need not be remembered any longer."""

    expired: int


def run_once(database: Database) -> Counts:
    """Expire once."""
    with database.read() as conn:  # a look costs no write lock
        if not uploads.any_expired(conn):
            return Counts(0)
    with database.begin() as conn:
        return Counts(uploads.expire(conn))
