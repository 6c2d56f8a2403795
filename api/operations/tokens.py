"""Makes, lists, rotates and revokes the API keys of a project."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NoReturn

import structlog
from sqlalchemy import Connection, Row

from api.auth.issue import issue_key
from api.auth.keys import read_key
from api.auth.principal import Principal
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.operations import present
from db import keys
from db.engine import Database
from trainshed import wire
from trainshed.errors import Conflict, Forbidden, NotFound

log = structlog.get_logger(__name__)

_MOST: Final = 1_000


def list_tokens(database: Database, who: Principal) -> wire.TokenList:
    """Return the tokens of the project, the latest first."""
    with database.read() as conn:
        rows = keys.list_keys(conn, who.project_id, limit=_MOST)
    return wire.TokenList(items=tuple(present.token(row) for row in rows))


def create_token(
    database: Database,
    who: Principal,
    *,
    name: str,
    role: Role,
    scopes: Collection[Scope] | None,
    expires_in_s: float | None,
) -> wire.NewToken:
    """Make a token. Raises `Forbidden` when it would be allowed more than the caller is."""
    _check_not_more(who, scopes)
    with database.begin() as conn:
        made = _make(conn, who, name=name, role=role, scopes=scopes, expires_in_s=expires_in_s)
    log.info("token.created", token=made.id, role=role.value, key=who.key_id)
    return made


def rotate_token(database: Database, who: Principal, token_id: str, *, overlap_s: float) -> wire.NewToken:
    """Make a token that may do what another one may, which ends after `overlap_s`.

    Raises `NotFound`, `Forbidden`, and `Conflict` when the old one has ended already.
    """
    with database.begin() as conn:
        old = keys.lock_key(conn, who.project_id, token_id)
        if old is None:
            _raise_not_found(token_id)
        if not old.valid:
            raise Conflict(
                f"The token {token_id} has ended.", facts={"token_id": token_id}, remedy="Create a new token."
            )
        scopes = None if old.scopes is None else frozenset(Scope(name) for name in old.scopes if name in set(Scope))
        _check_not_more(who, scopes)
        role = Role(old.role)
        made = _make(conn, who, name=old.name, role=role, scopes=scopes, expires_in_s=_lifetime_s(old))
        if overlap_s > 0:
            keys.expire_key(conn, token_id, in_s=overlap_s)
        else:
            keys.revoke_key(conn, token_id)
    log.info("token.rotated", token=token_id, new=made.id, key=who.key_id)
    return made


def revoke_token(database: Database, who: Principal, token_id: str) -> None:
    """End a token; to repeat it does no harm. Raises `NotFound`."""
    with database.begin() as conn:
        if keys.lock_key(conn, who.project_id, token_id) is None:
            _raise_not_found(token_id)
        keys.revoke_key(conn, token_id)
    log.info("token.revoked", token=token_id, key=who.key_id)


def whoami(who: Principal) -> wire.Whoami:
    """Return whom the server takes the caller for."""
    scopes = None if who.scopes is None else tuple(sorted(who.scopes))
    return wire.Whoami(project=who.project, key_id=who.key_id, role=who.role.value, scopes=scopes)


def _make(
    conn: Connection,
    who: Principal,
    *,
    name: str,
    role: Role,
    scopes: Collection[Scope] | None,
    expires_in_s: float | None,
) -> wire.NewToken:
    text = issue_key(conn, who.project_id, name, role, scopes=scopes, expires_in_s=expires_in_s)
    key = read_key(text)
    assert key is not None
    row = keys.lock_key(conn, who.project_id, key.id)
    assert row is not None
    return wire.NewToken(**present.token(row).model_dump(), key=text)


def _lifetime_s(old: Row[Any]) -> float | None:
    """A rotated token lives as long as the old one was made for."""
    return None if old.expires_at is None else old.expires_at - old.created_at


def _check_not_more(who: Principal, scopes: Collection[Scope] | None) -> None:
    if who.scopes is None or (scopes is not None and who.scopes.issuperset(scopes)):
        return
    raise Forbidden(
        "A token cannot make one that may do more than itself.",
        facts={"scopes": sorted(who.scopes)},
        remedy="Name scopes that this token has, or use one without scopes.",
    )


def _raise_not_found(token_id: str) -> NoReturn:
    raise NotFound(
        f"There is no token {token_id} in this project.",
        facts={"token_id": token_id},
        remedy="`trainshed token list` shows the tokens and their identifiers.",
    )
