"""Jobs side by side: what the command line and the page of comparison both show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # the command line starts faster without the bodies of REST
    from trainshed.wire import Job

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing of several jobs. None where a job has no such thing."""

    what: str
    values: tuple[Any, ...]


def latest_metrics(jobs: Sequence[Job]) -> Iterator[Compared]:
    """Yield the latest value of each series that any of the jobs has, by name."""
    for name in sorted({name for job in jobs for name in job.latest_metrics}):
        yield Compared(name, tuple(job.latest_metrics.get(name) for job in jobs))


def ran_s(job: Job) -> float | None:
    """Return how long a job took from its first start to its end. None: it has not finished, or never started."""
    if job.started_at is None or job.finished_at is None:
        return None
    return round((job.finished_at - job.started_at).total_seconds(), 1)


def differences(specs: Sequence[Mapping[str, Any]]) -> Iterator[Compared]:
    """Yield the fields, by dotted path, that are not the same in all specs."""
    flat = [dict(_flat(spec, "")) for spec in specs]
    for path in dict.fromkeys(path for each in flat for path in each):
        values = [each.get(path, _MISSING) for each in flat]
        if any(value != values[0] for value in values):
            yield Compared(path, tuple(None if value is _MISSING else value for value in values))


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, each in enumerate(value):
            yield from _flat(each, f"{path}[{place}]")
    else:
        yield path, value
