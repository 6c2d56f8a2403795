"""/jobs/{job_id}: everything about one job, and what can be done with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.principal import Principal
from api.auth.requires import ReadsJobs
from api.dashboard.identifiers import JobId
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.dashboard.timeline import WIDTH, stretches
from api.operations.artifacts import list_artifacts
from api.operations.events import read_events
from api.operations.explain import explain_job
from api.operations.jobs import get_job
from api.parts import AppParts
from db.engine import Database
from trainshed import wire
from trainshed.states import JobState

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_MOST_EVENTS: Final = 500
_EVALUATION: Final = "evaluation.json"


@router.get("/jobs/{job_id}")
async def job_page(request: Request, parts: AppParts, who: ReadsJobs, job_id: JobId) -> Response:
    """Return the page; to htmx, what changes of it while a job runs."""
    found = await run_in_threadpool(_found, parts.database, who, job_id)
    explanation = await explain_job(parts, who, job_id) if is_explained(found["job"]) else None
    template = "job_live.html" if "hx-request" in request.headers else "job.html"
    return render(request, template, who, explanation=explanation, **found)


@router.get("/jobs/{job_id}/why")
async def why(request: Request, parts: AppParts, who: ReadsJobs, job_id: JobId) -> Response:
    """Return the part that says why a job is where it is: other jobs and workers change it while the job stands."""
    job = (await run_in_threadpool(get_job, parts.database, who, job_id)).job
    explanation = await explain_job(parts, who, job_id) if is_explained(job) else None
    return render(request, "job_why.html", who, explanation=explanation, job=job)


def is_explained(job: wire.Job) -> bool:
    """Whether there is more to say of a job than its state does."""
    return job.state not in {JobState.RUNNING, JobState.SUCCEEDED} or job.attempt > 1


def _found(database: Database, who: Principal, job_id: str) -> dict[str, Any]:
    job = get_job(database, who, job_id).job
    artifacts = list_artifacts(database, who, job_id).items
    events = read_events(database, who, job_id, after=0, limit=_MOST_EVENTS).events
    return {
        "title": job.name,
        "job": job,
        "events": events,
        "stretches": stretches(events, until=datetime.now(UTC)),
        "width": WIDTH,
        "artifacts": artifacts,
        "has_evaluation": any(artifact.path == _EVALUATION for artifact in artifacts),
        "actions": actions_of(job),
    }


def actions_of(job: wire.Job) -> tuple[str, ...]:
    """Return what can be done with a job in its state, by the verbs of REST."""
    if job.state.is_terminal:
        return ("retry", "delete")
    if job.state is JobState.PAUSED:
        return ("resume", "cancel")
    if job.state is JobState.RUNNING:
        return ("pause", "cancel") if job.request is None else ("cancel",)
    return ("release", "cancel") if job.held else ("hold", "cancel")
