"""`trainshed job list`, `get`, `metrics` and `events`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from trainshed.cli import completion
from trainshed.cli.exits import exit_of_state
from trainshed.cli.invocation import invocation
from trainshed.cli.job.follow_list import watch_jobs
from trainshed.cli.job.names import JobArgument, find_job
from trainshed.cli.job.plot import POINTS as POINTS_OF_A_PLOT
from trainshed.cli.job.plot import print_plots
from trainshed.cli.job.watch import detaching
from trainshed.cli.options import Limit, pairs
from trainshed.cli.output import print_as_it_comes, print_one, print_rows
from trainshed.cli.times import moment
from trainshed.cli.views import EVENTS, JOB, JOBS, POINTS, SERIES, PointRow
from trainshed.states import JobState

if TYPE_CHECKING:
    from trainshed.client import Client
    from trainshed.wire import JobSummary

Kinds = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Of this kind. May be given several times.", autocompletion=completion.kinds),
]
Since = Annotated[
    datetime | None,
    typer.Option("--since", parser=moment, metavar="TIME", help="Made in the last 1h, or since 2026-11-23T12:00Z."),
]
Until = Annotated[datetime | None, typer.Option("--until", parser=moment, metavar="TIME", help="Made before it.")]
Sort = Annotated[
    Literal["-created", "created", "-finished", "finished", "name", "-name"] | None,
    typer.Option("--sort", help="By time or name; with - descending. Default: -created."),
]


def list_jobs(
    context: typer.Context,
    states: Annotated[
        list[JobState] | None, typer.Option("--state", help="In this state. May be given several times.")
    ] = None,
    kinds: Kinds = None,
    name: Annotated[str | None, typer.Option("--name", help="Of this name.")] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option("--label", metavar="KEY=VALUE", help="With this label. May be given several times."),
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="Part of its name or identifier.")] = None,
    since: Since = None,
    until: Until = None,
    sort: Sort = None,
    limit: Limit = 50,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Go on until Ctrl-C; into a pipe, a line each time one changes.")
    ] = False,
) -> None:
    """List jobs, newest first."""
    invoked = invocation(context)

    def read(client: Client) -> list[JobSummary]:
        found = client.list(
            state=states or [],
            kind=kinds,
            name=name,
            labels=pairs(labels),
            text=text,
            created_after=since,
            created_before=until,
            sort=sort,
            limit=limit,
        )
        return [*found]

    if watch:
        watch_jobs(invoked, read)
    with invoked.client() as client:
        jobs = read(client)
    print_rows(jobs, JOBS, invoked.form)


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
    print_one(found, JOB, invoked.form)
    if exit_status:
        raise typer.Exit(exit_of_state(found.state))


def metrics(
    context: typer.Context,
    job: JobArgument,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--series", help="Show every point of it. May be given several times.", autocompletion=completion.series
        ),
    ] = None,
    since_step: Annotated[int | None, typer.Option("--since-step", min=0, help="Leave out the points before.")] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw each as a chart, on a terminal.")] = False,
) -> None:
    """Show the metrics of a job: one line a series, or every point of those named."""
    invoked = invocation(context)
    with invoked.client() as client:
        drawn = plot and invoked.form.is_a_table
        table = client.metrics(
            find_job(client, job), series=names or [], since_step=since_step, points=POINTS_OF_A_PLOT if drawn else None
        )
        series = [*table.values()]
    if drawn:
        print_plots(series)
    elif names:
        points = [PointRow(each.name, point) for each in series for point in each.points]
        print_rows(points, POINTS, invoked.form, document=series)
    else:
        print_rows(series, SERIES, invoked.form)


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
                print_as_it_comes(client.events(job_id, follow=True), EVENTS, invoked.form)
        else:
            print_rows([*client.events(job_id)], EVENTS, invoked.form)
