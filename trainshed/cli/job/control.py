"""`trainshed job logs`, `wait` and `cancel`."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from pydantic_core import PydanticCustomError

from trainshed.cli.exits import exit_of_state, exit_of_states
from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, JobArguments, find_job
from trainshed.cli.job.watch import copy_to_stdout, describe_end, detaching
from trainshed.cli.output import print_rows
from trainshed.cli.views import JOBS


def seconds(text: str) -> Any:
    """Read `90`, `90s`, `10m` or `1h30m`."""
    from trainshed.specs.base import parse_duration  # noqa: PLC0415 - takes 0.2 s that only --timeout must pay

    try:
        return float(text) if text.isdigit() else parse_duration(text)
    except PydanticCustomError as error:
        raise typer.BadParameter(str(error)) from error


def logs(
    context: typer.Context,
    job: JobArgument,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on as more comes, over attempts, and exit as the job did.")
    ] = False,
    attempt: Annotated[int | None, typer.Option("--attempt", min=1, help="Default: the latest.")] = None,
    tail: Annotated[int | None, typer.Option("--tail", min=1, help="Begin with the last so many lines.")] = None,
) -> None:
    """Print what a job printed."""
    invoked = invocation(context)
    with invoked.patient_client() if follow else invoked.client() as client:
        job_id = find_job(client, job)
        with detaching(job_id):
            copy_to_stdout(client.logs(job_id, attempt=attempt, follow=follow, tail=tail))
            if not follow or attempt:
                return
            ended = client.wait(job_id)
    invoked.note(describe_end(ended))
    raise typer.Exit(exit_of_state(ended.state))


def wait(
    context: typer.Context,
    jobs: JobArguments,
    timeout: Annotated[float | None, typer.Option(parser=seconds, metavar="TIME", help="Like 90s or 10m.")] = None,
) -> None:
    """Wait until jobs have ended in any way, and exit as they did."""
    invoked = invocation(context)
    deadline = None if timeout is None else time.monotonic() + timeout
    ended = []
    with invoked.patient_client() as client:
        job_ids = [find_job(client, job) for job in jobs]
        with detaching(*job_ids):
            for job_id in job_ids:
                left = None if deadline is None else max(0.0, deadline - time.monotonic())
                job = client.wait(job_id, timeout_s=left)
                invoked.note(describe_end(job))
                ended.append(job)
    print_rows(ended, JOBS, invoked.format)
    raise typer.Exit(exit_of_states([job.state for job in ended]))


def cancel(context: typer.Context, jobs: JobArguments) -> None:
    """Ask for the end of jobs. A running one gets SIGTERM, and SIGKILL after its grace time."""
    invoked = invocation(context)
    with invoked.client() as client:
        cancelled = [client.cancel(find_job(client, job)) for job in jobs]
    print_rows(cancelled, JOBS, invoked.format)
