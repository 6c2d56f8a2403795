"""`trainshed job artifacts`, `download` and `upload`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainshed.cli import completion
from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, find_job
from trainshed.cli.output import print_one, print_rows
from trainshed.cli.views import ARTIFACTS
from trainshed.errors import NotFound


def artifacts(
    context: typer.Context,
    job: JobArgument,
    prefix: Annotated[str | None, typer.Option("--prefix", help="Only paths that begin so.")] = None,
) -> None:
    """List the files that a job made."""
    invoked = invocation(context)
    with invoked.client() as client:
        print_rows(client.artifacts(find_job(client, job), prefix=prefix), ARTIFACTS, invoked.form)


def download(
    context: typer.Context,
    job: JobArgument,
    path: Annotated[
        str | None,
        typer.Argument(help="One file, or a folder of them. Default: all.", autocompletion=completion.artifacts),
    ] = None,
    to: Annotated[Path, typer.Option("--to", help="Folder to write below.")] = Path(),
) -> None:
    """Fetch files that a job made.

    Each is verified, and appears whole or not at all.
    """
    from trainshed.client.download import local_path  # noqa: PLC0415 - HTTP takes 0.1 s that --help need not pay

    invoked = invocation(context)
    with invoked.patient_client() as client:
        job_id = find_job(client, job)
        wanted = [each.path for each in client.artifacts(job_id) if _is_in(each.path, path)]
        if path is not None and not wanted:
            raise NotFound(f"Job {job_id} made no {path!r}.", remedy=f"See `trainshed job artifacts {job_id}`.")
        for name in wanted:
            print(client.download(job_id, name, local_path(to, name)), flush=True)


def upload(
    context: typer.Context,
    job: JobArgument,
    file: Annotated[Path, typer.Argument(help="What to add.")],
    path: Annotated[str | None, typer.Option("--path", help="Its name there. Default: the name of the file.")] = None,
) -> None:
    """Add a file to a job.

    What the job itself made is never replaced.
    """
    invoked = invocation(context)
    with invoked.patient_client() as client:
        print_one(client.upload_artifact(find_job(client, job), file, path=path), ARTIFACTS, invoked.form)


def _is_in(artifact: str, wanted: str | None) -> bool:
    return wanted is None or artifact == wanted or artifact.startswith(f"{wanted.rstrip('/')}/")
