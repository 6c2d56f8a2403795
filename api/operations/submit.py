"""Takes jobs in: checked whole, and committed with their first event before anybody hears that they were accepted."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

import structlog
from starlette.concurrency import run_in_threadpool

from api.auth.principal import Principal
from api.operations.admission import Decision, admit, shown
from api.operations.drafts import Draft, Syntax, draft, read_batch, read_document, read_draft, refused_batch
from api.operations.jobs import not_found
from api.operations.merge_patch import merged
from api.operations.orders import Accepted, Order
from api.operations.parts import Parts
from db.idempotency import KeyOfRequest
from db.queries.jobs import get_spec
from db.transitions import NewRow
from trainshed import wire
from trainshed.errors import NotFinished, TrainshedError
from trainshed.specs import parse_spec
from trainshed.states import JobState

log = structlog.get_logger(__name__)

_SOON_READ_BYTES: Final = 1 << 14
"""A JSON body up to this is read on the event loop: that takes less than to hand it to a thread."""


async def submit(parts: Parts, who: Principal, content: bytes, syntax: Syntax, *, key: str | None = None) -> Accepted:
    """Make a job from a spec. `key` makes it safe to repeat the request.

    Raises `BodyTooLarge`, `MalformedBody`, `InvalidSpec`, `NothingFits`, `IdempotencyMismatch`.
    """
    if syntax == "json" and len(content) <= _SOON_READ_BYTES:
        read = read_draft(content, syntax, who)
    else:
        read = await run_in_threadpool(read_draft, content, syntax, who)
    return await _submit(parts, _order(who, read, key, "submit", syntax, content))


async def retry(parts: Parts, who: Principal, job_id: str, *, key: str | None = None) -> Accepted:
    """Make a finished job once more. Raises `NotFound`, `NotFinished`, and what `submit` does."""
    read = await run_in_threadpool(_draft_of_retry, parts, who, job_id)
    return await _submit(parts, _order(who, read, key, "retry", job_id))


async def clone(parts: Parts, who: Principal, job_id: str, patch: bytes, *, key: str | None = None) -> Accepted:
    """Make a job from the spec of another, changed by a JSON merge patch. Raises `NotFound`, and what `submit` does."""
    read = await run_in_threadpool(_draft_of_clone, parts, who, job_id, patch)
    return await _submit(parts, _order(who, read, key, "clone", job_id, patch))


def submit_batch(parts: Parts, who: Principal, content: bytes, syntax: Syntax, *, key: str | None = None) -> Accepted:
    """Make all jobs of a batch, or none. Raises what `submit` does, with the place of each error."""
    order = Order(
        drafts=tuple(read_batch(content, syntax, who)),
        key=_key(who, key),
        request_sha256=_fingerprint("batch", syntax, content),
        write=lambda rows: _batch(rows).model_dump_json(),
        refuse=refused_batch,
    )
    accepted = parts.intake.make_alone(order)
    log.info("jobs.submitted", first=accepted.job_id, count=len(order.drafts), replayed=accepted.replayed)
    return accepted


def check(parts: Parts, who: Principal, content: bytes, syntax: Syntax) -> wire.Job:
    """Return the job that a submit would make, without identifier. Nothing is stored. Raises what `submit` does."""
    decisions = _decide(parts, [read_draft(content, syntax, who)])
    row = decisions[0]
    if isinstance(row, TrainshedError):
        raise row
    return shown(row, who.project).model_copy(update={"id": ""})


def check_batch(parts: Parts, who: Principal, content: bytes, syntax: Syntax) -> wire.JobBatch:
    """The same for a batch."""
    decisions = _decide(parts, read_batch(content, syntax, who))
    rows = [each for each in decisions if isinstance(each, NewRow)]
    if len(rows) < len(decisions):
        raise refused_batch(decisions)
    return wire.JobBatch(items=tuple(ref.model_copy(update={"id": ""}) for ref in _batch(rows).items))


async def _submit(parts: Parts, order: Order) -> Accepted:
    accepted = await parts.intake.submit(order)
    job = order.drafts[0].job
    log.info("job.submitted", job_id=accepted.job_id, kind=job.kind, pool=job.pool, replayed=accepted.replayed)
    return accepted


def _order(who: Principal, read: Draft, key: str | None, *request: str | bytes) -> Order:
    return Order(
        drafts=(read,),
        key=_key(who, key),
        request_sha256=_fingerprint(*request),
        write=lambda rows: shown(rows[0], who.project).model_dump_json(),
        refuse=_first_error,
    )


def _first_error(decisions: Sequence[Decision]) -> TrainshedError:
    return next(each for each in decisions if isinstance(each, TrainshedError))


def _key(who: Principal, key: str | None) -> KeyOfRequest | None:
    return None if key is None else KeyOfRequest(who.project_id, key)


def _fingerprint(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        content = part if isinstance(part, bytes) else part.encode()
        digest.update(len(content).to_bytes(8) + content)
    return digest.hexdigest()


def _batch(rows: Sequence[NewRow]) -> wire.JobBatch:
    return wire.JobBatch(
        items=tuple(
            wire.JobRef(id=row.values["id"], name=row.values["name"], state=row.values["state"]) for row in rows
        )
    )


def _decide(parts: Parts, drafts: Sequence[Draft]) -> list[Decision]:
    with parts.database.read() as conn:
        return admit(conn, drafts, elastic_pools=parts.settings.elastic_pools)


def _draft_of_retry(parts: Parts, who: Principal, job_id: str) -> Draft:
    state, spec = _spec_of(parts, who, job_id)
    if not state.is_terminal:
        raise NotFinished(f"Job {job_id} is {state}.", facts={"job_id": job_id, "state": state.value})
    return draft(parse_spec(spec), who, retry_of=job_id)


def _draft_of_clone(parts: Parts, who: Principal, job_id: str, patch: bytes) -> Draft:
    _, spec = _spec_of(parts, who, job_id)
    return draft(parse_spec(merged(spec, read_document(patch, "json")) if patch else spec), who)


def _spec_of(parts: Parts, who: Principal, job_id: str) -> tuple[JobState, dict[str, Any]]:
    with parts.database.read() as conn:
        row = get_spec(conn, who.project_id, job_id)
    if row is None:
        raise not_found(job_id)
    return JobState(row.state), row.spec
