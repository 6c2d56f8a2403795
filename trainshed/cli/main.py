"""The entry point of the `trainshed` command."""

from __future__ import annotations

import typer

from trainshed.cli import job, spec, worker
from trainshed.cli.invocation import Command, read_options
from trainshed.cli.server import up, version

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.callback()(read_options)
app.add_typer(job.app, name="job")
app.add_typer(worker.app, name="worker")
app.add_typer(spec.app, name="spec")
app.command("up", cls=Command, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(up)
app.command("version", cls=Command)(version)


def main() -> None:
    """Run the command that the arguments name, and exit with its code."""
    app()
