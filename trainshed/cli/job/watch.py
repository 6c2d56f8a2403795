"""Stays with a job: shows its log, waits for its end, and lets go on Ctrl-C."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import typer

from trainshed.cli.cells import duration
from trainshed.cli.exits import Exit
from trainshed.cli.messages import note
from trainshed.states import JobState
from trainshed.wire import Job


@contextmanager
def detaching(*job_ids: str) -> Iterator[None]:
    """Turn Ctrl-C into a way back: the job goes on."""
    try:
        yield
    except KeyboardInterrupt as error:
        note("\nDetached; the job goes on. To come back or to end it:")
        for job_id in job_ids:
            note(f"  trainshed job logs -f {job_id}\n  trainshed job wait {job_id}\n  trainshed job cancel {job_id}")
        raise typer.Exit(Exit.INTERRUPTED) from error


def copy_to_stdout(chunks: Iterable[bytes]) -> None:
    """Pass on the bytes that a job printed, as they come."""
    for chunk in chunks:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()


def describe_end(job: Job) -> str:
    """Say how a job ended, and where to look if it did not succeed."""
    said = f"{job.id} ({job.name}) {job.state}{_took(job)}"
    if job.state is JobState.SUCCEEDED:
        return said
    return f"{said}: {job.message or job.reason}\n→ trainshed job get {job.id}"


def _took(job: Job) -> str:
    if job.started_at is None or job.finished_at is None:
        return ""
    return f" after {duration((job.finished_at - job.started_at).total_seconds())}"
