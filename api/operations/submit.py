"""Takes a job in: checked whole, and committed with its first event before anybody hears that it was accepted."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Final, Literal

import structlog
from sqlalchemy import Connection

from api.auth.principal import Principal
from api.operations import present
from api.operations.parents import lock_parents
from api.operations.parts import Parts
from api.operations.room import check_room
from db import idempotency, transitions
from db.queries.jobs import get_job
from db.transitions import NewJob
from trainshed.errors import BodyTooLarge, IdempotencyMismatch, InvalidSpec, MalformedBody
from trainshed.ids import new_id
from trainshed.specs import JobSpec, dump_spec, parse_spec
from trainshed.specs.parse import load_document

log = structlog.get_logger(__name__)

Syntax = Literal["json", "yaml"]

_MOST_YAML_BYTES: Final = 1 << 17
"""The reader of YAML takes some 6 s for each MiB, and other requests wait for it."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to a submit. `body` is the job as JSON, the same bytes for each repeat of a request."""

    job_id: str
    body: bytes
    replayed: bool
    commit_s: float = 0.0
    """How long it took to make it durable."""


def submit(parts: Parts, who: Principal, content: bytes, syntax: Syntax, *, key: str | None = None) -> Accepted:
    """Make a job from a spec. `key` makes it safe to repeat the request.

    Raises `BodyTooLarge`, `MalformedBody`, `InvalidSpec`, `NothingFits`, `IdempotencyMismatch`.
    """
    spec = parse_spec(_read(content, syntax))
    job = _new_job(spec, who)
    with parts.database.begin() as conn:
        if key is not None:
            request_sha256 = hashlib.sha256(syntax.encode() + b"\0" + content).hexdigest()
            kept = idempotency.reserve(conn, who.project_id, key, request_sha256=request_sha256, job_id=job.id)
            if kept is not None:
                return _replay(kept, request_sha256)
        body, queued = _make(conn, parts, who, spec, job)
        if key is not None:
            idempotency.keep(conn, who.project_id, key, body)
        made_at = time.perf_counter()
    commit_s = time.perf_counter() - made_at
    if queued:
        parts.publisher.hint([job.pool])
    log.info("job.submitted", job_id=job.id, kind=job.kind, pool=job.pool)
    return Accepted(job.id, body.encode(), replayed=False, commit_s=commit_s)


def _read(content: bytes, syntax: Syntax) -> object:
    if syntax == "yaml" and len(content) > _MOST_YAML_BYTES:
        raise BodyTooLarge(
            f"A job spec has at most {_MOST_YAML_BYTES} bytes as YAML.", facts={"max_body_bytes": _MOST_YAML_BYTES}
        )
    try:
        return load_document(content, syntax=syntax)
    except InvalidSpec as error:
        raise MalformedBody(error.detail, errors=error.errors) from error


def _new_job(spec: JobSpec, who: Principal) -> NewJob:
    return NewJob(
        id=new_id("job"),
        project_id=who.project_id,
        created_by=who.key_id,
        kind=spec.kind,
        name=spec.name,
        labels=dict(spec.labels),
        spec=dump_spec(spec),
        priority=spec.priority,
        pool=spec.resources.pool,
        cpus=spec.resources.cpus,
        memory_bytes=spec.resources.memory,
        gpus=spec.resources.gpus,
        queue_timeout_s=spec.timeout.queue,
        needs=spec.waits_for,
    )


def _replay(kept: idempotency.Kept, request_sha256: str) -> Accepted:
    if kept.request_sha256 != request_sha256:
        raise IdempotencyMismatch(
            "The Idempotency-Key belongs to a request with another body.", facts={"job_id": kept.job_id}
        )
    return Accepted(kept.job_id, kept.response.encode(), replayed=True)


def _make(conn: Connection, parts: Parts, who: Principal, spec: JobSpec, job: NewJob) -> tuple[str, bool]:
    """Return the job as JSON, and whether it may be claimed now."""
    blocked = lock_parents(conn, who.project_id, spec)
    if job.pool not in parts.settings.elastic_pools:
        check_room(conn, job)
    transitions.submit(conn, job, who.by, blocked=blocked)
    details = get_job(conn, who.project_id, job.id)
    assert details is not None
    return present.job(details).model_dump_json(), not blocked
