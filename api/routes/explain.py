"""/api/v1/jobs/{job_id}/explain."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.explain import explain_job
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import JobId
from trainshed.explanation import Explanation

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


@router.get(
    "/{job_id}/explain",
    operation_id="jobs_explain",
    summary="Say why a job waits, was retried, or failed",
    response_model=Explanation,
    responses=problems(404),
)
async def explain(parts: AppParts, who: ReadsJobs, job_id: JobId) -> Response:
    """Judge the job rule by rule, as the workers do, and say what would move it on."""
    return json_answer(await explain_job(parts, who, job_id))
