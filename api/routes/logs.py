"""/api/v1/jobs/{job_id}/logs: bytes of one attempt, or a stream over all of them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Query
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.log_follow import PIECE_BYTES, find_place, follow_log
from api.operations.logs import BEGINNING, FromLastLines, FromOffset, LogPiece, Start, read_log
from api.operations.pulse import End, Quiet
from api.parts import AppParts
from api.routes.answers import problems
from api.routes.parameters import JobId
from api.routes.since import read_since
from api.streams import LINES, SERVER_SENT, STANDS, Stream, StreamPulse, message, stream_content
from trainshed.errors import FieldError, InvalidRequest

router = APIRouter(prefix="/api/v1/jobs", tags=["logs"])

_MIB: Final = 1 << 20
_MOST: Final = 8 * _MIB
_EVENT_ID: Final = re.compile(r"([0-9]{1,10}):([0-9]{1,19})")
_HEADERS: Final = {
    "Trainshed-Attempt": "Attempt whose log it is; 0 while the job has not started.",
    "Trainshed-Log-Offset": "Offset of the first byte.",
    "Trainshed-Log-Next-Offset": "Offset to go on at.",
    "Trainshed-Log-Complete": "`true` when the attempt is closed and nothing follows.",
}
_ANSWER: Final[dict[str, Any]] = {
    "description": "Bytes as they were printed; with `follow`, a stream of pieces.",
    "content": {"text/plain": {"schema": {"type": "string"}}, **stream_content(SERVER_SENT, LINES)},
    "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()},
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a request asks for. `limit` None: as much as usual."""

    attempt: int | None
    start: Start
    limit: int | None


async def _wanted(
    attempt: Annotated[int | None, Query(ge=1, lt=2**31, description="Default: the latest")] = None,
    offset: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Byte to begin at")] = None,
    tail: Annotated[int | None, Query(ge=0, le=100_000, description="Last lines, in place of an offset")] = None,
    since: Annotated[
        str | None,
        Query(max_length=64, description="A time (RFC 3339), or how long ago (`10m`), in place of an offset"),
    ] = None,
    limit: Annotated[
        int | None,
        Query(ge=1, le=_MOST, description="Most bytes to return (1 MiB); of a stream, most bytes of a piece"),
    ] = None,
) -> _Wanted:
    given = [name for name, value in (("offset", offset), ("tail", tail), ("since", since)) if value is not None]
    if len(given) > 1:
        raise _invalid(given[1], "give one of offset, tail and since")
    if tail is not None:
        return _Wanted(attempt, FromLastLines(tail, limit or _MIB), limit)
    if since is not None:
        return _Wanted(attempt, read_since(since), limit)
    return _Wanted(attempt, BEGINNING if offset is None else FromOffset(offset), limit)


@router.get(
    "/{job_id}/logs",
    operation_id="logs_read",
    summary="Read or follow what a job printed",
    response_class=Response,
    responses={200: _ANSWER, **problems(404, 416, 422)},
)
async def read(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    wanted: Annotated[_Wanted, Depends(_wanted)],
    pulse: StreamPulse,
    follow: Annotated[bool, Query(description="Go on, over all attempts, until nothing can follow")] = False,
    accept: Annotated[str, Header()] = "",
    last_event_id: Annotated[str | None, Header(max_length=64, description="Where a stream goes on")] = None,
) -> Response:
    """Return bytes of one attempt: a reader that goes on at the next offset sees each byte once.

    With `follow` they come as they are printed: as server-sent events or, with `Accept: application/x-ndjson`, lines.
    """
    if not follow:
        limit = wanted.limit or _MIB
        return _answer(await read_log(parts, who, job_id, attempt=wanted.attempt, start=wanted.start, limit=limit))
    attempt, start = (wanted.attempt, wanted.start) if last_event_id is None else _resumed(last_event_id)
    place = await find_place(parts, who, job_id, attempt=attempt, start=start)
    piece_bytes = min(wanted.limit or PIECE_BYTES, PIECE_BYTES)
    news = follow_log(parts, who, job_id, place, pulse=pulse, piece_bytes=piece_bytes)
    if LINES in accept:
        return Stream(_lines(news), LINES)
    return Stream(_messages(news), SERVER_SENT)


def _answer(piece: LogPiece) -> Response:
    headers = {
        "Trainshed-Attempt": str(piece.attempt),
        "Trainshed-Log-Offset": str(piece.offset),
        "Trainshed-Log-Next-Offset": str(piece.next_offset),
        "Trainshed-Log-Complete": "true" if piece.complete else "false",
    }
    return Response(piece.content, headers=headers, media_type="text/plain")


def _resumed(last_event_id: str) -> tuple[int, Start]:
    match = _EVENT_ID.fullmatch(last_event_id)
    attempt, offset = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= attempt < 2**31 or offset >= 2**63:
        raise _invalid("Last-Event-ID", "not the id of a message of this stream", last_event_id)
    return attempt, FromOffset(offset)


def _invalid(path: str, text: str, value: str | None = None) -> InvalidRequest:
    return InvalidRequest("The request has 1 error.", errors=(FieldError(path, text, value),))


async def _messages(news: AsyncGenerator[LogPiece | Quiet | End]) -> AsyncGenerator[bytes]:
    async with aclosing(news):
        async for item in news:
            match item:
                case LogPiece():
                    yield message(_piece(item), id_=f"{item.attempt}:{item.next_offset}")
                case Quiet():
                    yield STANDS
                case End(state):
                    yield message(json.dumps({"state": state.value}), name="end")


async def _lines(news: AsyncGenerator[LogPiece | Quiet | End]) -> AsyncGenerator[bytes]:
    async with aclosing(news):
        async for item in news:
            match item:
                case LogPiece():
                    yield f"{_piece(item)}\n".encode()
                case Quiet():
                    yield b"\n"
                case End(state):
                    yield json.dumps({"end": True, "state": state.value}).encode() + b"\n"


def _piece(piece: LogPiece) -> str:
    """Return a piece as JSON of ASCII alone: some clients cut lines at characters that are none of JSON's."""
    place = {"attempt": piece.attempt, "offset": piece.offset, "next_offset": piece.next_offset}
    try:
        return json.dumps({**place, "text": piece.content.decode()})
    except UnicodeDecodeError:
        return json.dumps({**place, "base64": base64.b64encode(piece.content).decode()})
