"""`trainshed job explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import typer

from trainshed.cli.cells import printable
from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, find_job
from trainshed.cli.output import Column, Format, View, print_document, print_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainshed.explanation import Explanation, Failure, Retry, Rule

_MARKS: Final = {True: "ok", False: "NO", None: "-"}
_COLOURS: Final = {True: "green", False: "red", None: "dim"}

_RULES: Final[View[Rule]] = View(
    lambda rule: rule.name,
    (
        Column("RULE", lambda rule: rule.name, shown=lambda rule: rule.name.replace("_", " ")),
        Column("HOLDS", lambda rule: _MARKS[rule.holds], style=lambda rule: _COLOURS[rule.holds]),
        Column("WHAT", lambda rule: rule.message),
    ),
)


def explain(
    context: typer.Context,
    job: JobArgument,
    workers: Annotated[bool, typer.Option("--workers", help="Say it of each worker of the pool.")] = False,
) -> None:
    """Say why a job waits, was retried or failed, and what would move it on."""
    invoked = invocation(context)
    with invoked.client() as client:
        found = client.explain(find_job(client, job))
    if invoked.form.is_document:
        print_document(found, invoked.form)
    elif invoked.form.format is Format.NAME:
        print(found.job_id)
    else:
        print(printable(f"{found.job_id}  {found.state}: {found.summary}"))
        if found.rules:
            print()
            print_rows(found.rules, _RULES, invoked.form)
        for line in _more(found, each_worker=workers):
            print(printable(line))


def _more(found: Explanation, *, each_worker: bool) -> Iterator[str]:
    if found.ahead:
        yield f"\nAhead of it in its pool: {found.ahead:,}{' or more' if found.ahead_is_more else ''}"
    if each_worker and found.workers:
        yield "\nWorkers:"
        yield from (f"  {fit.worker_name} ({fit.worker_id}): {fit.message}" for fit in found.workers)
    if found.retries:
        yield "\nTried again after:"
        yield from (f"  {_retry(each)}" for each in found.retries)
    if found.failure is not None:
        yield from _failure(found.failure)


def _retry(retry: Retry) -> str:
    cost = f"retry {retry.used} of {retry.allowed}" if retry.charged else "not charged"
    return f"attempt {retry.attempt}, {retry.outcome} ({cost}): {retry.message}"


def _failure(failure: Failure) -> Iterator[str]:
    yield f"\nWhy ({failure.reason}): {failure.meaning}"
    if failure.evidence:
        yield f"\nFrom the log of attempt {failure.attempt}:"
        yield from (f"  {line}" for line in failure.evidence)
    if failure.remedies:
        yield "\nWhat to try:"
        yield from (f"  - {remedy}" for remedy in failure.remedies)
