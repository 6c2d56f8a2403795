"""Letting go of a job, its log, and how it ended."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from trainshed.cli.cells import duration
from trainshed.cli.exits import Exit
from trainshed.cli.lines import Lines
from trainshed.cli.messages import note
from trainshed.states import JobState

if TYPE_CHECKING:
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


def print_log(chunks: Iterable[bytes]) -> None:
    """Pass on what a job printed, as it comes: the very bytes, but on a terminal nothing that it would obey."""
    if sys.stdout.isatty():
        lines = Lines()
        for chunk in chunks:
            _write(lines.feed(chunk))
        _write(lines.rest())
    else:
        for chunk in chunks:
            write_bytes(chunk)


def write_bytes(chunk: bytes) -> None:
    """Write bytes to stdout at once: whoever reads the pipe waits for them."""
    sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


def describe_end(job: Job) -> str:
    """Say how a job ended, and where to look if it did not succeed."""
    said = f"{job.id} ({job.name}) {job.state}{_took(job)}"
    if job.state is JobState.SUCCEEDED:
        return said
    return f"{said}: {job.message or job.reason}\n→ trainshed job get {job.id}"


def _write(lines: list[str]) -> None:
    if lines:
        print("\n".join(lines), flush=True)


def _took(job: Job) -> str:
    if job.started_at is None or job.finished_at is None:
        return ""
    return f" after {duration((job.finished_at - job.started_at).total_seconds())}"
