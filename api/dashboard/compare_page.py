"""/compare?jobs=a,b,c: the curves, the latest scores and the differing spec fields of several jobs in one picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.principal import Principal
from api.auth.requires import ReadsJobs
from api.dashboard.identifiers import known_job
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.operations.jobs import get_job
from api.parts import AppParts
from db.engine import Database
from trainshed import wire
from trainshed.comparison import differences, latest_metrics, ran_s
from trainshed.errors import NotFound

router = APIRouter(include_in_schema=False, route_class=PageRoute)

MOST_JOBS: Final = 8
"""As many as there are colours that can be told apart."""


@router.get("/compare")
async def compare_page(request: Request, parts: AppParts, who: ReadsJobs, jobs: str = "") -> Response:
    """Return the page; to htmx, its tables alone."""
    named = [text for text in dict.fromkeys(part.strip() for part in jobs.split(",")) if text]
    found = await run_in_threadpool(_found, parts.database, who, named)
    template = "compare_live.html" if "hx-request" in request.headers else "compare.html"
    return render(request, template, who, title="Compare", most=MOST_JOBS, named=len(named), **found)


def _found(database: Database, who: Principal, named: Sequence[str]) -> dict[str, Any]:
    jobs: list[wire.Job] = []
    unknown: list[str] = []
    for text in named[:MOST_JOBS]:
        try:
            jobs.append(get_job(database, who, known_job(text)).job)
        except NotFound:
            unknown.append(text[:64])
    return {
        "jobs": jobs,
        "unknown": unknown,
        "took": [ran_s(job) for job in jobs],
        "scores": list(latest_metrics(jobs)),
        "different": list(differences([job.spec for job in jobs])),
        "self_link": f"/compare?jobs={','.join(job.id for job in jobs)}",
    }
