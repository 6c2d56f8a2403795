"""`trainshed job cancel`, `hold`, `release`, `pause`, `resume`, `edit` and `delete`."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import FinishedJobs, JobArgument, UnfinishedJobs, WaitingJobs, find_job, find_jobs
from trainshed.cli.options import Yes, confirm, pairs
from trainshed.cli.output import print_rows
from trainshed.cli.views import JOBS

_CONFIRMED_BY_NAME: Final = 3


def cancel(context: typer.Context, jobs: UnfinishedJobs) -> None:
    """Cancel jobs.

    A running one gets SIGTERM, and SIGKILL after its grace time. Its log, metrics and artifacts stay.
    """
    invoked = invocation(context)
    with invoked.client() as client:
        cancelled = [client.cancel(job_id) for job_id in find_jobs(client, jobs)]
    print_rows(cancelled, JOBS, invoked.form)


def hold(context: typer.Context, jobs: WaitingJobs) -> None:
    """Keep waiting jobs from starting until they are released."""
    invoked = invocation(context)
    with invoked.client() as client:
        held = [client.hold(job_id) for job_id in find_jobs(client, jobs)]
    print_rows(held, JOBS, invoked.form)


def release(context: typer.Context, jobs: WaitingJobs) -> None:
    """Release jobs that are held."""
    invoked = invocation(context)
    with invoked.client() as client:
        released = [client.release(job_id) for job_id in find_jobs(client, jobs)]
    print_rows(released, JOBS, invoked.form)


def pause(context: typer.Context, jobs: UnfinishedJobs) -> None:
    """Have jobs keep their state and stop until they are resumed.

    A training goes on where it stopped; a program begins again. A job that waits is held.
    """
    invoked = invocation(context)
    with invoked.client() as client:
        paused = [client.pause(job_id) for job_id in find_jobs(client, jobs)]
    print_rows(paused, JOBS, invoked.form)


def resume(context: typer.Context, jobs: UnfinishedJobs) -> None:
    """Let paused or held jobs go on."""
    invoked = invocation(context)
    with invoked.client() as client:
        resumed = [client.resume(job_id) for job_id in find_jobs(client, jobs)]
    print_rows(resumed, JOBS, invoked.form)


def edit(
    context: typer.Context,
    job: JobArgument,
    priority: Annotated[int | None, typer.Option("--priority", help="Higher goes first. Until the job runs.")] = None,
    labels: Annotated[list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Add or replace it.")] = None,
    removed: Annotated[list[str] | None, typer.Option("--remove-label", metavar="KEY", help="Remove it.")] = None,
) -> None:
    """Change priority and labels of a job."""
    invoked = invocation(context)
    changes: dict[str, str | None] = {**pairs(labels), **dict.fromkeys(removed or [])}
    if priority is None and not changes:
        raise typer.BadParameter("there is nothing to change; name --priority, --label or --remove-label")
    with invoked.client() as client:
        changed = client.update(find_job(client, job), priority=priority, labels=changes or None)
    print_rows([changed], JOBS, invoked.form, document=changed)


def delete(context: typer.Context, jobs: FinishedJobs, yes: Yes = False) -> None:
    """Delete finished jobs with their logs, metrics and artifacts.

    There is no way back. A job that has not finished is not deleted, and neither is one that an unfinished job needs.
    """
    invoked = invocation(context)
    with invoked.client() as client:
        job_ids = find_jobs(client, jobs)
        confirm(f"delete {_words(job_ids)} with all logs, metrics and artifacts", yes=yes)
        for job_id in job_ids:
            client.delete(job_id)
            invoked.note(f"Deleted {job_id}")


def _words(job_ids: list[str]) -> str:
    return ", ".join(job_ids) if len(job_ids) <= _CONFIRMED_BY_NAME else f"{len(job_ids)} jobs"
