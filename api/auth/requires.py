"""The dependency that lets a request in. Every route below /api/v1 has exactly one; a test holds them to it."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api.auth.principal import Principal
from api.auth.roles import Role
from trainshed.errors import Forbidden, Unauthenticated

_SCHEME: Final = "bearer"


class Requires(SecurityBase):
    """Lets in who holds a valid key with at least `role`."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.scheme_name = "api_key"
        self.model = HTTPBearer(bearerFormat="trs_...", description="An API key, made by `python -m api.auth`.")

    async def __call__(self, request: Request) -> Principal:
        """Return who sent the request. Raises `Unauthenticated` or `Forbidden`."""
        principal = await request.app.state.parts.verifier.verify(_key(request))
        if principal is None:
            raise Unauthenticated("The API key is unknown, mistyped, expired or revoked.")
        request.scope["state"]["key_id"] = principal.key_id
        if not principal.role.includes(self.role):
            raise Forbidden(
                f"This needs a key with the role {self.role}; this one has the role {principal.role}.",
                facts={"needed_role": self.role.value, "role": principal.role.value},
            )
        found: Principal = principal
        return found


def requires(role: Role) -> Requires:
    """Return the dependency for routes that need `role`."""
    return Requires(role)


def _key(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != _SCHEME or not key.strip():
        raise Unauthenticated("The request carries no API key.")
    return key.strip()


Viewer = Annotated[Principal, Depends(requires(Role.VIEWER))]
Operator = Annotated[Principal, Depends(requires(Role.OPERATOR))]
