"""`trainshed job compare` and `diff`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, JobArguments, find_job, find_jobs
from trainshed.cli.misuse import Misused
from trainshed.cli.output import Column, View, print_rows
from trainshed.comparison import Compared, differences, latest_metrics, ran_s

if TYPE_CHECKING:
    from trainshed.client import Job


def compare(context: typer.Context, jobs: JobArguments) -> None:
    """Set jobs side by side: how they ended, their latest metrics, and the fields of their specs that differ."""
    invoked = invocation(context)
    with invoked.client() as client:
        found = [client.get(job_id) for job_id in find_jobs(client, jobs)]
    if len(found) < 2:
        raise Misused("There is nothing to compare it with.", advice="Name two jobs or more.")
    rows = [*_heads(found), *differences([job.spec for job in found])]
    print_rows(rows, _view(found), invoked.form, document=_document(found, rows))


def diff(context: typer.Context, job: JobArgument, other: JobArgument) -> None:
    """Show the fields in which the specs of two jobs differ."""
    invoked = invocation(context)
    with invoked.client() as client:
        found = [client.get(find_job(client, text)) for text in (job, other)]
    rows = [*differences([each.spec for each in found])]
    if not rows:
        invoked.note("Their specs are the same.")
    print_rows(rows, _view(found), invoked.form, document=_document(found, rows))


def _heads(jobs: Sequence[Job]) -> Iterator[Compared]:
    yield Compared("state", tuple(job.state.value for job in jobs))
    yield Compared("ran_s", tuple(ran_s(job) for job in jobs))
    for metric in latest_metrics(jobs):
        yield Compared(f"metric {metric.what}", metric.values)


def _view(jobs: Sequence[Job]) -> View[Compared]:
    """A column a job. Jobs of one name are told apart by the end of their identifiers."""
    columns = [Column(f"{job.name} {job.id[-6:]}", partial(_value, place=place)) for place, job in enumerate(jobs)]
    return View(lambda row: row.what, (Column("WHAT", lambda row: row.what), *columns))


def _value(row: Compared, *, place: int) -> Any:
    return row.values[place]


def _document(jobs: Sequence[Job], rows: Sequence[Compared]) -> Any:
    return {"jobs": [job.id for job in jobs], "rows": {row.what: list(row.values) for row in rows}}
