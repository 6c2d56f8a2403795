"""/: what runs, what waits and why, and what needs somebody, at a glance."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.dashboard.bars import HEIGHT, WIDTH, bars_of
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.operations.attention import LONG_S
from api.operations.overview import MINUTES, read_overview
from api.parts import AppParts
from db.queries.overview import MOST_COUNTED

router = APIRouter(include_in_schema=False, route_class=PageRoute)


@router.get("/")
async def overview_page(request: Request, parts: AppParts, who: ReadsJobs) -> Response:
    """Return the page; to htmx, what changes of it."""
    found = await run_in_threadpool(read_overview, parts.database, who)
    template = "overview_live.html" if "hx-request" in request.headers else "overview.html"
    return render(
        request,
        template,
        who,
        title="Overview",
        overview=found,
        bars=bars_of(found.throughput.minutes),
        size=(WIDTH, HEIGHT),
        minutes=MINUTES,
        most_counted=MOST_COUNTED,
        long_s=LONG_S,
    )
