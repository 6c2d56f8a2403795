"""Pins the datasets that a new job reads: names become versions, and versions are held until the job is committed."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection

from db import datasets
from db.datasets import Pin
from db.queries import datasets as queries
from db.queries.jobs import get_spec
from trainshed.errors import FieldError, InvalidSpec
from trainshed.specs import CommandSpec, Data, JobSpec
from trainshed.specs.explain import nearest

__all__ = ["Pin", "pin_datasets"]

_SHIPPED: Final = ("builtin/", "synthetic/")
"""Datasets that come with a worker have no versions."""
_PATH: Final = "data.dataset"
_MOST_NAMES: Final = 1_000
_LONGEST_NUMBER: Final = 9
"""Digits: a longer one is no number of a version, and would not fit into its column."""


def pin_datasets(conn: Connection, project_id: str, spec: JobSpec) -> tuple[JobSpec, tuple[Pin, ...]]:
    """Return the spec with a version in the place of a mere name, and what it reads. Raises `InvalidSpec`.

    Until the commit nobody can delete what is pinned. Call it before `lock_parents`: whoever deletes a version takes
    the dataset first and jobs after it.
    """
    if isinstance(spec, CommandSpec):
        return spec, ()
    if spec.data is None:
        return spec, _of_training(conn, project_id, spec.model.job)
    if not _is_uploaded(spec.data.dataset):
        return spec, ()
    pin, ref = _pin(conn, project_id, spec.data.dataset or "")
    pinned: Data = spec.data.model_copy(update={"dataset": ref})
    return spec.model_copy(update={"data": pinned}), (pin,)


def _of_training(conn: Connection, project_id: str, job_id: str) -> tuple[Pin, ...]:
    """An evaluation or prediction without data of its own reads what its model was trained on."""
    trained = get_spec(conn, project_id, job_id)
    ref = _dataset_of(trained.spec) if trained is not None else None  # that there is no such job is said elsewhere
    if not _is_uploaded(ref):
        return ()
    name, _, number = (ref or "").partition("@")
    dataset_id = datasets.share(conn, project_id, name)
    version = None if dataset_id is None else _number_of(conn, dataset_id, number)
    if dataset_id is None or version is None:
        message = f"{ref}, which {job_id} was trained on, was deleted; name other data with `data`"
        raise _invalid(FieldError("model.job", message, job_id))
    return (Pin(dataset_id, version, "model.job"),)


def _dataset_of(document: dict[str, Any]) -> str | None:
    dataset: str | None = (document.get("data") or {}).get("dataset")
    return dataset


def _is_uploaded(ref: str | None) -> bool:
    return ref is not None and not ref.startswith(_SHIPPED)


def _pin(conn: Connection, project_id: str, ref: str) -> tuple[Pin, str]:
    name, _, number = ref.partition("@")
    dataset_id = datasets.share(conn, project_id, name)
    if dataset_id is None:
        raise _unknown_dataset(conn, project_id, ref, name)
    version = _number_of(conn, dataset_id, number)
    if version is None:
        raise _unknown_version(conn, dataset_id, ref, name)
    return Pin(dataset_id, version, _PATH), f"{name}@{version}"


def _number_of(conn: Connection, dataset_id: str, number: str) -> int | None:
    """Return the version of that number, the newest without one. None: there is none."""
    if not number:
        return next(iter(queries.list_numbers(conn, dataset_id, limit=1)), None)
    if len(number) > _LONGEST_NUMBER:
        return None
    return int(number) if queries.has_version(conn, dataset_id, int(number)) else None


def _unknown_dataset(conn: Connection, project_id: str, ref: str, name: str) -> InvalidSpec:
    suggestion = nearest(name, queries.list_names(conn, project_id, limit=_MOST_NAMES))
    hint = f"; did you mean `{suggestion}`?" if suggestion else "; `trainshed dataset list` shows what there is"
    return _invalid(FieldError(_PATH, f"there is no dataset {name} in this project{hint}", ref, suggestion=suggestion))


def _unknown_version(conn: Connection, dataset_id: str, ref: str, name: str) -> InvalidSpec:
    there = [f"{name}@{number}" for number in queries.list_numbers(conn, dataset_id, limit=10)]
    if not there:
        return _invalid(FieldError(_PATH, f"all versions of {name} were deleted", ref))
    message = f"there is no {ref}; did you mean `{there[0]}`?"
    return _invalid(FieldError(_PATH, message, ref, allowed=", ".join(there), suggestion=there[0]))


def _invalid(error: FieldError) -> InvalidSpec:
    return InvalidSpec("The job spec has 1 error.", errors=(error,))
