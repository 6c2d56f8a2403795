"""Forms that answers share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel
from starlette.responses import Response

from api.description import PROBLEM
from api.problems import MEDIA_TYPE

_WORDS: Final = {
    400: "The body cannot be read.",
    401: "The request carries no valid API key.",
    403: "The key's role does not suffice.",
    404: "There is no such thing in this project.",
    412: "It has changed since it was read.",
    409: "The present state does not allow it.",
    413: "The body is too large.",
    415: "The content type is not supported.",
    416: "The range lies outside of the content.",
    422: "The request has errors.",
    429: "Too many requests; see Retry-After.",
    503: "The database or the store does not answer; see Retry-After.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI descriptions of the errors a route may answer, beside those that every route may."""
    return {
        status: {"description": _WORDS[status], "content": {MEDIA_TYPE: {"schema": PROBLEM}}}
        for status in sorted({401, 403, 422, 429, 503, *statuses})
    }


def json_answer(body: BaseModel, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a body as JSON. It is one of ours, so nothing validates it again."""
    return Response(body.model_dump_json(), status, headers, "application/json")


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names the tag (RFC 9110 section 13.1.2, weak comparison)."""
    if if_none_match is None:
        return False
    tags = (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))
    return any(tag in ("*", etag) for tag in tags)
