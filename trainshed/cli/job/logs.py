"""`trainshed job logs` and `wait`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from trainshed.cli.exits import exit_of_state, exit_of_states
from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, JobArguments, find_job, find_jobs
from trainshed.cli.job.stay import follow_log, wait_until_ended
from trainshed.cli.job.watch import describe_end, detaching, print_log
from trainshed.cli.options import Follow
from trainshed.cli.output import print_rows
from trainshed.cli.times import moment, seconds
from trainshed.cli.views import JOBS

Timeout = Annotated[float | None, typer.Option(parser=seconds, metavar="TIME", help="Like 90s or 10m.")]


def logs(
    context: typer.Context,
    job: JobArgument,
    follow: Follow = False,
    attempt: Annotated[int | None, typer.Option("--attempt", min=1, help="Default: the latest.")] = None,
    tail: Annotated[int | None, typer.Option("--tail", min=1, help="Begin with the last so many lines.")] = None,
    since: Annotated[
        datetime | None, typer.Option("--since", parser=moment, metavar="TIME", help="Begin so long ago: 10m.")
    ] = None,
) -> None:
    """Print what a job printed.

    Bytes are passed on as they are, into a file or a pipe; what a terminal would obey is left out on a terminal.
    """
    if tail is not None and since is not None:
        raise typer.BadParameter("say either --tail or --since")
    invoked = invocation(context)
    with invoked.patient_client() if follow else invoked.client() as client:
        job_id = find_job(client, job)
        if not follow:
            with detaching(job_id):
                print_log(client.logs(job_id, attempt=attempt, tail=tail, since=since))
            return
        follow_log(invoked, client, job_id, attempt=attempt, tail=tail, since=since)
        ended = None if attempt else client.wait(job_id)
    if ended is not None:
        invoked.note(describe_end(ended))
        raise typer.Exit(exit_of_state(ended.state))


def wait(context: typer.Context, jobs: JobArguments, timeout: Timeout = None) -> None:
    """Wait until jobs have ended in any way, and exit as they did."""
    invoked = invocation(context)
    with invoked.patient_client() as client:
        ended = wait_until_ended(invoked, client, find_jobs(client, jobs), timeout_s=timeout)
    print_rows(ended, JOBS, invoked.form)
    raise typer.Exit(exit_of_states([job.state for job in ended]))
