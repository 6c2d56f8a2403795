"""`trainshed worker`."""

from __future__ import annotations

import typer

from trainshed.cli.invocation import Command, invocation
from trainshed.cli.output import print_rows
from trainshed.cli.views import WORKERS

app = typer.Typer(no_args_is_help=True, help="The workers that run jobs.")


@app.callback()
def worker() -> None:
    """The workers that run jobs."""


@app.command("list", cls=Command)
def list_workers(context: typer.Context) -> None:
    """List workers: their room, and when they were last seen."""
    invoked = invocation(context)
    with invoked.client() as client:
        print_rows(client.workers(), WORKERS, invoked.format)
