"""Answers kept under the Idempotency-Key of their request, so that a repeat gets the same bytes and makes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from db.clock import db_now
from db.models import IdempotencyKey

VALID_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class KeyOfRequest:
    """An Idempotency-Key. Each project has keys of its own."""

    project_id: str
    key: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What was answered to which request. `response` is the body, `job_id` the (first) job that it made."""

    request_sha256: str
    job_id: str
    response: str


_KEPT: Final = IdempotencyKey.__table__


def find(conn: Connection, keys: Collection[KeyOfRequest]) -> dict[KeyOfRequest, Kept]:
    """Return the answers that are kept under `keys` and still valid."""
    if not keys:
        return {}
    mine = tuple_(_KEPT.c.project_id, _KEPT.c.key).in_([(key.project_id, key.key) for key in keys])
    rows = conn.execute(_KEPT.select().where(mine, _KEPT.c.created_at >= db_now() - VALID_S))
    return {KeyOfRequest(row.project_id, row.key): Kept(row.request_sha256, row.job_id, row.response) for row in rows}


def keep(conn: Connection, answers: Sequence[tuple[KeyOfRequest, Kept]]) -> set[KeyOfRequest]:
    """Keep answers, each under a key of its own. Returns the keys that were free.

    Of two transactions with one key the second waits here for the end of the first one.
    """
    if not answers:
        return set()
    rows = [
        {
            "project_id": key.project_id,
            "key": key.key,
            "request_sha256": kept.request_sha256,
            "job_id": kept.job_id,
            "response": kept.response,
        }
        # In one order everywhere, or two transactions with the same keys could wait for each other.
        for key, kept in sorted(answers, key=lambda answer: (answer[0].project_id, answer[0].key))
    ]
    taken = conn.execute(_KEEP[conn.dialect.name], rows)
    return {KeyOfRequest(row.project_id, row.key) for row in taken}


def _keep(insert: postgresql.Insert | sqlite.Insert) -> Insert:
    fresh = insert.excluded
    return (
        insert.values(created_at=db_now())
        .on_conflict_do_update(
            index_elements=["project_id", "key"],
            set_={name: fresh[name] for name in ("request_sha256", "job_id", "response", "created_at")},
            where=_KEPT.c.created_at < db_now() - VALID_S,
        )
        .returning(_KEPT.c.project_id, _KEPT.c.key)
    )


_KEEP: Final = {"postgresql": _keep(postgresql.insert(IdempotencyKey)), "sqlite": _keep(sqlite.insert(IdempotencyKey))}
