"""Submits any number of jobs in batches that the server takes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from trainshed.client.addresses import API
from trainshed.client.documents import SpecInput, json_body_of
from trainshed.client.transport import Call, Transport, read
from trainshed.errors import FieldError, TrainshedError
from trainshed.wire import JobBatch, JobRef

_MOST_JOBS: Final = 1_000
_MOST_BYTES: Final = 15 << 20
"""The server takes 16 MiB."""
_PLACE: Final = re.compile(r"jobs\[(\d+)\]")


def submit_batches(transport: Transport, specs: Iterable[SpecInput], key: str) -> tuple[JobRef, ...]:
    """Submit batch after batch. The same specs with the same key are cut the same way, so a repeat doubles nothing."""
    made: list[JobRef] = []
    for number, batch in enumerate(_batches(specs)):
        try:
            made.extend(_submit(transport, batch, _derived(key, number)))
        except TrainshedError as error:
            error.errors = tuple(_moved(each, len(made)) for each in error.errors)
            error.facts["accepted"] = len(made)
            raise
    return tuple(made)


def _batches(specs: Iterable[SpecInput]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for spec in specs:
        document = json_body_of(spec)
        if batch and (len(batch) == _MOST_JOBS or size + len(document) > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(document)
        size += len(document) + 1
    if batch:
        yield batch


def _submit(transport: Transport, batch: list[bytes], key: str) -> tuple[JobRef, ...]:
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    body = b'{"jobs":[' + b",".join(batch) + b"]}"
    call = Call("POST", f"{API}/jobs/batch", headers=headers, content=body)
    return read(transport.send_repeatedly(call), JobBatch).items


def _derived(key: str, number: int) -> str:
    return hashlib.sha256(f"{key}\n{number}".encode()).hexdigest()


def _moved(error: FieldError, by: int) -> FieldError:
    """Name the place among all specs, not in its batch."""
    return replace(error, path=_PLACE.sub(lambda match: f"jobs[{int(match[1]) + by}]", error.path, count=1))
