"""From an HTTP answer that is no success to the exception it came from."""

from __future__ import annotations

from typing import Final

import httpx2
from pydantic import ValidationError

from trainshed.errors import BY_CODE, FieldError, TooManyRequests, TrainshedError, Unavailable, UnexpectedAnswer
from trainshed.wire import Problem

_SHOWN: Final = 80
_LONGEST_RETRY_AFTER_S: Final = 3600.0


def error_from(response: httpx2.Response) -> TrainshedError:
    """Return the error that a problem document stands for. The body has been read.

    A gateway that answers in the place of a server (502, 503, 504 with any body) becomes `Unavailable`.
    """
    problem = _problem(response)
    if problem is not None:
        return _known(problem)
    if response.status_code in (502, 503, 504):
        return Unavailable(f"{_asked(response)} was answered {_status(response)}.")
    if response.status_code == 429:
        return TooManyRequests(f"{_asked(response)} was answered {_status(response)}.")
    return unexpected(response, "no problem document")


def unexpected(response: httpx2.Response, why: str) -> UnexpectedAnswer:
    """Return the error for an answer that no Trainshed server gives. Shows how it begins."""
    content_type = response.headers.get("content-type", "no content type")
    begin = response.text[:_SHOWN] if response.is_closed and response.is_stream_consumed else ""
    return UnexpectedAnswer(
        f"{_asked(response)} was answered {_status(response)}, {content_type}, {why}: {begin!r}",
        facts={"status": response.status_code, "content_type": content_type},
    )


def retry_after_s(response: httpx2.Response) -> float:
    """Return the seconds of Retry-After; 0 when it is absent or a date."""
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_RETRY_AFTER_S) if text.isascii() and text.isdigit() else 0.0


def _problem(response: httpx2.Response) -> Problem | None:
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        return Problem.model_validate_json(response.content)
    except ValidationError:
        return None


def _known(problem: Problem) -> TrainshedError:
    """A code that this client is too old to know keeps its words and becomes the base class."""
    kind = BY_CODE.get(problem.code, TrainshedError)
    error = kind(
        problem.detail,
        errors=tuple(
            FieldError(error.path, error.message, error.value, error.allowed, error.suggestion)
            for error in problem.errors
        ),
        facts={**problem.facts, "code": problem.code, "status": problem.status},
        remedy=problem.remedy or None,
        request_id=problem.request_id or None,
    )
    error.problem = problem
    return error


def _asked(response: httpx2.Response) -> str:
    return f"{response.request.method} {response.request.url}"


def _status(response: httpx2.Response) -> str:
    return f"{response.status_code} {response.reason_phrase}".rstrip()
