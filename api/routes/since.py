"""A moment in the past, as a parameter: a time, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from pydantic_core import PydanticCustomError

from api.operations.logs import FromAgo, FromTime
from trainshed.errors import FieldError, InvalidRequest
from trainshed.specs.base import parse_duration

# A plus sign that was not escaped arrives as a space.
_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9:]{8}(?:\.[0-9]{1,9})?)(?:([Zz])|([+ -])([0-9]{2}:[0-9]{2}))"
)


def read_since(text: str) -> FromTime | FromAgo:
    """Read `2026-05-31T12:00:00Z` (RFC 3339) or `10m`. Raises `InvalidRequest`."""
    try:
        match = _TIME.fullmatch(text)
        if match is None:
            return FromAgo(float(parse_duration(text)))
        date, time, utc, sign, offset = match.groups()
        zone = "+00:00" if utc else f"{'-' if sign == '-' else '+'}{offset}"
        return FromTime(datetime.fromisoformat(f"{date}T{time}{zone}").timestamp())
    except (ValueError, OverflowError, PydanticCustomError) as error:
        message = "neither a time nor a length of time; write for example 2026-05-31T12:00:00Z, or 10m"
        raise InvalidRequest("The request has 1 error.", errors=(FieldError("since", message, text),)) from error
