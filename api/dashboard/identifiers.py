"""Identifiers in the addresses of pages."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Path
from pydantic import AfterValidator

from api.operations.jobs import not_found

_JOB_ID: Final = re.compile(r"job_[0-9a-z]{26}")


def known_job(job_id: str) -> str:
    """Return `job_id` where it can be one. Raises `NotFound`."""
    if not _JOB_ID.fullmatch(job_id):
        raise not_found(job_id[:64])
    return job_id


JobId = Annotated[str, Path(), AfterValidator(known_job)]
"""A job. What cannot be an identifier is not found, and never reaches the database."""
