"""Jobs by identifier or by name."""

from __future__ import annotations

import re
from typing import Annotated, Final

import typer

from trainshed.client import Client
from trainshed.errors import NotFound

_ID: Final = re.compile(r"job_[0-9a-z]{26}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help="Identifier, or name: the newest job of that name.")]
JobArguments = Annotated[
    list[str], typer.Argument(metavar="JOB...", help="Identifiers, or names: the newest job of each name.")
]


def find_job(client: Client, text: str) -> str:
    """Return the identifier of the job that `text` names. Raises `NotFound`."""
    if _ID.fullmatch(text):
        return text
    newest = next(client.list(name=text, limit=1), None) if _NAME.fullmatch(text) else None
    if newest is None:
        raise NotFound(f"No job has the identifier or name {text!r}.")
    return newest.id
