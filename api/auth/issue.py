"""Makes keys. What is returned is shown once; the database gets its hash."""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from api.auth.keys import new_key, read_key
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.auth.verify import Verifier
from db import keys
from db.engine import Database
from trainshed.ids import new_id

DEFAULT_PROJECT: Final = "default"


def issue_key(
    conn: Connection,
    project_id: str,
    name: str,
    role: Role,
    *,
    scopes: Collection[Scope] | None = None,
    expires_in_s: float | None = None,
) -> str:
    """Store a new key of a project and return its text."""
    text = new_key()
    key = read_key(text)
    assert key is not None
    keys.add_key(
        conn,
        key_id=key.id,
        project_id=project_id,
        name=name,
        role=role.value,
        scopes=None if scopes is None else sorted(scope.value for scope in scopes),
        secret_sha256=key.secret_sha256,
        expires_in_s=expires_in_s,
    )
    return text


def ensure_project(conn: Connection, name: str) -> str:
    """Return the identifier of the project of that name, which is made when there is none."""
    return keys.ensure_project(conn, name, new_id=new_id("prj"))


def ensure_admin_key(database: Database, path: Path) -> None:
    """Leave a valid key of an administrator of the project `default` in the file `path`, for its owner's eyes alone."""
    if path.exists():
        path.chmod(0o600)
        known = Verifier(database).look_up(path.read_text("utf-8", errors="replace").strip())
        if known is not None and known.role is Role.ADMIN:
            return
    with database.begin() as conn:
        text = issue_key(conn, ensure_project(conn, DEFAULT_PROJECT), path.name, Role.ADMIN)
    _write_private(path, text)


def _write_private(path: Path, text: str) -> None:
    """The file appears whole and unreadable for others: there is no moment at which it is anything else."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 - takes a descriptor
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
