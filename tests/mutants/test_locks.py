"""What locks are for. Each has a write that it alone keeps waiting, or it spares a wait that would be there without it.

Without the lock the write goes through, or waits. So a new lock needs its write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from sqlalchemy import Connection, bindparam, text

from db import blobs, transitions
from db.engine import Database, DatabaseUnavailable, open_database
from tests.factories import CAPACITY, USER, claim, end, make_project, submit
from tests.mutants.locks import list_locks
from tests.servers import PostgresServer

_LOCKS: Final = {each.name: each for each in list_locks()}
_DIGEST: Final = "a" * 64
_ROWS: Final = (
    "INSERT INTO dataset (id, project_id, name, last_version, created_at) VALUES ('dst_a', 'prj_test', 'a', 0, 1)",
    """INSERT INTO artifact (job_id, path, sha256, media_type, attempt, created_at)
        VALUES (:ended, 'it', :digest, 'text/plain', 0, 1)""",
    """INSERT INTO api_key (id, project_id, name, role, secret_sha256, created_at)
        VALUES ('key_a', 'prj_test', 'a', 'admin', '', 1)""",
    "UPDATE job SET queue_timeout_s = 1, queued_at = 1 WHERE id = :waits",
    "UPDATE blob SET touched_at = 1",
)


@dataclass(frozen=True, slots=True)
class _Held:
    """Rows that are to stay as they were looked at."""

    parameters: dict[str, Any]
    meddle: str
    """What another transaction would do to them."""


_PROJECT: Final = {"project_id": "prj_test"}
_END: Final = "UPDATE job SET priority = 1 WHERE id = :{}"
HOLDS: Final = {
    "db.transitions._LOCK: {lock}": _Held({"job_id": "blocked"}, _END.format("blocked")),
    "db.changes._LOCK: {lock}": _Held({"job_id": "waits", **_PROJECT}, _END.format("waits")),
    "db.queries.jobs._LOCK: {lock}": _Held({"job_id": "waits", **_PROJECT}, _END.format("waits")),
    "db.queries.parents._LOCK: {share}": _Held({"job_ids": ["waits"]}, _END.format("waits")),
    "db.deletion._LOCK: {lock}": _Held({"job_id": "ended"}, _END.format("ended")),
    "db.compaction._LOCK: {lock}": _Held(
        {"job_id": "ended", "attempt": 1}, "UPDATE attempt SET log_bytes = 1 WHERE job_id = :ended"
    ),
    "db.garbage._LOCK: {take}": _Held(
        {"first": "b", "stop": "c", "grace_s": 0, "limit": 1},
        "SELECT 1 FROM blob WHERE sha256 = :garbage FOR KEY SHARE",
    ),
    "db.blobs._HOLD: {share}": _Held({"digests": ["digest"]}, "UPDATE blob SET deleting = TRUE WHERE sha256 = :digest"),
    "db.datasets._HOLD: {lock}": _Held({"name": "a", **_PROJECT}, "UPDATE dataset SET last_version = 1"),
    "db.datasets._SHARE: {share}": _Held({"name": "a", **_PROJECT}, "UPDATE dataset SET last_version = 1"),
    "db.artifacts._FIND: {lock}": _Held({"job_id": "ended", "path": "it"}, "UPDATE artifact SET sha256 = :garbage"),
    "db.keys._LOCK: {lock}": _Held({"key_id": "key_a", **_PROJECT}, "UPDATE api_key SET revoked_at = 1"),
}
PASSES: Final[dict[str, Callable[[Connection], object]]] = {
    "db.transitions._CLAIM: {skip_locked}": lambda conn: transitions.claim(conn, CAPACITY),
    "db.transitions._EXPIRE: {skip_locked}": lambda conn: transitions.expire(conn, USER, limit=10),
}
"""What goes on although another transaction holds the only job that it could take: it takes none."""


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[Database]:
    postgres.execute("CREATE DATABASE locks TEMPLATE template_trainshed")
    opened = open_database(postgres.url("locks"))
    yield opened
    opened.close()
    postgres.execute("DROP DATABASE locks WITH (FORCE)")


@pytest.fixture
def ids(database: Database) -> dict[str, str]:
    """Names of rows, by what they stand for."""
    with database.begin() as conn:
        make_project(conn)
        ended = submit(conn)
        end(conn, claim(conn))
        waits = submit(conn)
        known = {"ended": ended, "waits": waits, "blocked": submit(conn, needs=(waits,)), "digest": _DIGEST}
        known["garbage"] = "b" * 64
        for name in ("digest", "garbage"):
            blobs.touch(conn, known[name], 9)
        for row in _ROWS:
            conn.execute(text(row), known)
    return known


@contextmanager
def _impatient(database: Database) -> Iterator[Connection]:
    """A transaction that gives up at once when it would have to wait for another one."""
    with database.begin() as conn:
        conn.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        yield conn


def _meddle(database: Database, name: str, ids: dict[str, str]) -> None:
    """Look at rows in one transaction, and change them in another one."""
    statement, held = _LOCKS[name].statement, HOLDS[name]
    parameters = {key: _known(value, ids) for key, value in held.parameters.items()}
    lists = [bindparam(key, expanding=True) for key, value in parameters.items() if isinstance(value, list)]
    with database.begin() as conn:
        assert conn.execute(statement.on("postgresql").bindparams(*lists), parameters).all()
        with _impatient(database) as other:
            other.execute(text(held.meddle), ids)


def _known(value: Any, ids: dict[str, str]) -> Any:
    return [ids[each] for each in value] if isinstance(value, list) else ids.get(value, value)


@pytest.mark.parametrize("name", HOLDS)
def test_what_was_looked_at_under_a_lock_stays_as_it_is(database: Database, ids: dict[str, str], name: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="lock timeout"):
        _meddle(database, name, ids)


@pytest.mark.parametrize("name", HOLDS)
def test_without_the_lock_it_may_change(database: Database, ids: dict[str, str], name: str) -> None:
    with _LOCKS[name].taken_out():
        _meddle(database, name, ids)


@pytest.mark.parametrize("name", PASSES)
def test_who_passes_over_locked_rows_does_not_wait(database: Database, ids: dict[str, str], name: str) -> None:
    with database.begin() as conn:
        conn.execute(text("SELECT 1 FROM job WHERE id = :waits FOR NO KEY UPDATE"), ids)
        with _impatient(database) as other:
            assert not PASSES[name](other)


@pytest.mark.parametrize("name", PASSES)
def test_who_does_not_pass_over_them_waits(database: Database, ids: dict[str, str], name: str) -> None:
    with _LOCKS[name].taken_out(), database.begin() as conn:
        conn.execute(text("SELECT 1 FROM job WHERE id = :waits FOR NO KEY UPDATE"), ids)
        with pytest.raises(DatabaseUnavailable, match="lock timeout"), _impatient(database) as other:
            PASSES[name](other)


def test_every_lock_has_its_write() -> None:
    assert _LOCKS.keys() == HOLDS.keys() | PASSES.keys()
