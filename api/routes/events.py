"""/api/v1/jobs/{job_id}/events: a list, or a stream (server-sent events, WHATWG HTML section 9.2)."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Send

from api.auth.requires import ReadsJobs
from api.operations.events import End, Quiet, follow_events, read_events
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.parameters import JobId
from trainshed import wire
from trainshed.errors import FieldError, InvalidRequest

router = APIRouter(tags=["events"])

_RECONNECT_MS: Final = 3_000
_STREAM: Final = "text/event-stream"
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventStream(EventSourceResponse):
    """Closes what it streams from as soon as the client is gone, and not when the garbage is collected."""

    def __init__(self, messages: AsyncGenerator[bytes]) -> None:
        super().__init__(messages, headers=_HEADERS)
        self._messages = messages

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._messages):
            await super().stream_response(send)


@router.get(
    "/{job_id}/events",
    operation_id="events_read",
    summary="Read or follow what happened to a job",
    response_model=wire.EventList,
    responses={200: {"content": {_STREAM: {"schema": {"type": "string"}}}}, **problems(404, 422)},
)
async def read(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header()] = None,
    after: Annotated[int, Query(ge=0, lt=2**31, description="Number of the last event that is known")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Most events of a list")] = 100,
) -> Response:
    """Return events as a list; with `Accept: text/event-stream`, as they happen, until the job has finished."""
    if _STREAM not in accept:
        page = await run_in_threadpool(read_events, parts.database, who, job_id, after=after, limit=limit)
        return json_answer(wire.EventList(items=page.events))
    if last_event_id is not None:
        after = _sequence_number(last_event_id)
    first = await run_in_threadpool(read_events, parts.database, who, job_id, after=after)
    return EventStream(_messages(follow_events(parts.database, parts.tail, who, job_id, first, after=after)))


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
    # `retry` rides along: some clients take a block that holds nothing else for an event.
    match item:
        case Quiet():
            return KEEPALIVE_COMMENT
        case End(state):
            return format_sse_event(event="end", data_str=json.dumps({"state": state.value}), retry=_RECONNECT_MS)
        case wire.Event():
            data = item.model_dump_json()
            return format_sse_event(id=str(item.seq), event=item.type, data_str=data, retry=_RECONNECT_MS)
