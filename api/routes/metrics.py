"""/api/v1/jobs/{job_id}/metrics."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from fastapi import APIRouter, Depends, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.metrics import FirstPoints, ThinnedOut, Wanted, read_metrics
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import JobId, Text
from trainshed import wire
from trainshed.errors import FieldError, InvalidRequest

router = APIRouter(prefix="/api/v1/jobs", tags=["metrics"])

_FIRST: Final = -(2**63)
_LAST: Final = 2**63 - 1
_POINTS: Final = 10_000

Step: TypeAlias = Annotated[int, Query(ge=_FIRST, le=_LAST)]


async def _wanted(
    since_step: Annotated[Step, Query(description="First step to return")] = _FIRST,
    until_step: Annotated[Step, Query(description="Last step to return")] = _LAST,
    limit: Annotated[int | None, Query(ge=1, le=100_000, description="Most points of each series (10,000)")] = None,
    points: Annotated[
        int | None, Query(ge=4, le=5_000, description="Thin each series out to so many points that keep its peaks")
    ] = None,
) -> Wanted:
    if points is None:
        return FirstPoints(since_step, until_step, limit or _POINTS)
    if limit is not None:
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("points", "give either limit or points"),))
    return ThinnedOut(since_step, until_step, points)


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
    wanted: Annotated[Wanted, Depends(_wanted)],
    series: Annotated[
        list[Text], Query(max_length=100, description="Default: all that the job reported; may be repeated")
    ] = [],  # noqa: B006
) -> Response:
    """Return the first points of each series from a step on. More follow from the last step plus one.

    With `points` the whole range, thinned out such that a line through the points looks like one through all.
    """
    return json_answer(
        await run_in_threadpool(read_metrics, parts.database, who, job_id, series=frozenset(series), wanted=wanted)
    )
