"""/workers: who could take a job, what each has free, and who was lost."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsWorkers
from api.dashboard.page_route import PageRoute
from api.dashboard.rendering import render
from api.operations.workers import list_workers
from api.parts import AppParts

router = APIRouter(include_in_schema=False, route_class=PageRoute)

_ORDER: Final = {"active": 0, "draining": 1, "gone": 2}


@router.get("/workers")
async def workers_page(request: Request, parts: AppParts, who: ReadsWorkers) -> Response:
    """Return the page; to htmx, its table alone."""
    found = await run_in_threadpool(list_workers, parts.database)
    workers = sorted(found.items, key=lambda worker: (_ORDER[worker.state], worker.pool, worker.name))
    template = "workers_table.html" if "hx-request" in request.headers else "workers.html"
    return render(request, template, who, title="Workers", workers=workers)
