"""/jobs: what there is, filtered and sorted by its address, and kept true while somebody looks."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.principal import Principal
from api.auth.requires import ReadsJobs
from api.dashboard.filters import SINCE, ListAddress, read_address
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.dashboard.sparkline import points_of
from api.operations.jobs import list_jobs
from api.operations.sparklines import read_sparklines
from api.parts import AppParts
from db.engine import Database
from trainshed.errors import InvalidRequest
from trainshed.specs.parse import KINDS
from trainshed.states import JobState

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_ROWS = 40


@router.get("/jobs")
async def jobs_page(request: Request, parts: AppParts, who: ReadsJobs) -> Response:
    """Return the list; to htmx, its rows alone."""
    address = read_address(request.query_params)
    found = await run_in_threadpool(_found, parts.database, who, address)
    template = "jobs_rows.html" if "hx-request" in request.headers else "jobs.html"
    choices: dict[str, Any] = {"states": list(JobState), "kinds": list(KINDS), "spans": SINCE}
    return render(request, template, who, title="Jobs", address=address, **choices, **found)


def _found(database: Database, who: Principal, address: ListAddress) -> dict[str, Any]:
    wanted = address.filter(time.time())
    try:
        page = list_jobs(database, who, wanted, sort=address.sort, cursor=address.cursor, limit=_ROWS)
    except InvalidRequest:
        page = list_jobs(database, who, wanted, sort=address.sort, cursor=None, limit=_ROWS)
    lines = read_sparklines(database, page.items)
    return {
        "jobs": page.items,
        "lines": {job_id: points_of(values) for job_id, values in lines.items()},
        "next": address.link(cursor=page.next_cursor) if page.next_cursor else None,
        "self_link": address.link(cursor=address.cursor),
        "first_link": address.link(),
    }
