"""/api/v1/jobs/{job_id}/events: a list, or a stream."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.events import follow_events, read_events
from api.operations.pulse import End, Quiet
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import JobId
from api.streams import SERVER_SENT, STANDS, Stream, StreamPulse, message, stream_content
from trainshed import wire
from trainshed.errors import FieldError, InvalidRequest

router = APIRouter(prefix="/api/v1/jobs", tags=["events"])


@router.get(
    "/{job_id}/events",
    operation_id="events_read",
    summary="Read or follow what happened to a job",
    response_model=wire.EventList,
    responses={200: {"content": stream_content(SERVER_SENT)}, **problems(404, 422)},
)
async def read(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    pulse: StreamPulse,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int, Query(ge=0, lt=2**31, description="Number of the last event that is known")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Most events of a list")] = 100,
) -> Response:
    """Return events as a list; with `Accept: text/event-stream`, as they happen, until the job has finished."""
    if SERVER_SENT not in accept:
        page = await run_in_threadpool(read_events, parts.database, who, job_id, after=after, limit=limit)
        return json_answer(wire.EventList(items=page.events))
    if last_event_id is not None:
        after = _sequence_number(last_event_id)
    first = await run_in_threadpool(read_events, parts.database, who, job_id, after=after)
    news = follow_events(parts.database, parts.tail, who, job_id, first, after=after, pulse=pulse)
    return Stream(_messages(news), SERVER_SENT)


def _sequence_number(last_event_id: str) -> int:
    if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 10:
        return int(last_event_id)
    error = FieldError("Last-Event-ID", "not the id of an event of this stream", last_event_id)
    raise InvalidRequest("The request has 1 error.", errors=(error,))


async def _messages(news: AsyncGenerator[wire.Event | Quiet | End]) -> AsyncGenerator[bytes]:
    async with aclosing(news):
        async for item in news:
            yield _message(item)


def _message(item: wire.Event | Quiet | End) -> bytes:
    match item:
        case Quiet():
            return STANDS
        case End(state):
            return message(json.dumps({"state": state.value}), name="end")
        case wire.Event():
            return message(item.model_dump_json(), name=item.type, id_=str(item.seq))
