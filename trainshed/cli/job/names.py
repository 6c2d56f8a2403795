"""Jobs by identifier, by the beginning of one, or by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from trainshed.cli import completion
from trainshed.cli.misuse import Misused
from trainshed.errors import NotFound

if TYPE_CHECKING:
    from trainshed.client import Client
    from trainshed.wire import JobSummary

_PREFIX: Final = "job_"
_ID: Final = re.compile(r"job_[0-9a-z]{26}")
_PART_OF_ID: Final = re.compile(r"[0-9a-hjkmnp-tv-z]{2,26}")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_CANDIDATES: Final = 8

_HELP: Final = "Identifier, the beginning of one, or name: the newest job of that name."

JobArgument = Annotated[str, typer.Argument(metavar="JOB", help=_HELP, autocompletion=completion.jobs)]
JobArguments = Annotated[list[str], typer.Argument(metavar="JOB...", help=_HELP, autocompletion=completion.jobs)]
FinishedJobs = Annotated[
    list[str], typer.Argument(metavar="JOB...", help=_HELP, autocompletion=completion.finished_jobs)
]
UnfinishedJobs = Annotated[
    list[str], typer.Argument(metavar="JOB...", help=_HELP, autocompletion=completion.unfinished_jobs)
]
WaitingJobs = Annotated[list[str], typer.Argument(metavar="JOB...", help=_HELP, autocompletion=completion.waiting_jobs)]


def find_job(client: Client, text: str) -> str:
    """Return the identifier of the job that `text` names.

    Raises `NotFound`, and a usage error with the candidates where several identifiers begin with `text`.
    """
    if _ID.fullmatch(text):
        return text
    # An identifier and a name may look alike; `job_...` is rather the beginning of an identifier.
    ways = (_by_prefix, _by_name) if text.startswith(_PREFIX) else (_by_name, _by_prefix)
    found = ways[0](client, text) or ways[1](client, text)
    if found is None:
        raise NotFound(f"No job has the identifier or name {text!r}.")
    return found


def find_jobs(client: Client, texts: list[str]) -> list[str]:
    """Return the identifiers of jobs, each once. Nothing has been done to any of them when one is not found."""
    return [*dict.fromkeys(find_job(client, text) for text in texts)]


def _by_name(client: Client, text: str) -> str | None:
    newest = next(client.list(name=text, limit=1), None) if _NAME.fullmatch(text) else None
    return newest.id if newest else None


def _by_prefix(client: Client, text: str) -> str | None:
    rest = text.removeprefix(_PREFIX)
    if not _PART_OF_ID.fullmatch(rest):
        return None
    found = [*client.list(id_prefix=f"{_PREFIX}{rest}", limit=_CANDIDATES + 1)]
    if len(found) > 1:
        raise _ambiguous(text, found)
    return found[0].id if found else None


def _ambiguous(text: str, found: list[JobSummary]) -> Misused:
    shown = "".join(f"\n  {job.id}  {job.name}  {job.state}" for job in found[:_CANDIDATES])
    more = "\n  ..." if len(found) > _CANDIDATES else ""
    return Misused(f"Several jobs begin with {text!r}:{shown}{more}", advice="Type more letters of the one you mean.")
