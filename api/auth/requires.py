"""The dependency that lets a request in. Every route below /api/v1 has exactly one; a test holds them to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from api.auth.principal import Principal
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.auth.session import key_of
from trainshed.errors import Forbidden, Unauthenticated


class Requires(SecurityBase):
    """Lets in who holds a valid key with at least `role`, which no scopes keep from `scope`. None: no scope matters."""

    def __init__(self, role: Role, scope: Scope | None) -> None:
        self.role = role
        self.scope = scope
        self.scheme_name = "api_key"
        self.model = HTTPBearer(bearerFormat="trs_...", description="An API key, made by `python -m api.auth`.")

    async def __call__(self, request: Request) -> Principal:
        """Return who sent the request. Raises `Unauthenticated` or `Forbidden`."""
        parts = request.app.state.parts
        principal = await parts.verifier.verify(key_of(request))
        if principal is None:
            parts.rates.note_wrong_key(request.client.host if request.client else "")
            raise Unauthenticated("The API key is unknown, mistyped, expired or revoked.")
        state = request.scope["state"]
        state["key_id"] = principal.key_id
        state["allowance"] = parts.rates.take(principal.key_id)
        if not principal.role.includes(self.role):
            raise Forbidden(
                f"This needs a key with the role {self.role}; this one has the role {principal.role}.",
                facts={"needed_role": self.role.value, "role": principal.role.value},
            )
        if self.scope is not None:
            principal.refuse_without(self.scope)
        found: Principal = principal
        return found


AnyKey = Annotated[Principal, Depends(Requires(Role.VIEWER, None))]
ReadsJobs = Annotated[Principal, Depends(Requires(Role.VIEWER, Scope.JOBS_READ))]
ChangesJobs = Annotated[Principal, Depends(Requires(Role.OPERATOR, Scope.JOBS_WRITE))]
ReadsDatasets = Annotated[Principal, Depends(Requires(Role.VIEWER, Scope.DATASETS_READ))]
ChangesDatasets = Annotated[Principal, Depends(Requires(Role.OPERATOR, Scope.DATASETS_WRITE))]
ReadsWorkers = Annotated[Principal, Depends(Requires(Role.VIEWER, Scope.WORKERS_READ))]
ChangesWorkers = Annotated[Principal, Depends(Requires(Role.ADMIN, Scope.WORKERS_WRITE))]
ManagesTokens = Annotated[Principal, Depends(Requires(Role.ADMIN, Scope.TOKENS_WRITE))]
ReadsRetention = Annotated[Principal, Depends(Requires(Role.VIEWER, Scope.RETENTION_READ))]
ChangesRetention = Annotated[Principal, Depends(Requires(Role.ADMIN, Scope.RETENTION_WRITE))]
