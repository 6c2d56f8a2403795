"""/api/v1/jobs/{job_id}/artifacts."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Header
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.auth.requires import ReadsJobs
from api.operations.artifacts import get_artifact, list_artifacts, open_artifact
from api.parts import AppParts
from api.routes.answers import json_answer, matches, problems
from api.routes.parameters import JobId
from trainshed import wire

router = APIRouter(tags=["artifacts"])

_BYTES: Final = "application/octet-stream"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]")


@router.get(
    "/{job_id}/artifacts",
    operation_id="artifacts_list",
    summary="List what a job made",
    response_model=wire.ArtifactList,
    responses=problems(404),
)
async def list_(parts: AppParts, who: ReadsJobs, job_id: JobId) -> Response:
    """Return the files of a job with their SHA-256. Each one is complete."""
    return json_answer(await run_in_threadpool(list_artifacts, parts.database, who, job_id))


@router.get(
    "/{job_id}/artifacts/{path:path}",
    operation_id="artifacts_download",
    summary="Download what a job made",
    response_class=StreamingResponse,
    responses={
        200: {"description": "The bytes.", "content": {_BYTES: {"schema": {"type": "string", "format": "binary"}}}},
        304: {"description": "The client has it."},
        **problems(404),
    },
)
async def download(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    path: str,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return a file. Its ETag is its SHA-256; damaged bytes are never sent to their end."""
    artifact = await run_in_threadpool(get_artifact, parts.database, who, job_id, path)
    etag = f'"{artifact.sha256}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    headers |= {"Content-Length": str(artifact.size), "Content-Disposition": _attachment(path)}
    return StreamingResponse(await open_artifact(parts, artifact), headers=headers, media_type=_BYTES)


def _attachment(path: str) -> str:
    """Return a Content-Disposition that makes a browser save the file (RFC 6266, RFC 8187)."""
    name = path.rpartition("/")[2]
    return f"attachment; filename=\"{_UNSAFE.sub('_', name)}\"; filename*=UTF-8''{quote(name, safe='')}"
