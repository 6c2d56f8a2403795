"""/api/v1/jobs/{job_id}/artifacts, and all of them as one zip."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.auth.requires import ChangesJobs, ReadsJobs
from api.operations.artifact_upload import add_artifact
from api.operations.artifacts import get_artifact, list_artifacts, open_zip
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.bodies import BYTES_BODY, AnnouncedSha256, body_of
from api.routes.downloads import DOWNLOAD, Download, attachment, download
from api.routes.parameters import JobId
from api.streams import Stream
from trainshed import wire

router = APIRouter(prefix="/api/v1/jobs", tags=["artifacts"])

_ZIP: Final = "application/zip"

Prefix = Annotated[
    str, Query(max_length=1024, pattern=r"^[^\x00-\x1f\x7f]*$", description="Those alone whose path begins so")
]


@router.get(
    "/{job_id}/artifacts",
    operation_id="artifacts_list",
    summary="List the files of a job",
    response_model=wire.ArtifactList,
    responses=problems(404, 422),
)
async def list_(parts: AppParts, who: ReadsJobs, job_id: JobId, prefix: Prefix = "") -> Response:
    """Return the files of a job with their SHA-256. Each one is complete."""
    return json_answer(await run_in_threadpool(list_artifacts, parts.database, who, job_id, prefix=prefix))


@router.get(
    "/{job_id}/artifacts.zip",
    operation_id="artifacts_zip",
    summary="Download the files of a job as one zip",
    response_class=StreamingResponse,
    responses={
        200: {"description": "A zip.", "content": {_ZIP: {"schema": {"type": "string", "format": "binary"}}}},
        **problems(404, 422),
    },
)
async def zip_(parts: AppParts, who: ReadsJobs, job_id: JobId, prefix: Prefix = "") -> Response:
    """Return the files of a job as one zip. It breaks off before its end when a file turns out to be damaged."""
    content = await open_zip(parts, who, job_id, prefix=prefix)
    return Stream(content, _ZIP, {"Content-Disposition": attachment(f"{job_id}.zip")})


@router.get(
    "/{job_id}/artifacts/{path:path}",
    operation_id="artifacts_download",
    summary="Download a file of a job",
    response_class=StreamingResponse,
    responses={**DOWNLOAD, **problems(404, 416)},
)
async def get(parts: AppParts, who: ReadsJobs, job_id: JobId, path: str, wanted: Download) -> Response:
    """Return a file, or one range of it. Its ETag is its SHA-256; damaged bytes are never sent to their end."""
    artifact = await run_in_threadpool(get_artifact, parts.database, who, job_id, path)
    return await download(parts, artifact, wanted, filename=path.rpartition("/")[2])


@router.put(
    "/{job_id}/artifacts/{path:path}",
    operation_id="artifacts_upload",
    summary="Add a file to a job",
    status_code=201,
    response_model=wire.Artifact,
    responses={
        200: {"description": "The path was there: with these bytes, or uploaded before.", "model": wire.Artifact},
        **problems(400, 404, 409, 413, 422),
    },
    openapi_extra=BYTES_BODY,
)
async def upload(
    request: Request, parts: AppParts, who: ChangesJobs, job_id: JobId, path: str, sha256: AnnouncedSha256
) -> Response:
    """Add the bytes of the body as a file of attempt 0. What the job itself made is never replaced."""
    uploaded = await add_artifact(parts, who, job_id, path, body_of(request), sha256=sha256)
    location = f"/api/v1/jobs/{job_id}/artifacts/{quote(path)}"
    return json_answer(uploaded.artifact, status=201 if uploaded.is_new else 200, headers={"Location": location})
