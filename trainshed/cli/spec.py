"""`trainshed spec`: work on specs without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainshed.cli.invocation import Command, invocation
from trainshed.cli.output import Format, print_document
from trainshed.cli.overrides import apply, read_document

app = typer.Typer(no_args_is_help=True, help="Job specs, without a server.")


@app.command("check", cls=Command)
def check(
    context: typer.Context,
    file: Annotated[Path, typer.Option("--file", "-f", help="YAML or JSON file; - for stdin.")],
    assignments: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE")] = None,
) -> None:
    """Say everything that is wrong with a spec. With -o json or yaml, print it with all defaults filled in."""
    from trainshed.specs import dump_spec, parse_spec  # noqa: PLC0415 - takes 0.2 s that only specs must pay

    invoked = invocation(context)
    spec = parse_spec(apply(read_document(file), assignments or []))
    if invoked.output in (Format.JSON, Format.YAML):
        print_document(dump_spec(spec), invoked.output)
    invoked.note(f"{file} is a valid spec: {spec.kind} job {spec.name!r}")


@app.command("schema", cls=Command)
def schema(context: typer.Context) -> None:
    """Print the JSON Schema of job specs, for editors and other programs."""
    from trainshed.specs import json_schema  # noqa: PLC0415 - as above

    print_document(json_schema(), invocation(context).output or Format.JSON)
