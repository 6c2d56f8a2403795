"""Options that several commands share."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from trainshed.cli import completion
from trainshed.cli.messages import ask, note
from trainshed.cli.misuse import Misused

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Go on as more comes, and exit as the job did. Ctrl-C lets go of it.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end of the job, and exit as it did.")]
Name = Annotated[str | None, typer.Option("--name", help="Name of the job.")]
Key = Annotated[
    str | None, typer.Option("--idempotency-key", help="The same key and spec make one job, however often submitted.")
]
Assignments = Annotated[
    list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change a field: training.epochs=3")
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many.")]
Pool = Annotated[
    str | None, typer.Option("--pool", metavar="NAME", help="Pool of workers.", autocompletion=completion.pools)
]


def confirm(what: str, *, yes: bool) -> None:
    """Go on if a person agrees, or if `--yes` was given. A program must give it: nobody is there to ask."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Misused(f"This would {what}, and nobody is here to ask.", advice="Repeat it with --yes.")
    if not ask(f"This will {what}. Go on?"):
        note("Nothing was done.")
        raise typer.Exit(1)


def pairs(texts: list[str] | None, form: str = "KEY=VALUE") -> dict[str, str]:
    """Read `KEY=VALUE` several times. Raises a usage error."""
    return dict(_pair(text, form) for text in texts or [])


def _pair(text: str, form: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise typer.BadParameter(f"{text!r} is not of the form {form}")
    return key, value
