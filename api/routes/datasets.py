"""/api/v1/datasets."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from api.auth.requires import ChangesDatasets, ReadsDatasets
from api.operations import datasets
from api.operations.datasets import Described, Stored
from api.parts import AppParts
from api.routes.answers import json_answer, problems
from api.routes.bodies import BYTES_BODY, AnnouncedSha256, body_of
from api.routes.dataset_parameters import NAME, DatasetName, Filename, NewDatasetName, VersionNumber, WithProfile
from api.routes.downloads import DOWNLOAD, Download, download
from trainshed import wire

router = APIRouter(prefix="/api/v1/datasets", tags=["datasets"])


@router.get(
    "",
    operation_id="datasets_list",
    summary="List datasets",
    response_model=wire.DatasetPage,
    responses=problems(422),
)
async def list_(
    parts: AppParts,
    who: ReadsDatasets,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern=NAME, description="`next_cursor` of the page before")] = None,
) -> Response:
    """Return datasets of the project by name, each with its newest version."""
    page = await run_in_threadpool(datasets.list_datasets, parts.database, who, cursor=cursor, limit=limit)
    return json_answer(page)


@router.get(
    "/{name}",
    operation_id="datasets_get",
    summary="Get a dataset with its versions",
    response_model=wire.DatasetDetails,
    responses=problems(404),
)
async def get(parts: AppParts, who: ReadsDatasets, name: DatasetName) -> Response:
    """Return a dataset with its versions, newest first."""
    return json_answer(await run_in_threadpool(datasets.get_dataset, parts.database, who, name))


@router.put(
    "/{name}",
    operation_id="datasets_put",
    summary="Upload a new version",
    status_code=201,
    response_model=wire.DatasetVersion,
    responses={
        200: {"description": "The newest version has these bytes already.", "model": wire.DatasetVersion},
        **problems(400, 413, 422),
    },
    openapi_extra=BYTES_BODY,
)
async def put(
    request: Request,
    parts: AppParts,
    who: ChangesDatasets,
    name: NewDatasetName,
    filename: Annotated[Filename, Query()],
    sha256: AnnouncedSha256,
    profile: WithProfile = True,
) -> Response:
    """Make a version of the bytes of the body, and the dataset with its first one."""
    described = Described(name, filename, profile)
    return stored_answer(await datasets.put_dataset(parts, who, described, body_of(request), sha256=sha256))


@router.delete(
    "/{name}",
    operation_id="datasets_delete",
    summary="Delete a dataset",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409),
)
async def delete(parts: AppParts, who: ChangesDatasets, name: DatasetName) -> Response:
    """Remove a dataset with all versions, unless an unfinished job reads one of them."""
    await run_in_threadpool(datasets.delete_dataset, parts, who, name)
    return Response(status_code=204)


@router.get(
    "/{name}/versions/{version}",
    operation_id="dataset_versions_get",
    summary="Get a version",
    response_model=wire.DatasetVersion,
    responses=problems(404, 422),
)
async def get_version(parts: AppParts, who: ReadsDatasets, name: DatasetName, version: VersionNumber) -> Response:
    """Return a version with what its profile job found."""
    return json_answer(await run_in_threadpool(datasets.get_version, parts.database, who, name, version))


@router.get(
    "/{name}/versions/{version}/content",
    operation_id="dataset_versions_download",
    summary="Download a version",
    response_class=StreamingResponse,
    responses={**DOWNLOAD, **problems(404, 416, 422)},
)
async def get_content(
    parts: AppParts, who: ReadsDatasets, name: DatasetName, version: VersionNumber, wanted: Download
) -> Response:
    """Return the file, or one range of it. Its ETag is its SHA-256; damaged bytes are never sent to their end."""
    found = await run_in_threadpool(datasets.get_version, parts.database, who, name, version)
    return await download(parts, found, wanted, filename=found.filename)


@router.delete(
    "/{name}/versions/{version}",
    operation_id="dataset_versions_delete",
    summary="Delete a version",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409, 422),
)
async def delete_version(parts: AppParts, who: ChangesDatasets, name: DatasetName, version: VersionNumber) -> Response:
    """Remove a version, unless an unfinished job reads it. Its number is not used again."""
    await run_in_threadpool(datasets.delete_version, parts, who, name, version)
    return Response(status_code=204)


def stored_answer(stored: Stored) -> Response:
    """Return 201 with the version that was made, or 200 with the one that has the bytes already."""
    version = stored.version
    location = f"/api/v1/datasets/{version.dataset}/versions/{version.version}"
    return json_answer(version, status=201 if stored.is_new else 200, headers={"Location": location})
