"""From the text of a key to who sent it."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Final

import anyio.to_thread
import structlog

from api.auth.keys import Key, read_key
from api.auth.principal import Principal
from api.auth.roles import Role
from api.auth.scopes import Scope
from db import keys
from db.engine import Database, DatabaseUnavailable

log = structlog.get_logger(__name__)

REMEMBERED_S: Final = 1.0
"""How long a verified key is believed without asking the database: a revoked one ends within this time."""
_MOST_REMEMBERED: Final = 1_024
_NO_SECRET: Final = hashlib.sha256(b"").hexdigest()


class Verifier:
    """Verifies keys. Lives on the event loop; the database is asked from a thread."""

    def __init__(self, database: Database, *, now: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._now = now
        self._remembered: dict[bytes, tuple[Principal, float]] = {}

    async def verify(self, text: str) -> Principal | None:
        """Return who holds the key. None: it is unknown, wrong, expired or revoked."""
        fingerprint = hashlib.sha256(text.encode()).digest()
        principal, until = self._remembered.get(fingerprint, (None, 0.0))
        if principal is not None and self._now() < until:
            return principal
        asked_at = self._now()
        principal = await anyio.to_thread.run_sync(self.look_up, text)
        if principal is not None:
            self._remember(fingerprint, principal, asked_at + REMEMBERED_S)
        return principal

    def look_up(self, text: str) -> Principal | None:
        """The same, from the database alone."""
        key = read_key(text)
        return None if key is None else self._look_up(key)

    def _look_up(self, key: Key) -> Principal | None:
        with self._database.read() as conn:
            row = keys.find_key(conn, key.id)
        # An unknown key costs the same comparison as one with a wrong secret.
        stored = _NO_SECRET if row is None else row.secret_sha256
        if not hmac.compare_digest(stored, key.secret_sha256) or row is None or not row.valid:
            return None
        if row.use_to_be_noted:
            self._note_use(key.id)
        return Principal(key.id, row.project_id, row.project, Role(row.role), _scopes(row.scopes))

    def _note_use(self, key_id: str) -> None:
        try:
            with self._database.begin() as conn:
                keys.note_use(conn, key_id)
        except DatabaseUnavailable as error:
            log.warning("key.use_not_noted", key=key_id, error=str(error))

    def _remember(self, fingerprint: bytes, principal: Principal, until: float) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[fingerprint] = (principal, until)


def _scopes(kept: list[str] | None) -> frozenset[Scope] | None:
    """A scope that this version does not know allows nothing here."""
    return None if kept is None else frozenset(Scope(name) for name in kept if name in set(Scope))
