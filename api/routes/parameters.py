"""Parameters that routes share."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.operations.jobs import not_found
from trainshed.errors import NotFound
from trainshed.specs.base import DURATION_TEXT, parse_duration

_JOB_ID: Final = re.compile(r"job_[0-9a-z]{26}")
_WORKER_ID: Final = re.compile(r"wrk_[0-9a-z]{1,32}")
_TOKEN_ID: Final = re.compile(r"key_[0-9a-z]{12}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LONGEST_WAIT_S: Final = 60.0
_WAIT: Final = {
    "type": "string",
    "pattern": rf"^\s*\d+(\.\d+)?\s*$|{DURATION_TEXT['pattern']}",
    "description": "Longest wait, for example 30s; at most 60s",
}


def _known_job(job_id: str) -> str:
    if not _JOB_ID.fullmatch(job_id):
        raise not_found(job_id[:64])
    return job_id


JobId = Annotated[str, Path(description="Identifier of the job"), AfterValidator(_known_job)]
"""A job of the path. What cannot be an identifier is not found, and never reaches the database."""


def _known_worker(worker_id: str) -> str:
    if not _WORKER_ID.fullmatch(worker_id):
        raise NotFound(f"No worker {worker_id[:64]} is there.")
    return worker_id


WorkerId = Annotated[str, Path(description="Identifier of the worker"), AfterValidator(_known_worker)]
"""A worker of the path."""


def _known_token(token_id: str) -> str:
    if not _TOKEN_ID.fullmatch(token_id):
        raise NotFound(f"There is no token {token_id[:64]} in this project.")
    return token_id


TokenId = Annotated[str, Path(description="Identifier of the token"), AfterValidator(_known_token)]
"""A token of the path."""


def _seconds(value: Any) -> Any:
    if isinstance(value, str) and not value.strip()[-1:].isalpha():
        try:
            return float(value)
        except ValueError as error:
            raise PydanticCustomError("wait", "not a duration; write for example 30s") from error
    return parse_duration(value)


Wait = Annotated[
    float,
    BeforeValidator(_seconds),
    WithJsonSchema(_WAIT),
    Field(ge=0, le=_LONGEST_WAIT_S, allow_inf_nan=False),
]
"""Seconds to wait."""

Text = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A word to filter by. NUL and its like are no text to Postgres."""


def _written_as_time(value: Any) -> Any:
    if isinstance(value, str) and not _DATE.match(value):
        raise PydanticCustomError("moment", "not a time; write for example 2026-05-31T12:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_written_as_time)]
"""A time as RFC 3339 writes it. Pydantic alone would also take a number, of seconds or of milliseconds by its size."""
