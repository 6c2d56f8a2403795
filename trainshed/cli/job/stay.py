"""Staying with jobs: on a terminal one calm view below the log, in a pipe the plain log."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from trainshed.cli.exits import exit_of_state, exit_of_states
from trainshed.cli.job.watch import describe_end, detaching, print_log
from trainshed.cli.output import print_rows
from trainshed.cli.views import JOBS

if TYPE_CHECKING:
    from trainshed.cli.invocation import Invocation
    from trainshed.cli.job.screen import Screen
    from trainshed.client import Client
    from trainshed.wire import Job


def show_or_stay(invoked: Invocation, client: Client, job: Job, *, wait: bool, follow: bool) -> None:
    """Print a new job, or stay with it as asked and exit as it did."""
    if not wait and not follow:
        print_rows([job], JOBS, invoked.form, document=job)
        return
    invoked.note(f"{job.id} ({job.name}) {job.state}")
    if follow:
        follow_log(invoked, client, job.id)
        job = client.wait(job.id)
        invoked.note(describe_end(job))
    else:
        [job] = wait_until_ended(invoked, client, [job.id])
        print_rows([job], JOBS, invoked.form, document=job)
    raise typer.Exit(exit_of_state(job.state))


def wait_for_all(invoked: Invocation, client: Client, job_ids: list[str]) -> None:
    """Wait until new jobs have ended, print them, and exit as they did."""
    jobs = wait_until_ended(invoked, client, job_ids)
    print_rows(jobs, JOBS, invoked.form)
    raise typer.Exit(exit_of_states([job.state for job in jobs]))


def wait_until_ended(
    invoked: Invocation, client: Client, job_ids: list[str], *, timeout_s: float | None = None
) -> list[Job]:
    """Return jobs as they ended. Raises `WaitTimedOut` when that takes longer than `timeout_s` in all."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    ended: list[Job] = []
    with detaching(*job_ids):
        for job_id in job_ids:
            left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
            with _screen(invoked, job_id):
                job = client.wait(job_id, timeout_s=left_s)
            invoked.note(describe_end(job))
            ended.append(job)
    return ended


def follow_log(
    invoked: Invocation,
    client: Client,
    job_id: str,
    *,
    attempt: int | None = None,
    tail: int | None = None,
    since: datetime | None = None,
) -> None:
    """Pass on what a job prints until it can print no more."""
    chunks = client.logs(job_id, follow=True, attempt=attempt, tail=tail, since=since)
    with detaching(job_id), _screen(invoked, job_id) as screen:
        if screen is None:
            print_log(chunks)
        else:
            screen.print_log(chunks)


@contextmanager
def _screen(invoked: Invocation, job_id: str) -> Iterator[Screen | None]:
    """Show how far a job is, where a person looks at it."""
    if invoked.quiet or not sys.stderr.isatty() or os.environ.get("TERM") in (None, "", "dumb"):
        yield None
        return
    from trainshed.cli.job.screen import Screen  # noqa: PLC0415 - rich takes 0.1 s that a pipe need not pay

    with Screen(invoked, job_id) as screen:
        yield screen
