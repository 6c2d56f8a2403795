"""What needs no key: is the process there, can it work, which version is it."""

from __future__ import annotations

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from api.description import PROBLEM
from api.operations.health import check
from api.parts import AppParts
from api.problems import MEDIA_TYPE
from api.routes.answers import json_answer
from trainshed import __version__, wire
from trainshed.errors import RouteNotFound

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


@router.get(
    "/metrics",
    operation_id="telemetry",
    summary="Numbers for Prometheus",
    response_class=PlainTextResponse,
    responses={404: {"description": "They are not public here.", "content": {MEDIA_TYPE: {"schema": PROBLEM}}}},
)
async def telemetry(parts: AppParts) -> Response:
    """Return counters of this process and the state of the queues, in the text format of Prometheus."""
    if not parts.settings.shows_metrics:
        raise RouteNotFound("There is nothing at /metrics: TRAINSHED_METRICS_PUBLIC does not open it.")
    return Response(await run_in_threadpool(parts.telemetry.page), media_type=CONTENT_TYPE_LATEST)


@router.get("/version", operation_id="version", summary="Which version it is", response_model=wire.Version)
async def version() -> Response:
    """Return the version of the server and of its API."""
    return json_answer(wire.Version(version=__version__, api="v1"))
