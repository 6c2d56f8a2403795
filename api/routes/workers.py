"""/api/v1/workers."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ChangesWorkers, ReadsWorkers
from api.operations.workers import drain_worker, list_workers
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import WorkerId
from trainshed import wire

router = APIRouter(prefix="/api/v1/workers", tags=["workers"])


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


@router.post(
    "/{worker_id}/drain",
    operation_id="workers_drain",
    summary="Let a worker take no new job",
    response_model=wire.Worker,
    responses=problems(404),
)
async def drain(parts: AppParts, who: ChangesWorkers, worker_id: WorkerId) -> Response:
    """From now on the worker claims nothing. What it runs goes on to its end."""
    return json_answer(await run_in_threadpool(drain_worker, parts.database, who, worker_id, drain=True))


@router.post(
    "/{worker_id}/resume",
    operation_id="workers_resume",
    summary="Let a drained worker take jobs again",
    response_model=wire.Worker,
    responses=problems(404),
)
async def resume(parts: AppParts, who: ChangesWorkers, worker_id: WorkerId) -> Response:
    """End a drain."""
    return json_answer(await run_in_threadpool(drain_worker, parts.database, who, worker_id, drain=False))
