"""/live: the one stream of a page. It tells that something has changed; what, the page reads from where it has come to.

A message carries no content, so a stream that was cut off (a restart of the API, a sleeping laptop) leaves no gap.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.dashboard.identifiers import JobId
from api.operations.events import follow_project, read_present
from api.operations.jobs import get_job
from api.operations.marks import follow_marks
from api.operations.pulse import Quiet
from api.parts import AppParts
from api.streams import SERVER_SENT, STANDS, Stream, StreamPulse, message

router = APIRouter(include_in_schema=False)


@router.get("/live/jobs/{job_id}")
async def live_job(parts: AppParts, who: ReadsJobs, job_id: JobId, pulse: StreamPulse) -> Response:
    """Say how far a job has come, now and whenever it has come further."""
    await run_in_threadpool(get_job, parts.database, who, job_id)
    marks = follow_marks(parts.tail, job_id, pulse=pulse)

    async def messages() -> AsyncGenerator[bytes]:
        async with aclosing(marks):
            async for mark in marks:
                yield STANDS if isinstance(mark, Quiet) else message(json.dumps(asdict(mark)))

    return Stream(messages(), SERVER_SENT)


@router.get("/live/project")
async def live_project(parts: AppParts, who: ReadsJobs, pulse: StreamPulse) -> Response:
    """Say which jobs of the project something has happened to."""
    present = await run_in_threadpool(read_present, parts.database)
    news = follow_project(parts.database, parts.tail, who, after=present, pulse=pulse)

    async def messages() -> AsyncGenerator[bytes]:
        async with aclosing(news):
            async for item in news:
                if isinstance(item, Quiet):
                    yield STANDS
                else:
                    yield message(json.dumps({"jobs": sorted({one.event.job_id for one in item})}))

    return Stream(messages(), SERVER_SENT)
