"""Checks the jobs that a new one is to wait for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Row

from trainshed.errors import FieldError, InvalidSpec
from trainshed.specs import JobSpec
from trainshed.states import JobState


def must_wait(spec: JobSpec, project_id: str, locked: Mapping[str, Row[Any]]) -> bool:
    """Return whether a job has to wait for one of those `locked`. Raises `InvalidSpec` when it would wait in vain."""
    waits_for = spec.waits_for
    if not waits_for:
        return False
    found = {job_id: locked[job_id] for job_id in waits_for if job_id in locked}
    ours = {job_id: row for job_id, row in found.items() if row.project_id == project_id}
    errors = tuple(_errors(spec, ours))
    if errors:
        count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        raise InvalidSpec(f"The job spec has {count}.", errors=errors)
    return any(row.state != JobState.SUCCEEDED for row in ours.values())


def _errors(spec: JobSpec, found: Mapping[str, Row[Any]]) -> Iterator[FieldError]:
    if (source := spec.model_source) is not None:
        trained = found.get(source.job)
        if trained is not None and trained.kind != "train":
            message = f"{source.job} is of kind {trained.kind}; only a train job makes a model"
            yield FieldError(source.field, message, source.job)
        else:
            yield from _error(source.field, source.job, trained)
    for index, job_id in enumerate(spec.depends_on):
        yield from _error(f"depends_on[{index}]", job_id, found.get(job_id))


def _error(path: str, job_id: str, row: Row[Any] | None) -> Iterator[FieldError]:
    if row is None:
        yield FieldError(path, f"there is no job {job_id} in this project", job_id)
    elif row.state in {JobState.FAILED, JobState.CANCELLED}:
        yield FieldError(path, f"{job_id} has ended {row.state}, so this job could never start", job_id)
