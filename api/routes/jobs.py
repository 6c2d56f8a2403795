"""/api/v1/jobs: submit, list, get, cancel."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ChangesJobs, ReadsJobs
from api.operations import cancel, jobs, submit
from api.operations.jobs import Versioned
from api.operations.submit import Accepted, Syntax
from api.parts import AppParts
from api.routes.answers import json_answer, matches, problems
from api.routes.parameters import JobId, Text, Wait
from db.queries.jobs import JobFilter
from trainshed import wire
from trainshed.errors import FieldError, InvalidRequest, UnsupportedMediaType
from trainshed.specs.base import LabelKey, LabelValue
from trainshed.specs.parse import KINDS
from trainshed.states import JobState

router = APIRouter(tags=["jobs"])

_SYNTAX: Final[dict[str, Syntax]] = {
    "application/json": "json",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
}
_SPEC_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": "A job spec; its JSON Schema is docs/job.schema.json.",
        "content": {
            media_type: {"schema": {"type": "object"}} for media_type in ("application/json", "application/yaml")
        },
    }
}


async def _content(request: Request) -> bytes:
    return await request.body()


async def _syntax(request: Request) -> Syntax:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _SYNTAX:
        raise UnsupportedMediaType(
            f"A job spec is sent as application/json or application/yaml, not as {media_type[:64] or 'nothing'}."
        )
    return _SYNTAX[media_type]


@router.post(
    "",
    operation_id="jobs_create",
    summary="Submit a job",
    status_code=202,
    response_model=wire.Job,
    responses=problems(400, 413, 415, 422),
    openapi_extra=_SPEC_BODY,
)
async def create(
    parts: AppParts,
    who: ChangesJobs,
    syntax: Annotated[Syntax, Depends(_syntax)],
    content: Annotated[bytes, Depends(_content)],
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")] = None,
) -> Response:
    """Accept a job. It is durable when the answer comes. With an Idempotency-Key the request may be repeated safely."""
    accepted: Accepted = await run_in_threadpool(submit.submit, parts, who, content, syntax, key=idempotency_key)
    headers = {
        "Location": f"/api/v1/jobs/{accepted.job_id}",
        "Server-Timing": f"commit;dur={1000 * accepted.commit_s:.2f}",
    }
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(accepted.body, 202, headers, "application/json")


class JobQuery(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid")

    state: list[JobState] = []
    """May be repeated."""
    kind: list[Literal[tuple(KINDS)]] = []  # type: ignore[valid-type]
    """May be repeated."""
    name: Text | None = None
    label: list[str] = Field(default=[], max_length=64)
    """key=value; may be repeated, and then all must match."""
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: Annotated[str, Field(max_length=200)] | None = None
    """`next_cursor` of the page before."""


@router.get("", operation_id="jobs_list", summary="List jobs", response_model=wire.JobPage, responses=problems(422))
async def list_(parts: AppParts, who: ReadsJobs, query: Annotated[JobQuery, Query()]) -> Response:
    """Return jobs of the project, newest first."""
    wanted = JobFilter(tuple(query.state), tuple(query.kind), query.name, _labels(query.label))
    page = await run_in_threadpool(jobs.list_jobs, parts.database, who, wanted, cursor=query.cursor, limit=query.limit)
    return json_answer(page)


@router.get(
    "/{job_id}",
    operation_id="jobs_get",
    summary="Get a job, now or when it has changed",
    response_model=wire.Job,
    responses={304: {"description": "Nothing has changed."}, **problems(404, 422)},
)
async def get(
    parts: AppParts,
    who: ReadsJobs,
    job_id: JobId,
    wait: Annotated[Wait, Query()] = 0.0,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return a job. With `wait` the answer comes as soon as it has finished; with If-None-Match too, as it changes."""
    if wait == 0:
        found: Versioned = await run_in_threadpool(jobs.get_job, parts.database, who, job_id)
    elif if_none_match is None:
        found = await jobs.await_finish(parts.database, parts.tail, who, job_id, wait_s=wait)
    else:
        found = await jobs.await_change(
            parts.database, parts.tail, who, job_id, known=lambda tag: matches(if_none_match, tag), wait_s=wait
        )
    headers = {"ETag": found.etag}
    if matches(if_none_match, found.etag):
        return Response(status_code=304, headers=headers)
    return json_answer(found.job, headers=headers)


@router.post(
    "/{job_id}/cancel",
    operation_id="jobs_cancel",
    summary="Cancel a job",
    status_code=202,
    response_model=wire.Job,
    responses=problems(404, 409),
)
async def cancel_(parts: AppParts, who: ChangesJobs, job_id: JobId) -> Response:
    """End a waiting job at once; ask the worker of a running one to end it."""
    return json_answer(await run_in_threadpool(cancel.cancel, parts, who, job_id), status=202)


_LABELS: Final[TypeAdapter[dict[str, str]]] = TypeAdapter(dict[LabelKey, LabelValue])


def _labels(pairs: list[str]) -> dict[str, str]:
    split = [pair.partition("=") for pair in pairs]
    if not all(separator for _, separator, _ in split):
        raise _bad_label(pairs)
    try:
        return _LABELS.validate_python({key: value for key, _, value in split})
    except ValidationError as error:
        raise _bad_label(pairs) from error


def _bad_label(pairs: list[str]) -> InvalidRequest:
    message = "write key=value, with a key and a value that a label may have"
    return InvalidRequest("The label cannot be read.", errors=(FieldError("label", message, ", ".join(pairs)),))
