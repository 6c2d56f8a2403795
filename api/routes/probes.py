"""What needs no key: is the process there, can it work, which version is it."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from api.operations.health import check
from api.parts import AppParts
from api.routes.answers import json_answer
from trainshed import __version__, wire

router = APIRouter(tags=["probes"])


@router.get("/healthz", operation_id="healthz", summary="Is the process alive", response_class=PlainTextResponse)
async def healthz() -> str:
    """Answer as long as the event loop turns."""
    return "ok"


@router.get(
    "/readyz",
    operation_id="readyz",
    summary="Can the server do its work",
    response_model=wire.Readiness,
    responses={503: {"description": "It cannot; `checks` says why.", "model": wire.Readiness}},
)
async def readyz(parts: AppParts) -> Response:
    """Answer 200 when jobs can be taken in."""
    readiness = await check(parts)
    return json_answer(readiness, status=200 if readiness.ready else 503)


@router.get("/version", operation_id="version", summary="Which version it is", response_model=wire.Version)
async def version() -> Response:
    """Return the version of the server and of its API."""
    return json_answer(wire.Version(version=__version__, api="v1"))
