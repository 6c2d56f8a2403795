"""Who sent a request."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth.roles import Role
from api.auth.scopes import Scope
from db.transitions import By
from trainshed.states import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """A key that was verified, the project it opens, and what it may do there."""

    key_id: str
    project_id: str
    project: str
    """Name of the project."""
    role: Role
    scopes: frozenset[Scope] | None = None
    """None: all that the role allows."""

    @property
    def by(self) -> By:
        """How events name it."""
        return By(Actor.USER, self.key_id)
