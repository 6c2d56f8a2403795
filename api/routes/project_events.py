"""/api/v1/events: what happens to all jobs of the project, as a list, or as a stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import Annotated

from fastapi import APIRouter, Header, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.events import follow_project, read_present, read_project_events
from api.operations.feed import Placed
from api.operations.positions import CURSOR_FORM, read_position, write_position
from api.operations.pulse import Quiet
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.streams import SERVER_SENT, STANDS, Stream, StreamPulse, message, stream_content
from db.queries.events import BEGINNING, Position
from trainshed import wire

router = APIRouter(prefix="/api/v1/events", tags=["events"])

_STREAM: dict[str, object] = {
    "content": stream_content(SERVER_SENT),
    "headers": {
        "Trainshed-Cursor": {"description": "Of a stream: where it begins.", "schema": {"type": "string"}},
    },
}


@router.get(
    "",
    operation_id="project_events_read",
    summary="Read or follow what happens in the project",
    response_model=wire.ProjectEvents,
    responses={200: _STREAM, **problems(422)},
)
async def read(
    parts: AppParts,
    who: ReadsJobs,
    pulse: StreamPulse,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    after: Annotated[
        str | None,
        Query(
            max_length=64,
            description="`next_cursor` of a list, or id of a message",
            json_schema_extra={"pattern": CURSOR_FORM},
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Most events of a list")] = 100,
) -> Response:
    """Return events in the order of commits; with `Accept: text/event-stream`, as they happen.

    A list begins with the oldest event, a stream with the present, both otherwise behind `after`.
    """
    known = None if after is None else read_position(after, path="after")
    if SERVER_SENT not in accept:
        page = await run_in_threadpool(read_project_events, parts.database, who, after=known or BEGINNING, limit=limit)
        items = tuple(one.event for one in page.events)
        return json_answer(wire.ProjectEvents(items=items, next_cursor=write_position(page.reached)))
    if last_event_id is not None:
        known = read_position(last_event_id, path="Last-Event-ID")
    if known is None:
        known = await run_in_threadpool(read_present, parts.database)
    news = follow_project(parts.database, parts.tail, who, after=known, pulse=pulse)
    return Stream(_messages(news), SERVER_SENT, {"Trainshed-Cursor": write_position(known)})


async def _messages(news: AsyncGenerator[Sequence[Placed] | Quiet]) -> AsyncGenerator[bytes]:
    async with aclosing(news):
        async for item in news:
            yield STANDS if isinstance(item, Quiet) else b"".join(map(_message, item))


@lru_cache(maxsize=256)
def _message(one: Placed) -> bytes:
    """Return an event as it is sent: made once for all who follow."""
    position: Position = one.position
    return message(one.event.model_dump_json(), name=one.event.type, id_=write_position(position))
