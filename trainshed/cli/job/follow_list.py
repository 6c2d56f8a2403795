"""Keeps a list of jobs up to date on a terminal; into a pipe, one line each time that a job changes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import typer

from trainshed.cli.exits import Exit
from trainshed.cli.output import print_as_it_comes
from trainshed.cli.views import JOBS

if TYPE_CHECKING:
    from trainshed.cli.invocation import Invocation
    from trainshed.client import Client
    from trainshed.wire import JobSummary

EVERY_S: Final = 2.0

Read = Callable[["Client"], "Sequence[JobSummary]"]


def watch_jobs(invoked: Invocation, read: Read) -> None:
    """Read again and again until Ctrl-C."""
    try:
        with invoked.patient_client() as client:
            if invoked.form.is_a_table:
                _show(client, read, invoked)
            print_as_it_comes(_changes(client, read), JOBS, invoked.form)
    except KeyboardInterrupt as error:
        raise typer.Exit(Exit.INTERRUPTED) from error


def _show(client: Client, read: Read, invoked: Invocation) -> None:
    from trainshed.cli.tables import live_table  # noqa: PLC0415 - rich takes 0.05 s that a pipe need not pay

    with live_table(JOBS.chosen(invoked.form), headers=invoked.form.headers) as show:
        while True:
            show(read(client))
            time.sleep(EVERY_S)


def _changes(client: Client, read: Read) -> Iterator[JobSummary]:
    known: dict[str, JobSummary] = {}
    while True:
        for job in read(client):
            if known.get(job.id) != job:
                known[job.id] = job
                yield job
        time.sleep(EVERY_S)
