"""Whether the server can do its work."""

from __future__ import annotations

from typing import Final

import anyio
import anyio.to_thread
from starlette.concurrency import run_in_threadpool

from api.operations.parts import Parts
from db.engine import Database, DatabaseUnavailable
from db.migrate import is_current
from storage import Store, StoreError
from trainshed import wire

_OK: Final = "ok"
_STORE_WITHIN_S: Final = 2.0
_NO_BLOB: Final = "0" * 64


async def check(parts: Parts) -> wire.Readiness:
    """Ask each part. The database alone decides; without the broker or the store jobs are still taken in."""
    database = await run_in_threadpool(_database, parts.database)
    broker = _OK if parts.publisher.healthy else "degraded: it does not answer; workers find jobs by polling"
    checks = {"database": database, "broker": broker, "store": await _store(parts)}
    return wire.Readiness(ready=database == _OK, checks=checks)


def _database(database: Database) -> str:
    try:
        current = is_current(database)
    except DatabaseUnavailable:
        return "it does not answer"
    return _OK if current else "its schema is not the one of this version; run the migrations"


async def _store(parts: Parts) -> str:
    try:
        with anyio.fail_after(_STORE_WITHIN_S):
            return await anyio.to_thread.run_sync(
                _ask_store, parts.store, limiter=parts.store_threads, abandon_on_cancel=True
            )
    except TimeoutError:
        return "degraded: it does not answer in time"


def _ask_store(store: Store) -> str:
    try:
        store.exists(_NO_BLOB)
    except StoreError as error:
        return f"degraded: {error.title.lower()}"
    return _OK
