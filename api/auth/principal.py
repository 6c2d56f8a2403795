"""Who sent a request."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth.roles import Role
from api.auth.scopes import Scope
from db.transitions import By
from trainshed.errors import Forbidden
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

    def refuse_without(self, scope: Scope) -> None:
        """Raise `Forbidden` where its scopes keep it from `scope`."""
        if self.scopes is not None and scope not in self.scopes:
            raise Forbidden(
                f"This needs a key with the scope {scope}.",
                facts={"needed_scope": scope.value, "scopes": sorted(self.scopes)},
                remedy="Use a key that has the scope, or one without scopes.",
            )

    @property
    def by(self) -> By:
        """How events name it."""
        return By(Actor.USER, self.key_id)
