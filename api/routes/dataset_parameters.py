"""Parameters that the routes of datasets and uploads share."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Depends, Path, Query
from pydantic import Field

from api.operations import datasets, uploads
from trainshed.errors import FieldError, InvalidRequest
from trainshed.specs.base import RESERVED_DATASETS

NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,62}$"
_NAME: Final = re.compile(NAME.removesuffix("$"))
_UPLOAD_ID: Final = re.compile(r"upl_[0-9a-z]{26}")

PathName = Annotated[str, Path(description="Name of the dataset")]


async def _known_form(name: PathName) -> str:
    if not _NAME.fullmatch(name):
        raise datasets.not_found(name[:64])
    return name


async def _allowed(name: PathName) -> str:
    if not _NAME.fullmatch(name):
        message = "at most 63 lower-case letters, digits, dots, dashes and underscores, with a letter or digit in front"
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("name", message, name),))
    if name in RESERVED_DATASETS:
        message = f"{name}/... are datasets that come with a worker"
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("name", message, name),))
    return name


async def _known_upload(upload_id: Annotated[str, Path(description="Identifier of the upload")]) -> str:
    if not _UPLOAD_ID.fullmatch(upload_id):
        raise uploads.not_found(upload_id[:64])
    return upload_id


DatasetName = Annotated[str, Depends(_known_form)]
"""A dataset of the path. What cannot be a name is not found, and never reaches the database."""
NewDatasetName = Annotated[str, Depends(_allowed)]
"""A name of the path that a dataset may be given."""
UploadId = Annotated[str, Depends(_known_upload)]
VersionNumber = Annotated[int, Path(ge=1, lt=2**31, description="Number of the version")]
PartNumber = Annotated[int, Path(ge=1, lt=2**31, description="Number of the part, from 1")]

Filename = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
"""The name of a file without its folder."""
WithProfile = Annotated[bool, Query(description="Whether a job shall look into the new version")]
