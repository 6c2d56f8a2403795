"""Addresses of the API. What cannot be an identifier or a name never becomes a part of one."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote

from trainshed.errors import InvalidRequest, NotFound

API: Final = "/api/v1"
_ID: Final = re.compile(r"[A-Za-z0-9_]{1,64}")
_DATASET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_REF: Final = re.compile(r"([^@]+)@([1-9][0-9]{0,8})")


def job_path(job_id: str) -> str:
    """Return the address of a job. Raises `NotFound` for what is no identifier."""
    return f"{API}/jobs/{_identifier(job_id, 'a job')}"


def artifact_path(job_id: str, path: str) -> str:
    """Return the address of an artifact."""
    return f"{job_path(job_id)}/artifacts/{quote(path)}"


def worker_path(worker_id: str) -> str:
    """Return the address of a worker."""
    return f"{API}/workers/{_identifier(worker_id, 'a worker')}"


def token_path(token_id: str) -> str:
    """Return the address of a token."""
    return f"{API}/tokens/{_identifier(token_id, 'a token')}"


def upload_path(upload_id: str) -> str:
    """Return the address of an upload."""
    return f"{API}/uploads/{_identifier(upload_id, 'an upload')}"


def dataset_path(name: str) -> str:
    """Return the address of a dataset."""
    if not _DATASET.fullmatch(name):
        raise NotFound(f"{name!r} is no name of a dataset.")
    return f"{API}/datasets/{name}"


def new_dataset_path(name: str) -> str:
    """Return the address of a dataset that may have to be made. Raises `InvalidRequest` for what cannot be its name."""
    if not _DATASET.fullmatch(name):
        raise InvalidRequest(
            f"{name!r} cannot name a dataset.",
            remedy="Use at most 63 lower-case letters, digits, dots, dashes and underscores; a letter or digit first.",
        )
    return dataset_path(name)


def version_path(name: str, version: int) -> str:
    """Return the address of one version of a dataset."""
    return f"{dataset_path(name)}/versions/{version}"


def split_ref(ref: str) -> tuple[str, int | None]:
    """Split `faces@2` into name and version; the version of `faces` is None. Raises `InvalidRequest`."""
    if "@" not in ref:
        return ref, None
    match = _REF.fullmatch(ref)
    if match is None:
        raise InvalidRequest(f"{ref!r} names no version of a dataset.", remedy="Write it like faces@2.")
    return match[1], int(match[2])


def _identifier(text: str, kind: str) -> str:
    if not _ID.fullmatch(text):
        raise NotFound(f"{text!r} is no identifier of {kind}.")
    return text
