"""`trainshed job compare` and `diff`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import typer

from trainshed.cli.invocation import invocation
from trainshed.cli.job.names import JobArgument, JobArguments, find_job, find_jobs
from trainshed.cli.misuse import Misused
from trainshed.cli.output import Column, View, print_rows

if TYPE_CHECKING:
    from trainshed.client import Job

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing of several jobs. None where a job has no such thing."""

    what: str
    values: tuple[Any, ...]


def compare(context: typer.Context, jobs: JobArguments) -> None:
    """Set jobs side by side: how they ended, their latest metrics, and the fields of their specs that differ."""
    invoked = invocation(context)
    with invoked.client() as client:
        found = [client.get(job_id) for job_id in find_jobs(client, jobs)]
    if len(found) < 2:
        raise Misused("There is nothing to compare it with.", advice="Name two jobs or more.")
    rows = [*_heads(found), *_metrics(found), *differences([job.spec for job in found])]
    print_rows(rows, _view(found), invoked.form, document=_document(found, rows))


def diff(context: typer.Context, job: JobArgument, other: JobArgument) -> None:
    """Show the fields in which the specs of two jobs differ."""
    invoked = invocation(context)
    with invoked.client() as client:
        found = [client.get(find_job(client, text)) for text in (job, other)]
    rows = [*differences([each.spec for each in found])]
    if not rows:
        invoked.note("Their specs are the same.")
    print_rows(rows, _view(found), invoked.form, document=_document(found, rows))


def differences(specs: Sequence[Mapping[str, Any]]) -> Iterator[Compared]:
    """Yield the fields, by dotted path, that are not the same in all specs."""
    flat = [dict(_flat(spec, "")) for spec in specs]
    for path in dict.fromkeys(path for each in flat for path in each):
        values = [each.get(path, _MISSING) for each in flat]
        if any(value != values[0] for value in values):
            yield Compared(path, tuple(None if value is _MISSING else value for value in values))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, each in enumerate(value):
            yield from _flat(each, f"{path}[{place}]")
    else:
        yield path, value


def _heads(jobs: Sequence[Job]) -> Iterator[Compared]:
    yield Compared("state", tuple(job.state.value for job in jobs))
    yield Compared("ran_s", tuple(_seconds(job) for job in jobs))


def _seconds(job: Job) -> float | None:
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds(), 1)


def _metrics(jobs: Sequence[Job]) -> Iterator[Compared]:
    names: Iterable[str] = sorted({name for job in jobs for name in job.latest_metrics})
    for name in names:
        yield Compared(f"metric {name}", tuple(job.latest_metrics.get(name) for job in jobs))


def _view(jobs: Sequence[Job]) -> View[Compared]:
    """A column a job. Jobs of one name are told apart by the end of their identifiers."""
    columns = [Column(f"{job.name} {job.id[-6:]}", partial(_value, place=place)) for place, job in enumerate(jobs)]
    return View(lambda row: row.what, (Column("WHAT", lambda row: row.what), *columns))


def _value(row: Compared, *, place: int) -> Any:
    return row.values[place]


def _document(jobs: Sequence[Job], rows: Sequence[Compared]) -> Any:
    return {"jobs": [job.id for job in jobs], "rows": {row.what: list(row.values) for row in rows}}
