"""`trainshed tensorboard`."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArguments, find_jobs
from trainshed.errors import NotConfigured, NotFound

if TYPE_CHECKING:
    from trainshed.client import Client

_EVENTS: Final = "tfevents"
_INSTALL: Final = "Install it beside this command: python -m pip install tensorboard"


def tensorboard(
    context: typer.Context,
    jobs: JobArguments,
    to: Annotated[Path, typer.Option("--to", help="Folder to keep the event files in.")] = Path(
        ".trainshed/tensorboard"
    ),
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="0: any that is free.")] = 6006,
    download_only: Annotated[bool, typer.Option("--download-only", help="Fetch the event files and end.")] = False,
) -> None:
    """Fetch the event files of jobs and open them in TensorBoard, which must be installed here."""
    invoked = invocation(context)
    if not download_only:
        _require()
    with invoked.patient_client() as client:
        folders = [_fetch(client, job_id, to) for job_id in find_jobs(client, jobs)]
    if download_only:
        for folder in folders:
            print(folder)
        return
    command = [sys.executable, "-m", "tensorboard.main", "--logdir_spec", _named(folders), "--port", str(port)]
    invoked.note(f"TensorBoard on http://127.0.0.1:{port}; Ctrl-C ends it.")
    sys.stdout.flush()
    os.execv(sys.executable, [*command, "--host", "127.0.0.1"])  # noqa: S606 - no shell is wanted


def _require() -> None:
    if importlib.util.find_spec("tensorboard") is None:
        raise NotConfigured("TensorBoard is not installed here.", remedy=_INSTALL)


def _fetch(client: Client, job_id: str, to: Path) -> Path:
    """Write the event files of a job below a folder of its own, those alone that are not there yet."""
    found = {Path(each.path).parent.as_posix() for each in client.artifacts(job_id) if _EVENTS in Path(each.path).name}
    if not found:
        raise NotFound(
            f"Job {job_id} has no event files.",
            facts={"job_id": job_id},
            remedy="Name them in the spec of a training, `export: [tensorboard]`, and submit it again.",
        )
    for folder in sorted(found):
        client.download_all(job_id, to / job_id, prefix="" if folder == "." else f"{folder}/")
    return to / job_id


def _named(folders: list[Path]) -> str:
    return ",".join(f"{folder.name}:{folder}" for folder in folders)
