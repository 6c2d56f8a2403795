"""/api/v1/jobs/{job_id}/logs."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ReadsJobs
from api.operations.logs import LogPiece, read_log, read_log_tail
from api.parts import AppParts
from api.routes.answers import problems
from api.routes.parameters import JobId
from trainshed.errors import FieldError, InvalidRequest

router = APIRouter(tags=["logs"])

_MIB: Final = 1 << 20
_HEADERS: Final = {
    "Trainshed-Attempt": "Attempt whose log it is; 0 while the job has not started.",
    "Trainshed-Log-Offset": "Offset of the first byte.",
    "Trainshed-Log-Next-Offset": "Offset to go on at.",
    "Trainshed-Log-Complete": "`true` when the attempt is closed and nothing follows.",
}
_ANSWER: Final = {
    "description": "Bytes as they were printed.",
    "content": {"text/plain": {"schema": {"type": "string"}}},
    "headers": {name: {"description": text, "schema": {"type": "string"}} for name, text in _HEADERS.items()},
}


@router.get(
    "/{job_id}/logs",
    operation_id="logs_read",
    summary="Read what an attempt printed",
    response_class=Response,
    responses={200: _ANSWER, **problems(404, 416, 422)},
)
async def read(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    attempt: Annotated[int | None, Query(ge=1, lt=2**31, description="Default: the latest")] = None,
    offset: Annotated[int | None, Query(ge=0, lt=2**63, description="Byte to begin at")] = None,
    tail: Annotated[int | None, Query(ge=0, le=100_000, description="Last lines, in place of an offset")] = None,
    limit: Annotated[int, Query(ge=1, le=8 * _MIB, description="Most bytes to return")] = _MIB,
) -> Response:
    """Return bytes of one attempt. A reader that goes on at the next offset sees each byte once."""
    if tail is None:
        piece = await run_in_threadpool(
            read_log, parts.database, who, job_id, attempt=attempt, offset=offset or 0, limit=limit
        )
    elif offset is not None:
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("tail", "give either offset or tail"),))
    else:
        piece = await run_in_threadpool(
            read_log_tail, parts.database, who, job_id, attempt=attempt, lines=tail, limit=limit
        )
    return _answer(piece)


def _answer(piece: LogPiece) -> Response:
    headers = {
        "Trainshed-Attempt": str(piece.attempt),
        "Trainshed-Log-Offset": str(piece.offset),
        "Trainshed-Log-Next-Offset": str(piece.next_offset),
        "Trainshed-Log-Complete": "true" if piece.complete else "false",
    }
    return Response(piece.content, headers=headers, media_type="text/plain")
