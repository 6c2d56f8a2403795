"""Roles, each of which may do all that the ones before it may."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a key may do in its project."""

    VIEWER = "viewer"
    """Read."""
    OPERATOR = "operator"
    """Submit and cancel jobs as well."""
    ADMIN = "admin"
    """Everything."""

    def includes(self, other: Role) -> bool:
        """Whether this role may do what `other` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)
