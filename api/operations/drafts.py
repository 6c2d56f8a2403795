"""From what a client sent to jobs that could be made, before the database is asked anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from api.auth.principal import Principal
from api.auth.scopes import Scope
from db.transitions import NewJob
from trainshed.errors import BodyTooLarge, FieldError, InvalidRequest, InvalidSpec, MalformedBody, TrainshedError
from trainshed.ids import new_id
from trainshed.specs import JobSpec, PreprocessSpec, dump_spec, parse_spec
from trainshed.specs.parse import load_document, parse_batch

Syntax = Literal["json", "yaml"]

MOST_JOBS: Final = 1_000
_MOST_YAML_BYTES: Final = 1 << 17
"""The reader of YAML takes some 6 s for each MiB, and other requests wait for it."""
_MOST_ERRORS: Final = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """A job as its spec describes it."""

    spec: JobSpec
    job: NewJob
    who: Principal
    reads: tuple[tuple[str, int], ...] = ()
    """Versions of datasets."""

    def with_spec(self, spec: JobSpec, reads: tuple[tuple[str, int], ...]) -> Draft:
        """Return the same job with its datasets pinned."""
        return replace(self, spec=spec, job=replace(self.job, spec=dump_spec(spec)), reads=reads)


def read_draft(content: bytes, syntax: Syntax, who: Principal) -> Draft:
    """Read one spec. Raises `BodyTooLarge`, `MalformedBody`, `InvalidSpec`."""
    return draft(parse_spec(read_document(content, syntax)), who)


def read_batch(content: bytes, syntax: Syntax, who: Principal) -> list[Draft]:
    """Read `{"jobs": [spec, ...]}`. Raises as `read_draft` does, and `InvalidRequest`; errors name the place."""
    specs = parse_batch(content, most=MOST_JOBS) if syntax == "json" else None
    if specs is None:
        specs = _parse_all(_specs(read_document(content, syntax)))
    return [draft(spec, who) for spec in specs]


def draft(spec: JobSpec, who: Principal, *, retry_of: str | None = None) -> Draft:
    """Return the job that `spec` describes, with a new identifier. Raises `Forbidden` for what `who` may not make."""
    if isinstance(spec, PreprocessSpec):
        who.refuse_without(Scope.DATASETS_WRITE)  # its end is a version of a dataset
    job = NewJob(
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
        retry_of=retry_of,
    )
    return Draft(spec, job, who)


def read_document(content: bytes, syntax: Syntax) -> Any:
    """Read JSON or YAML. Raises `BodyTooLarge`, `MalformedBody`."""
    if syntax == "yaml" and len(content) > _MOST_YAML_BYTES:
        raise BodyTooLarge(
            f"A body has at most {_MOST_YAML_BYTES} bytes as YAML.", facts={"max_body_bytes": _MOST_YAML_BYTES}
        )
    try:
        return load_document(content, syntax=syntax)
    except InvalidSpec as error:
        raise MalformedBody(error.detail, errors=error.errors) from error


def refused_batch(decisions: Sequence[object]) -> TrainshedError:
    """Return the error of a batch, where `decisions` has one `TrainshedError` for each of its jobs that is refused."""
    refused = [(index, each) for index, each in enumerate(decisions) if isinstance(each, TrainshedError)]
    if len({type(error) for _, error in refused}) == 1 and not isinstance(refused[0][1], InvalidSpec):
        index, error = refused[0]
        facts = {**error.facts, "job": index}
        return type(error)(f"jobs[{index}]: {error.detail}", errors=error.errors, facts=facts, remedy=error.advice)
    return _bad_specs([field for index, error in refused for field in _at_place(error, index)])


def _at_place(error: TrainshedError, index: int) -> tuple[FieldError, ...]:
    """Return the errors of the spec at `index` of a batch, with paths that begin there."""
    place = f"jobs[{index}]"
    fields = error.errors or (FieldError("", error.detail),)
    return tuple(replace(each, path=f"{place}.{each.path}" if each.path else place) for each in fields)


def _bad_specs(errors: Sequence[FieldError]) -> InvalidSpec:
    """Of very many errors only the first are shown."""
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return InvalidSpec(
        f"The batch has {count}; none of its jobs was made.",
        errors=tuple(errors[:_MOST_ERRORS]),
        facts={"errors": len(errors)},
    )


def _specs(document: Any) -> list[Any]:
    jobs = document.get("jobs") if isinstance(document, dict) and set(document) == {"jobs"} else None
    if not isinstance(jobs, list):
        raise _bad_batch("a batch is an object with one key, `jobs`: a list of specs")
    if not 1 <= len(jobs) <= MOST_JOBS:
        raise _bad_batch(f"a batch has 1 to {MOST_JOBS} jobs, and this one {len(jobs)}")
    return jobs


def _bad_batch(message: str) -> InvalidRequest:
    return InvalidRequest("The request has 1 error.", errors=(FieldError("jobs", message),))


def _parse_all(documents: Sequence[Any]) -> list[JobSpec]:
    specs: list[JobSpec] = []
    errors: list[FieldError] = []
    for index, document in enumerate(documents):
        try:
            specs.append(parse_spec(document))
        except InvalidSpec as error:
            errors.extend(_at_place(error, index))
    if errors:
        raise _bad_specs(errors)
    return specs
