"""`trainshed job retry` and `clone`: new jobs from old ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import FinishedJobs, JobArgument, find_job, find_jobs
from trainshed.cli.job.stay import show_or_stay, wait_for_all
from trainshed.cli.options import Assignments, Follow, Key, Name, Wait
from trainshed.cli.output import print_rows
from trainshed.cli.overrides import apply
from trainshed.cli.views import JOBS

if TYPE_CHECKING:
    from trainshed.client import Client


def retry(context: typer.Context, jobs: FinishedJobs, wait: Wait = False) -> None:
    """Run finished jobs again, as new jobs with the same spec."""
    invoked = invocation(context)
    with invoked.patient_client() if wait else invoked.client() as client:
        made = [client.retry(job_id) for job_id in find_jobs(client, jobs)]
        if wait:
            wait_for_all(invoked, client, [job.id for job in made])
    print_rows(made, JOBS, invoked.form)


def clone(
    context: typer.Context,
    job: JobArgument,
    assignments: Assignments = None,
    unset: Annotated[list[str] | None, typer.Option("--unset", metavar="PATH", help="Remove a field: timeout")] = None,
    name: Name = None,
    wait: Wait = False,
    follow: Follow = False,
    idempotency_key: Key = None,
) -> None:
    """Make a new job with the spec of another, changed with --set."""
    invoked = invocation(context)
    said = [*(assignments or []), *(f"{path}=null" for path in unset or []), *([f"name={name}"] if name else [])]
    with invoked.patient_client() if wait or follow else invoked.client() as client:
        job_id = find_job(client, job)
        made = client.clone(job_id, _patch(client, job_id, said), idempotency_key=idempotency_key)
        show_or_stay(invoked, client, made, wait=wait, follow=follow)


def _patch(client: Client, job_id: str, assignments: list[str]) -> dict[str, Any] | None:
    """Return the assignments as a JSON merge patch. None reaches into a list, so such a list is sent whole."""
    if not assignments:
        return None
    if not any("[" in assignment.partition("=")[0] for assignment in assignments):
        patch: dict[str, Any] = apply({}, assignments)
        return patch
    spec = client.get(job_id).spec
    changed = apply(spec, assignments)
    return {key: value for key, value in changed.items() if key not in spec or spec[key] != value}
