"""`trainshed job submit` and `trainshed job run`."""

from __future__ import annotations

import re
from pathlib import Path, PurePath
from typing import Annotated, Any

import typer

from trainshed.cli.exits import exit_of_state
from trainshed.cli.invocation import Invocation, invocation
from trainshed.cli.job.watch import copy_to_stdout, describe_end, detaching
from trainshed.cli.output import print_rows
from trainshed.cli.overrides import apply, read_document
from trainshed.cli.views import JOBS

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Show the log as it comes, and exit as the job did.")]
FollowLong = Annotated[bool, typer.Option("--follow", help="Show the log as it comes, and exit as the job did.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end of the job, and exit as it did.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the job.")]
Key = Annotated[
    str | None, typer.Option("--idempotency-key", help="The same key and spec make one job, however often submitted.")
]


def submit(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="YAML or JSON file with the spec; - for stdin.")] = None,
    file_option: Annotated[Path | None, typer.Option("--file", "-f", help="The same as an option.")] = None,
    assignments: Annotated[
        list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a field: training.epochs=3")
    ] = None,
    name: Name = None,
    wait: Wait = False,
    follow: FollowLong = False,
    idempotency_key: Key = None,
) -> None:
    """Submit a job from a spec."""
    source = file or file_option
    if source is None or (file and file_option):
        raise typer.BadParameter("name one file with the spec, or - for stdin")
    named = [f"name={name}"] if name else []
    document = apply(read_document(source), [*(assignments or []), *named])
    _submit(invocation(context), document, wait=wait, follow=follow, idempotency_key=idempotency_key)


def run(
    context: typer.Context,
    argv: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="Program and arguments.")],
    name: Name = None,
    env: Annotated[list[str] | None, typer.Option("--env", metavar="NAME=VALUE")] = None,
    cpus: Annotated[float | None, typer.Option("--cpus", help="CPU cores.")] = None,
    memory: Annotated[str | None, typer.Option("--memory", help="Limit, like 2GiB.")] = None,
    pool: Annotated[str | None, typer.Option("--pool", help="Pool of workers.")] = None,
    wait: Wait = False,
    follow: Follow = False,
    idempotency_key: Key = None,
) -> None:
    """Run a program as a job: trainshed job run -f -- python train.py --epochs 3"""
    resources = {"cpus": cpus, "memory": memory, "pool": pool}
    document = {
        "kind": "command",
        "name": name or _name_of(argv[0]),
        "command": argv,
        "env": dict(_variable(text) for text in env or []),
        "resources": {key: value for key, value in resources.items() if value is not None},
    }
    _submit(invocation(context), document, wait=wait, follow=follow, idempotency_key=idempotency_key)


def _submit(invoked: Invocation, document: Any, *, wait: bool, follow: bool, idempotency_key: str | None) -> None:
    with invoked.patient_client() if wait or follow else invoked.client() as client:
        job = client.submit(document, idempotency_key=idempotency_key)
        if not wait and not follow:
            print_rows([job], JOBS, invoked.format, document=job)
            return
        invoked.note(f"{job.id} ({job.name}) {job.state}")
        with detaching(job.id):
            if follow:
                copy_to_stdout(client.logs(job.id, follow=True))
            job = client.wait(job.id)
    if not follow:
        print_rows([job], JOBS, invoked.format, document=job)
    invoked.note(describe_end(job))
    raise typer.Exit(exit_of_state(job.state))


def _name_of(program: str) -> str:
    """`./Train.py` becomes `train.py`."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", PurePath(program).name.lower())
    return plain.strip("._-")[:63] or "command"


def _variable(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found or not name:
        raise typer.BadParameter(f"{text!r} is not of the form NAME=VALUE")
    return name, value
