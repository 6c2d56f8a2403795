"""/api/v1/workers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsWorkers
from api.operations.workers import list_workers
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from trainshed import wire

router = APIRouter(tags=["workers"])


@router.get(
    "",
    operation_id="workers_list",
    summary="List workers",
    response_model=wire.WorkerList,
    responses=problems(),
)
async def list_(parts: AppParts, who: ReadsWorkers) -> Response:
    """Return the workers of all pools."""
    return json_answer(await run_in_threadpool(list_workers, parts.database))
