"""Errors as problem documents (RFC 9457). Whatever goes wrong, the answer has one shape and shows no internals."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Final

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from db.engine import DatabaseUnavailable
from trainshed.errors import (
    BodyTooLarge,
    FieldError,
    Internal,
    InvalidRequest,
    MalformedBody,
    MethodNotAllowed,
    RouteNotFound,
    TooManyRequests,
    TrainshedError,
    Unauthenticated,
    Unavailable,
)
from trainshed.wire import Problem, ProblemField

log = structlog.get_logger(__name__)

RETRY_AFTER_S: Final = 2
MEDIA_TYPE: Final = "application/problem+json"
_LONGEST_TEXT: Final = 200


def problem_response(
    error: TrainshedError, request_id: str, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer that an error stands for."""
    problem = Problem(
        type=f"urn:trainshed:problem:{error.code}",
        title=error.title,
        status=status or error.status,
        detail=error.detail,
        code=error.code,
        remedy=error.advice,
        errors=tuple(_field(field) for field in error.errors),
        request_id=request_id,
        facts=error.facts,
    )
    # ASCII alone: what a client sent may hold half a surrogate pair, which UTF-8 cannot carry back.
    body = json.dumps(problem.model_dump(mode="json"), separators=(",", ":"), allow_nan=False)
    return Response(body, problem.status, {**_headers(error), **(headers or {})}, MEDIA_TYPE)


def internal_error(request_id: str) -> Response:
    """Return the answer to a request that met a defect of the server."""
    return problem_response(Internal("The server met an error that it did not expect."), request_id)


def _field(error: FieldError) -> ProblemField:
    return ProblemField(
        path=error.path,
        message=error.message,
        value=_shown(error.value),
        allowed=error.allowed,
        suggestion=error.suggestion,
    )


def _shown(value: Any) -> Any:
    match value:
        case str():
            return value if len(value) <= _LONGEST_TEXT else value[: _LONGEST_TEXT - 1] + "…"
        case float():
            return value if math.isfinite(value) else str(value)
        case bool() | None:
            return value
        case int():
            return value if abs(value) < 1 << 53 else f"a number of {value.bit_length()} bits"
        case _:
            return None


def _headers(error: TrainshedError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"WWW-Authenticate": "Bearer"}
        case TooManyRequests():
            return {"Retry-After": str(error.facts["retry_after_s"])}
        case TrainshedError(status=503):
            return {"Retry-After": str(RETRY_AFTER_S)}
        case _:
            return {}


def _request_id(request: Request) -> str:
    found: str = request.scope["state"]["request_id"]
    return found


async def _on_trainshed_error(request: Request, error: TrainshedError) -> Response:
    if error.status >= 500:
        # Its words may name folders and addresses.
        log.error("http.failed", code=error.code, detail=error.detail, exc_info=error)
        public = type(error)(f"{error.title}.", errors=error.errors)
        return problem_response(public, _request_id(request))
    return problem_response(error, _request_id(request))


async def _on_database_unavailable(request: Request, error: DatabaseUnavailable) -> Response:
    log.error("database.unavailable", error=str(error))
    return problem_response(Unavailable("The database does not answer."), _request_id(request))


async def _on_invalid_request(request: Request, error: RequestValidationError) -> Response:
    errors = tuple(_field_error(details) for details in error.errors())
    if any(details["type"] == "json_invalid" for details in error.errors()):
        return problem_response(MalformedBody("The body is no JSON.", errors=errors), _request_id(request))
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return problem_response(InvalidRequest(f"The request has {count}.", errors=errors), _request_id(request))


def _field_error(details: Mapping[str, Any]) -> FieldError:
    path = ""
    for part in details["loc"][1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return FieldError(path, str(details["msg"]), details.get("input"))


async def _on_http_exception(request: Request, error: HTTPException) -> Response:
    path, method = request.url.path, request.method
    headers = dict(error.headers or {})
    match error.status_code:
        case 400:
            ours: TrainshedError = MalformedBody("The body cannot be read.")
        case 404:
            ours = RouteNotFound(f"There is nothing at {path[:_LONGEST_TEXT]}.")
        case 405:
            ours = MethodNotAllowed(f"{path[:_LONGEST_TEXT]} does not take {method}.")
            headers["Allow"] = ", ".join(_methods_at(request))
        case 413:
            ours = BodyTooLarge("The body is too large.")
        case _:
            ours = InvalidRequest(error.detail)
    return problem_response(ours, _request_id(request), status=error.status_code, headers=headers)


def _methods_at(request: Request) -> list[str]:
    """Return what the address of the request takes: each method is a route of its own, and all of them belong here."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = (route.methods or set() for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted(set[str]().union(*found))


HANDLERS: Final[dict[type[Exception], Any]] = {
    TrainshedError: _on_trainshed_error,
    DatabaseUnavailable: _on_database_unavailable,
    RequestValidationError: _on_invalid_request,
    HTTPException: _on_http_exception,
}
