"""/api/v1/uploads, and how they begin: /api/v1/datasets/{name}/uploads."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ChangesDatasets, ReadsDatasets
from api.operations import uploads
from api.operations.uploads import Announced
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.bodies import BYTES_BODY, AnnouncedSha256, body_of
from api.routes.dataset_parameters import Filename, NewDatasetName, PartNumber, UploadId, WithProfile
from api.routes.datasets import stored_answer
from trainshed import wire

of_datasets = APIRouter(prefix="/api/v1/datasets", tags=["uploads"])
router = APIRouter(prefix="/api/v1/uploads", tags=["uploads"])


class NewUpload(BaseModel):
    """A file that is to come."""

    model_config = ConfigDict(extra="forbid", strict=True)

    filename: Filename
    size: Annotated[int, Field(ge=1, le=2**53)]
    """Bytes."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@of_datasets.post(
    "/{name}/uploads",
    operation_id="uploads_create",
    summary="Begin an upload in parts",
    status_code=201,
    response_model=wire.Upload,
    responses=problems(400, 413, 422),
)
async def create(parts: AppParts, who: ChangesDatasets, name: NewDatasetName, body: NewUpload) -> Response:
    """Announce a file. Its parts may come in any order, at once and again; it ends after a day without one."""
    announced = Announced(name, body.filename, body.size, body.sha256)
    upload = await run_in_threadpool(uploads.create, parts, who, announced)
    return json_answer(upload, status=201, headers={"Location": f"/api/v1/uploads/{upload.id}"})


@router.get(
    "/{upload_id}",
    operation_id="uploads_get",
    summary="Get an upload",
    response_model=wire.Upload,
    responses=problems(404),
)
async def get(parts: AppParts, who: ReadsDatasets, upload_id: UploadId) -> Response:
    """Return which parts are there."""
    return json_answer(await run_in_threadpool(uploads.get, parts.database, who, upload_id))


@router.put(
    "/{upload_id}/parts/{number}",
    operation_id="uploads_put_part",
    summary="Send a part",
    response_model=wire.Upload,
    responses=problems(400, 404, 409, 413, 422),
    openapi_extra=BYTES_BODY,
)
async def put_part(
    request: Request,
    parts: AppParts,
    who: ChangesDatasets,
    upload_id: UploadId,
    number: PartNumber,
    sha256: AnnouncedSha256,
) -> Response:
    """Take in one part. It is durable when the answer comes, and may be sent again."""
    upload = await uploads.put_part(parts, who, upload_id, number, body_of(request), sha256=sha256)
    return json_answer(upload)


@router.post(
    "/{upload_id}/complete",
    operation_id="uploads_complete",
    summary="Make a version of an upload",
    status_code=201,
    response_model=wire.DatasetVersion,
    responses={
        200: {"description": "It is there already; nothing new was made.", "model": wire.DatasetVersion},
        **problems(404, 409, 422),
    },
)
async def complete(parts: AppParts, who: ChangesDatasets, upload_id: UploadId, profile: WithProfile = True) -> Response:
    """Put the parts together. May be repeated for a day, and then answers the version that it made."""
    return stored_answer(await uploads.complete(parts, who, upload_id, profile=profile))


@router.delete(
    "/{upload_id}",
    operation_id="uploads_delete",
    summary="Give an upload up",
    status_code=204,
    response_class=Response,
    responses=problems(404),
)
async def delete(parts: AppParts, who: ChangesDatasets, upload_id: UploadId) -> Response:
    """Remove an upload and its parts. A version that it has become stays."""
    await run_in_threadpool(uploads.delete, parts.database, who, upload_id)
    return Response(status_code=204)
