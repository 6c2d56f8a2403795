"""/api/v1/jobs: submit, list, get, change, cancel, hold, release, pause, resume, retry, clone, delete."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from api.auth.requires import ChangesJobs, ReadsJobs
from api.description import reference
from api.operations import cancel, change, jobs, pause, submit
from api.operations.change import Change
from api.operations.drafts import Syntax
from api.operations.jobs import Versioned
from api.operations.orders import Accepted
from api.parts import AppParts
from api.routes.answers import json_answer, matches, problems
from api.routes.parameters import JobId, Moment, Text, Wait
from db.queries.job_pages import JobFilter, JobSort
from trainshed import wire
from trainshed.errors import FieldError, InvalidRequest, UnsupportedMediaType
from trainshed.specs.base import LabelKey, LabelValue
from trainshed.specs.parse import KINDS
from trainshed.states import JobState

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])

_SYNTAX: Final[dict[str, Syntax]] = {
    "application/json": "json",
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
}
_EXAMPLE: Final[dict[str, Any]] = {"kind": "command", "name": "hello", "command": ["echo", "hello"]}


def _body(description: str, schema: dict[str, str], example: Any) -> dict[str, Any]:
    media = {"schema": schema, "example": example}
    content = {"application/json": media, "application/yaml": media}
    return {"requestBody": {"required": True, "description": description, "content": content}}


_SPEC_BODY: Final = _body("A job spec.", reference("Spec"), _EXAMPLE)
_BATCH_BODY: Final = _body("Up to 1,000 job specs.", reference("SpecList"), {"jobs": [_EXAMPLE, _EXAMPLE]})
_PATCH_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": False,
        "description": "A JSON merge patch (RFC 7396) of the spec.",
        "content": {
            media_type: {"schema": reference("SpecPatch"), "example": {"priority": 5}}
            for media_type in ("application/json", "application/merge-patch+json")
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


SpecSyntax = Annotated[Syntax, Depends(_syntax)]
Content = Annotated[bytes, Depends(_content)]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$", description="Makes it safe to repeat the request"),
]
DryRun = Annotated[bool, Query(description="Check everything and store nothing")]


def _accepted(accepted: Accepted, *, located: bool = True) -> Response:
    headers = {"Server-Timing": f"commit;dur={1000 * accepted.commit_s:.2f}"}
    if located:
        headers["Location"] = f"/api/v1/jobs/{accepted.job_id}"
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(accepted.body, 202, headers, "application/json")


@router.post(
    "",
    operation_id="jobs_create",
    summary="Submit a job",
    status_code=202,
    response_model=wire.Job,
    responses={200: {"description": "What a dry run found.", "model": wire.Job}, **problems(400, 413, 415, 422)},
    openapi_extra=_SPEC_BODY,
)
async def create(
    parts: AppParts,
    who: ChangesJobs,
    syntax: SpecSyntax,
    content: Content,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response:
    """Accept a job. It is durable when the answer comes. With an Idempotency-Key the request may be repeated safely."""
    if dry_run:
        return json_answer(await run_in_threadpool(submit.check, parts, who, content, syntax))
    return _accepted(await submit.submit(parts, who, content, syntax, key=idempotency_key))


@router.post(
    "/batch",
    operation_id="jobs_create_batch",
    summary="Submit many jobs, all or none",
    status_code=202,
    response_model=wire.JobBatch,
    responses={200: {"description": "What a dry run found.", "model": wire.JobBatch}, **problems(400, 413, 415, 422)},
    openapi_extra=_BATCH_BODY,
)
async def create_batch(
    parts: AppParts,
    who: ChangesJobs,
    syntax: SpecSyntax,
    content: Content,
    idempotency_key: IdempotencyKey = None,
    dry_run: DryRun = False,
) -> Response:
    """Accept up to 1,000 jobs in one transaction. Errors name the place: jobs[3].training.epochs."""
    if dry_run:
        return json_answer(await run_in_threadpool(submit.check_batch, parts, who, content, syntax))
    accepted = await run_in_threadpool(submit.submit_batch, parts, who, content, syntax, key=idempotency_key)
    return _accepted(accepted, located=False)


class JobQuery(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    state: Annotated[list[JobState], Field(max_length=16)] = []
    """May be repeated."""
    kind: Annotated[list[Literal[tuple(KINDS)]], Field(max_length=16)] = []  # type: ignore[valid-type]
    """May be repeated."""
    name: Text | None = None
    label: list[str] = Field(default=[], max_length=64)
    """key=value; may be repeated, and then all must match."""
    text: Text | None = None
    """Part of a name or identifier."""
    id_prefix: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,30}$")] | None = None
    """Beginning of an identifier."""
    created_after: Moment | None = None
    """RFC 3339; UTC where it names no zone."""
    created_before: Moment | None = None
    sort: JobSort = JobSort.NEWEST
    limit: Annotated[int, Field(ge=1, le=500)] = 50
    cursor: Annotated[str, Field(max_length=200, json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"})] | None = None
    """`next_cursor` of the page before."""

    def filter(self) -> JobFilter:
        return JobFilter(
            states=tuple(self.state),
            kinds=tuple(self.kind),
            name=self.name,
            labels=_labels(self.label),
            text=self.text,
            id_prefix=self.id_prefix,
            created_after=_seconds(self.created_after),
            created_before=_seconds(self.created_before),
        )


@router.get("", operation_id="jobs_list", summary="List jobs", response_model=wire.JobPage, responses=problems(422))
async def list_(request: Request, parts: AppParts, who: ReadsJobs, query: Annotated[JobQuery, Query()]) -> Response:
    """Return jobs of the project. A page may be short without being the last: that one has no next_cursor."""
    page = await run_in_threadpool(
        jobs.list_jobs,
        parts.database,
        who,
        query.filter(),
        sort=query.sort,
        cursor=query.cursor,
        limit=query.limit,
    )
    return json_answer(page, headers=_link(request, page.next_cursor))


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
        written = await parts.polls.get(who, job_id)
        if matches(if_none_match, written.etag):
            return Response(status_code=304, headers={"ETag": written.etag})
        return Response(written.body, headers={"ETag": written.etag}, media_type="application/json")
    if if_none_match is None:
        found: Versioned = await jobs.await_finish(parts.database, parts.tail, who, job_id, wait_s=wait)
    else:
        found = await jobs.await_change(
            parts.database, parts.tail, who, job_id, known=lambda tag: matches(if_none_match, tag), wait_s=wait
        )
    if matches(if_none_match, found.etag):
        return Response(status_code=304, headers={"ETag": found.etag})
    return _versioned(found)


class JobChange(BaseModel):
    """What to change of a job. What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    labels: Annotated[dict[LabelKey, LabelValue | None], Field(max_length=64)] | None = None
    """Merged into the labels; null removes one."""
    priority: Annotated[int, Field(ge=-1000, le=1000)] | None = None
    hold: bool | None = None
    """Whether it waits until it is released."""


@router.patch(
    "/{job_id}",
    operation_id="jobs_update",
    summary="Change labels, priority or hold",
    response_model=wire.Job,
    responses=problems(400, 404, 409, 412, 413, 422),
)
async def update(
    parts: AppParts,
    who: ChangesJobs,
    job_id: JobId,
    body: JobChange,
    if_match: Annotated[str | None, Header(description="ETag of the version that was read")] = None,
) -> Response:
    """Change a job. With If-Match, only when nobody else has changed it since it was read."""
    wanted = Change(labels=body.labels, priority=body.priority, hold=body.hold)
    known: Callable[[str], bool] = lambda etag: if_match is None or matches(if_match, etag)  # noqa: E731
    return _versioned(await run_in_threadpool(change.change, parts, who, job_id, wanted, is_current=known))


@router.delete(
    "/{job_id}",
    operation_id="jobs_delete",
    summary="Delete a finished job",
    status_code=204,
    response_class=Response,
    responses=problems(404, 409),
)
async def delete(parts: AppParts, who: ChangesJobs, job_id: JobId) -> Response:
    """Remove a finished job with its logs, metrics and artifacts."""
    await run_in_threadpool(change.delete, parts, who, job_id)
    return Response(status_code=204)


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


@router.post(
    "/{job_id}/hold",
    operation_id="jobs_hold",
    summary="Keep a waiting job from starting",
    response_model=wire.Job,
    responses=problems(404, 409),
)
async def hold(parts: AppParts, who: ChangesJobs, job_id: JobId) -> Response:
    """Hold a job until it is released. To repeat it does no harm."""
    return _versioned(await run_in_threadpool(change.change, parts, who, job_id, Change(hold=True)))


@router.post(
    "/{job_id}/release",
    operation_id="jobs_release",
    summary="Let a held job go",
    response_model=wire.Job,
    responses=problems(404, 409),
)
async def release(parts: AppParts, who: ChangesJobs, job_id: JobId) -> Response:
    """Release a held job: it is queued, or waits for the jobs that it needs. To repeat it does no harm."""
    return _versioned(await run_in_threadpool(change.change, parts, who, job_id, Change(hold=False)))


@router.post(
    "/{job_id}/pause",
    operation_id="jobs_pause",
    summary="Stop a job until it is resumed",
    status_code=202,
    response_model=wire.Job,
    responses=problems(404, 409),
)
async def pause_(parts: AppParts, who: ChangesJobs, job_id: JobId) -> Response:
    """Ask a running job to keep its state and stop; hold a waiting one. To repeat it does no harm."""
    return _versioned(await run_in_threadpool(pause.pause, parts, who, job_id), status=202)


@router.post(
    "/{job_id}/resume",
    operation_id="jobs_resume",
    summary="Let a paused job go on",
    response_model=wire.Job,
    responses=problems(404, 409),
)
async def resume(parts: AppParts, who: ChangesJobs, job_id: JobId) -> Response:
    """Queue a paused job, which goes on from where it stopped; release a held one. To repeat it does no harm."""
    return _versioned(await run_in_threadpool(pause.resume, parts, who, job_id))


@router.post(
    "/{job_id}/retry",
    operation_id="jobs_retry",
    summary="Run a finished job again",
    status_code=202,
    response_model=wire.Job,
    responses=problems(404, 409, 422),
)
async def retry(parts: AppParts, who: ChangesJobs, job_id: JobId, idempotency_key: IdempotencyKey = None) -> Response:
    """Make a new job of the same spec, with `retry_of`. The old one stays as it is."""
    return _accepted(await submit.retry(parts, who, job_id, key=idempotency_key))


@router.post(
    "/{job_id}/clone",
    operation_id="jobs_clone",
    summary="Submit the spec of a job once more, changed",
    status_code=202,
    response_model=wire.Job,
    responses=problems(400, 404, 413, 422),
    openapi_extra=_PATCH_BODY,
)
async def clone(
    parts: AppParts, who: ChangesJobs, job_id: JobId, content: Content, idempotency_key: IdempotencyKey = None
) -> Response:
    """Make a new job from the spec of another one, with a JSON merge patch put in."""
    return _accepted(await submit.clone(parts, who, job_id, content, key=idempotency_key))


def _versioned(found: Versioned, *, status: int = 200) -> Response:
    return json_answer(found.job, status=status, headers={"ETag": found.etag})


def _link(request: Request, next_cursor: str | None) -> dict[str, str]:
    """Return the header that leads to the next page (RFC 8288)."""
    if next_cursor is None:
        return {}
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
    return {"Link": f'<{request.url.path}?{urlencode([*query, ("cursor", next_cursor)])}>; rel="next"'}


def _seconds(moment: datetime | None) -> float | None:
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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
