"""API keys and the projects they open. Only the SHA-256 of a secret is ever here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, null

from db.clock import db_now
from db.models import ApiKey
from db.models.base import Json
from db.sql import Statement

USE_NOTED_EVERY_S: Final = 60.0

_FIND: Final = Statement(
    """
    SELECT api_key.id, project_id, project.name AS project, role, scopes, secret_sha256,
        revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {now}) AS valid,
        last_used_at IS NULL OR last_used_at < {now} - :noted_every_s AS use_to_be_noted
    FROM api_key JOIN project ON project.id = api_key.project_id WHERE api_key.id = :key_id
""",
    scopes=Json,
)
_NOTE_USE: Final = Statement("""
    UPDATE api_key SET last_used_at = {now}
    WHERE id = :key_id AND (last_used_at IS NULL OR last_used_at < {now} - :noted_every_s)
""")
_REVOKE: Final = Statement("""
    UPDATE api_key SET revoked_at = {now} WHERE id = :key_id AND revoked_at IS NULL RETURNING id
""")
_ADD_PROJECT: Final = Statement("""
    INSERT INTO project (id, name, created_at) VALUES (:project_id, :name, {now}) ON CONFLICT (name) DO NOTHING
""")
_PROJECT: Final = Statement("SELECT id FROM project WHERE name = :name")


def find_key(conn: Connection, key_id: str) -> Row[Any] | None:
    """Return a key with its project and role, whether it is `valid`, and whether its use is `use_to_be_noted`."""
    return _FIND.run(conn, key_id=key_id, noted_every_s=USE_NOTED_EVERY_S).one_or_none()


def note_use(conn: Connection, key_id: str) -> None:
    """Note that a key was used, at most once a minute."""
    _NOTE_USE.run(conn, key_id=key_id, noted_every_s=USE_NOTED_EVERY_S)


def add_key(
    conn: Connection,
    *,
    key_id: str,
    project_id: str,
    name: str,
    role: str,
    scopes: Sequence[str] | None = None,
    secret_sha256: str,
    expires_in_s: float | None,
) -> None:
    """Store a new key. `expires_in_s` counts from now; None: never."""
    conn.execute(
        insert(ApiKey).values(
            id=key_id,
            project_id=project_id,
            name=name,
            role=role,
            scopes=null() if scopes is None else list(scopes),
            secret_sha256=secret_sha256,
            created_at=db_now(),
            expires_at=None if expires_in_s is None else db_now() + expires_in_s,
        )
    )


def revoke_key(conn: Connection, key_id: str) -> bool:
    """End a key. False: there is none, or it was revoked before."""
    return _REVOKE.run(conn, key_id=key_id).one_or_none() is not None


_LIST: Final = Statement(
    """
    SELECT id, name, role, scopes, created_at, expires_at, revoked_at, last_used_at FROM api_key
    WHERE project_id = :project_id ORDER BY created_at DESC, id LIMIT :limit
""",
    scopes=Json,
)
_LOCK: Final = Statement(
    """
    SELECT id, name, role, scopes, created_at, expires_at, revoked_at, last_used_at,
        revoked_at IS NULL AND (expires_at IS NULL OR expires_at > {now}) AS valid, expires_at - {now} AS expires_in_s
    FROM api_key WHERE id = :key_id AND project_id = :project_id {lock}
""",
    scopes=Json,
)
_EXPIRE: Final = Statement("""
    UPDATE api_key SET expires_at = {now} + :seconds
    WHERE id = :key_id AND (expires_at IS NULL OR expires_at > {now} + :seconds)
""")


def list_keys(conn: Connection, project_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """Return the keys of a project, the latest first, without what belongs to their secrets."""
    return _LIST.run(conn, project_id=project_id, limit=limit).all()


def lock_key(conn: Connection, project_id: str, key_id: str) -> Row[Any] | None:
    """Return a key of the project, whether it is `valid`, and in how many seconds it expires; hold it as it is."""
    return _LOCK.run(conn, key_id=key_id, project_id=project_id).one_or_none()


def expire_key(conn: Connection, key_id: str, *, in_s: float) -> None:
    """Let a key end after so many seconds, if it does not end sooner."""
    _EXPIRE.run(conn, key_id=key_id, seconds=in_s)


def ensure_project(conn: Connection, name: str, *, new_id: str) -> str:
    """Return the identifier of the project of that name; make it under `new_id` when there is none."""
    _ADD_PROJECT.run(conn, project_id=new_id, name=name)
    found: str = _PROJECT.run(conn, name=name).scalar_one()
    return found
