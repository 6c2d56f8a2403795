"""/api/v1/tokens and /api/v1/whoami."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Body
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import AnyKey, ManagesTokens
from api.auth.roles import Role
from api.auth.scopes import Scope
from api.operations import tokens
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import TokenId
from trainshed import wire
from trainshed.specs.base import DURATION_TEXT, parse_duration

router = APIRouter(prefix="/api/v1", tags=["tokens"])

_LONGEST_S: Final = 10 * 366 * 86_400.0
_LONGEST_OVERLAP_S: Final = 30 * 86_400.0

Seconds = Annotated[
    float,
    Field(strict=True),
    BeforeValidator(parse_duration),
    WithJsonSchema({"anyOf": [{"type": "number", "minimum": 0}, DURATION_TEXT]}),
]


class TokenRequest(BaseModel):
    """What a new token is for, and what it may do."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\x7f]+$")]
    """What it is for."""
    role: Role = Role.OPERATOR
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=16)] | None = None
    """What it may do at most. Default: all that its role allows."""
    expires_in: Annotated[Seconds, Field(gt=0, le=_LONGEST_S)] | None = None
    """Seconds, or 12h, 90d. Default: never."""


class Rotation(BaseModel):
    """How a token is replaced."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    overlap: Annotated[Seconds, Field(ge=0, le=_LONGEST_OVERLAP_S)] = 0.0
    """How long the old key stays valid: seconds, or 1h. Default: it ends at once."""


@router.get(
    "/tokens",
    operation_id="tokens_list",
    summary="List tokens",
    response_model=wire.TokenList,
    responses=problems(),
)
async def list_(parts: AppParts, who: ManagesTokens) -> Response:
    """Return the tokens of the project, without their keys."""
    return json_answer(await run_in_threadpool(tokens.list_tokens, parts.database, who))


@router.post(
    "/tokens",
    operation_id="tokens_create",
    summary="Make a token",
    status_code=201,
    response_model=wire.NewToken,
    responses=problems(400, 413, 422),
)
async def create(parts: AppParts, who: ManagesTokens, body: TokenRequest) -> Response:
    """Make a token. Its key is in this answer and nowhere else."""
    made = await run_in_threadpool(
        tokens.create_token,
        parts.database,
        who,
        name=body.name,
        role=body.role,
        scopes=body.scopes,
        expires_in_s=body.expires_in,
    )
    return json_answer(made, status=201)


@router.post(
    "/tokens/{token_id}/rotate",
    operation_id="tokens_rotate",
    summary="Replace a token by a new one",
    status_code=201,
    response_model=wire.NewToken,
    responses=problems(400, 404, 409, 413, 422),
)
async def rotate(
    parts: AppParts, who: ManagesTokens, token_id: TokenId, body: Annotated[Rotation | None, Body()] = None
) -> Response:
    """Make a token that may do what the old one may, and let the old one end."""
    overlap_s = (body or Rotation()).overlap
    made = await run_in_threadpool(tokens.rotate_token, parts.database, who, token_id, overlap_s=overlap_s)
    return json_answer(made, status=201)


@router.delete(
    "/tokens/{token_id}",
    operation_id="tokens_revoke",
    summary="Revoke a token",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def revoke(parts: AppParts, who: ManagesTokens, token_id: TokenId) -> Response:
    """End a token within a second."""
    await run_in_threadpool(tokens.revoke_token, parts.database, who, token_id)
    return Response(status_code=204)


@router.get(
    "/whoami",
    operation_id="whoami",
    summary="Whom the server takes you for",
    response_model=wire.Whoami,
    responses=problems(),
)
async def whoami(who: AnyKey) -> Response:
    """Return project, role and scopes of the key."""
    return json_answer(tokens.whoami(who))
