"""`trainshed spec`: work on specs without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainshed.cli.invocation import invocation
from trainshed.cli.options import Assignments
from trainshed.cli.output import print_document
from trainshed.cli.overrides import apply, read_document


def check(
    context: typer.Context,
    files: Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="YAML or JSON; - for stdin.")] = None,
    file_options: Annotated[
        list[Path] | None, typer.Option("--file", "-f", metavar="FILE", help="A spec file. May be given several times.")
    ] = None,
    assignments: Assignments = None,
) -> None:
    """Say everything that is wrong with a spec.

    With -o json or yaml, print it with all defaults filled in. No server is asked.
    """
    from trainshed.specs import dump_spec, parse_spec  # noqa: PLC0415 - takes 0.2 s that only specs must pay

    invoked = invocation(context)
    sources = [*(files or []), *(file_options or [])]
    if not sources:
        raise typer.BadParameter("name a file with the spec, or - for stdin")
    for source in sources:
        spec = parse_spec(apply(read_document(source), assignments or []))
        if invoked.form.is_document:
            print_document(dump_spec(spec), invoked.form)
        invoked.note(f"{source} is a valid spec: {spec.kind} job {spec.name!r}")


def schema(context: typer.Context) -> None:
    """Print the JSON Schema of job specs, for editors and other programs."""
    from trainshed.specs import json_schema  # noqa: PLC0415 - as above

    print_document(json_schema(), invocation(context).form)
