"""/tokens: the API keys of the project, for those who may make and revoke them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ManagesTokens
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.operations.tokens import list_tokens
from api.parts import AppParts
from trainshed import wire

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_ROLES: Final = {Role.VIEWER: "reads", Role.OPERATOR: "submits and cancels jobs as well", Role.ADMIN: "does everything"}
_LIFETIMES: Final = {"never": "", "in a day": "1d", "in 30 days": "30d", "in 90 days": "90d", "in a year": "365d"}


@router.get("/tokens")
async def tokens_page(request: Request, parts: AppParts, who: ManagesTokens) -> Response:
    """Return the page; to htmx, its table alone."""
    found = await run_in_threadpool(list_tokens, parts.database, who)
    now = datetime.now(UTC)
    template = "tokens_table.html" if "hx-request" in request.headers else "tokens.html"
    return render(
        request,
        template,
        who,
        title="Tokens",
        tokens=[(token, state_of(token, now)) for token in found.items],
        roles=_ROLES,
        scopes=list(Scope),
        lifetimes=_LIFETIMES,
    )


def state_of(token: wire.Token, now: datetime) -> str:
    """Return `active`, `revoked` or `expired`."""
    if token.revoked_at is not None:
        return "revoked"
    return "expired" if token.expires_at is not None and token.expires_at <= now else "active"
