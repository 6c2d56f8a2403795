"""`trainshed job get`, `list`, `metrics`, `events`, `artifacts` and `download`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainshed.cli.exits import exit_of_state
from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, find_job
from trainshed.cli.job.watch import detaching
from trainshed.cli.output import print_as_it_comes, print_one, print_rows
from trainshed.cli.views import ARTIFACTS, EVENTS, JOB, JOBS, POINTS, SERIES, PointRow
from trainshed.client.download import local_path
from trainshed.errors import NotFound
from trainshed.states import JobState


def get(
    context: typer.Context,
    job: JobArgument,
    exit_status: Annotated[
        bool, typer.Option("--exit-status", help="Exit as the job did; 101 when it has not finished.")
    ] = False,
) -> None:
    """Show one job."""
    invoked = invocation(context)
    with invoked.client() as client:
        found = client.get(find_job(client, job))
    print_one(found, JOB, invoked.format)
    if exit_status:
        raise typer.Exit(exit_of_state(found.state))


def list_jobs(
    context: typer.Context,
    states: Annotated[list[JobState] | None, typer.Option("--state", help="May be given several times.")] = None,
    kind: Annotated[str | None, typer.Option("--kind")] = None,
    name: Annotated[str | None, typer.Option("--name")] = None,
    labels: Annotated[list[str] | None, typer.Option("--label", metavar="KEY=VALUE")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many.")] = 50,
) -> None:
    """List jobs, newest first."""
    invoked = invocation(context)
    wanted = dict(_label(text) for text in labels or [])
    with invoked.client() as client:
        jobs = [*client.list(state=states or [], kind=kind, name=name, labels=wanted, limit=limit)]
    print_rows(jobs, JOBS, invoked.format)


def metrics(
    context: typer.Context,
    job: JobArgument,
    names: Annotated[
        list[str] | None, typer.Option("--series", help="Show every point of it. May be given several times.")
    ] = None,
) -> None:
    """Show the metrics of a job: one line a series, or every point of those that are named."""
    invoked = invocation(context)
    with invoked.client() as client:
        series = client.metrics(find_job(client, job), series=names or [])
    if names:
        points = [PointRow(each.name, point) for each in series for point in each.points]
        print_rows(points, POINTS, invoked.format, document=series)
    else:
        print_rows(series, SERIES, invoked.format)


def events(
    context: typer.Context,
    job: JobArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
) -> None:
    """Show what happened to a job."""
    invoked = invocation(context)
    with invoked.patient_client() if follow else invoked.client() as client:
        job_id = find_job(client, job)
        if follow:
            with detaching(job_id):
                print_as_it_comes(client.events(job_id, follow=True), EVENTS, invoked.format)
        else:
            print_rows([*client.events(job_id)], EVENTS, invoked.format)


def artifacts(context: typer.Context, job: JobArgument) -> None:
    """List the files that a job made."""
    invoked = invocation(context)
    with invoked.client() as client:
        print_rows(client.artifacts(find_job(client, job)), ARTIFACTS, invoked.format)


def download(
    context: typer.Context,
    job: JobArgument,
    path: Annotated[str | None, typer.Argument(help="One file, or a folder of them. Default: all.")] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder to write below.")] = Path(),
) -> None:
    """Fetch files that a job made. Each is verified, and appears whole or not at all."""
    invoked = invocation(context)
    with invoked.client() as client:
        job_id = find_job(client, job)
        wanted = [each.path for each in client.artifacts(job_id) if _is_in(each.path, path)]
        if path is not None and not wanted:
            raise NotFound(f"Job {job_id} made no {path!r}.", remedy=f"See `trainshed job artifacts {job_id}`.")
        for name in wanted:
            print(client.download(job_id, name, local_path(to, name)), flush=True)


def _is_in(artifact: str, wanted: str | None) -> bool:
    return wanted is None or artifact == wanted or artifact.startswith(f"{wanted.rstrip('/')}/")


def _label(text: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise typer.BadParameter(f"{text!r} is not of the form KEY=VALUE")
    return key, value
