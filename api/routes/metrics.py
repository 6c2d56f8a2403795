"""/api/v1/jobs/{job_id}/metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.metrics import read_metrics
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import JobId, Text
from trainshed import wire

router = APIRouter(tags=["metrics"])


@router.get(
    "/{job_id}/metrics",
    operation_id="metrics_read",
    summary="Read series of numbers",
    response_model=wire.Metrics,
    responses=problems(404, 422),
)
async def read(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    series: Annotated[list[Text], Query(max_length=1000, description="Default: all; may be repeated")] = [],  # noqa: B006
    since_step: Annotated[int, Query(ge=-(2**63), lt=2**63, description="First step to return")] = -(2**63),
    limit: Annotated[int, Query(ge=1, le=100_000, description="Most points of each series")] = 10_000,
) -> Response:
    """Return the first points of each series from a step on. More follow from the last step plus one."""
    return json_answer(
        await run_in_threadpool(
            read_metrics, parts.database, who, job_id, series=frozenset(series), since_step=since_step, limit=limit
        )
    )
