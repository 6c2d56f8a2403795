"""Parameters that routes share."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import Depends, Path
from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from api.operations.jobs import not_found
from trainshed.specs.base import parse_duration

_JOB_ID: Final = re.compile(r"job_[0-9a-z]{26}")
_LONGEST_WAIT_S: Final = 60.0


async def _known_form(job_id: Annotated[str, Path(description="Identifier of the job")]) -> str:
    if not _JOB_ID.fullmatch(job_id):
        raise not_found(job_id[:64])
    return job_id


JobId = Annotated[str, Depends(_known_form)]
"""A job of the path. What cannot be an identifier is not found, and never reaches the database."""


def _seconds(value: Any) -> Any:
    if isinstance(value, str) and not value.strip()[-1:].isalpha():
        try:
            return float(value)
        except ValueError as error:
            raise PydanticCustomError("wait", "not a duration; write for example 30s") from error
    return parse_duration(value)


Wait = Annotated[
    float,
    BeforeValidator(_seconds, json_schema_input_type=str),
    Field(ge=0, le=_LONGEST_WAIT_S, allow_inf_nan=False, description="Longest wait, for example 30s; at most 60s"),
]
"""Seconds to wait."""

Text = Annotated[str, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A word to filter by. NUL and its like are no text to Postgres."""
