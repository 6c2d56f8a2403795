"""The columns of jobs and of what they leave. In TSV all stand in this order; new ones are added at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from trainshed.cli.cells import duration, local_time, size
from trainshed.cli.output import Column, View
from trainshed.states import JobState

if TYPE_CHECKING:  # whoever has a row to show has loaded them
    from trainshed.wire import Artifact, Event, Job, JobRef, JobSummary, MetricPoint, MetricSeries

_COLOURS: Final = {
    JobState.RUNNING: "cyan",
    JobState.SUCCEEDED: "green",
    JobState.FAILED: "red",
    JobState.CANCELLED: "yellow",
    JobState.PAUSED: "magenta",
}


@dataclass(frozen=True, slots=True)
class PointRow:
    """One value of one series."""

    series: str
    point: MetricPoint


def _colour(job: JobSummary | JobRef | Event) -> str:
    return _COLOURS.get(job.state, "")


def _progress(job: JobSummary) -> str | None:
    return None if job.progress is None else f"{job.progress.fraction:.0%}"


def _run_time(job: JobSummary) -> str | None:
    if job.started_at is None:
        return None
    return duration(((job.finished_at or datetime.now(UTC)) - job.started_at).total_seconds())


def _labels(job: JobSummary) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(job.labels.items()))


def _last(series: MetricSeries) -> MetricPoint | None:
    return series.points[-1] if series.points else None


def _attempts(job: Job) -> str:
    return ", ".join(f"{each.number}: {each.outcome} on {each.worker_name}" for each in job.attempts)


def _metrics(job: Job) -> str:
    return ", ".join(f"{name}={value:.6g}" for name, value in sorted(job.latest_metrics.items()))


JOBS: Final[View[JobSummary]] = View(
    lambda job: job.id,
    (
        Column("ID", lambda job: job.id, width=30),
        Column("NAME", lambda job: job.name),
        Column("KIND", lambda job: job.kind),
        Column("STATE", lambda job: job.state, style=_colour),
        Column("REASON", lambda job: job.reason),
        Column("PROGRESS", _progress),
        Column("CREATED", lambda job: job.created_at),
        Column("STARTED", lambda job: job.started_at, wide=True),
        Column("FINISHED", lambda job: job.finished_at, wide=True),
        Column("ATTEMPT", lambda job: job.attempt, wide=True),
        Column("POOL", lambda job: job.pool, wide=True),
        Column("PRIORITY", lambda job: job.priority, wide=True),
        Column("LABELS", _labels, wide=True),
        Column("MESSAGE", lambda job: job.message, wide=True),
    ),
)

JOB: Final[View[Job]] = View(
    lambda job: job.id,
    (
        Column("ID", lambda job: job.id),
        Column("NAME", lambda job: job.name),
        Column("KIND", lambda job: job.kind),
        Column("STATE", lambda job: job.state, style=_colour),
        Column("REASON", lambda job: job.reason),
        Column("MESSAGE", lambda job: job.message),
        Column("REQUEST", lambda job: job.request),
        Column("PROGRESS", _progress),
        Column("CREATED", lambda job: job.created_at),
        Column("STARTED", lambda job: job.started_at),
        Column("FINISHED", lambda job: job.finished_at),
        Column("RAN", _run_time),
        Column("POOL", lambda job: job.pool),
        Column("PRIORITY", lambda job: job.priority),
        Column("LABELS", _labels),
        Column("DEPENDS_ON", lambda job: ",".join(job.depends_on)),
        Column("ATTEMPTS", _attempts),
        Column("METRICS", _metrics),
        Column("HELD", lambda job: "yes" if job.held else None),
        Column("POSITION", lambda job: job.queue_position),
        Column("RETRY_OF", lambda job: job.retry_of),
    ),
)

REFS: Final[View[JobRef]] = View(
    lambda job: job.id,
    (
        Column("ID", lambda job: job.id, width=30),
        Column("NAME", lambda job: job.name),
        Column("STATE", lambda job: job.state, style=_colour),
    ),
)

DRAFTS: Final[View[Job]] = View(
    lambda job: job.name,
    (
        Column("NAME", lambda job: job.name),
        Column("KIND", lambda job: job.kind),
        Column("STATE", lambda job: job.state, style=_colour),
        Column("REASON", lambda job: job.reason),
        Column("POOL", lambda job: job.pool),
        Column("PRIORITY", lambda job: job.priority),
        Column("DEPENDS_ON", lambda job: ",".join(job.depends_on)),
        Column("LABELS", _labels),
    ),
)

SERIES: Final[View[MetricSeries]] = View(
    lambda series: series.name,
    (
        Column("SERIES", lambda series: series.name),
        Column("POINTS", lambda series: len(series.points)),
        Column("STEP", lambda series: getattr(_last(series), "step", None)),
        Column("LAST", lambda series: getattr(_last(series), "value", None)),
        Column("LEAST", lambda series: min((point.value for point in series.points), default=None)),
        Column("MOST", lambda series: max((point.value for point in series.points), default=None)),
    ),
)

POINTS: Final[View[PointRow]] = View(
    lambda row: row.series,
    (
        Column("SERIES", lambda row: row.series),
        Column("STEP", lambda row: row.point.step),
        Column("VALUE", lambda row: row.point.value),
        Column("AT", lambda row: row.point.at),
    ),
)

EVENTS: Final[View[Event]] = View(
    lambda event: str(event.seq),
    (
        Column("AT", lambda event: event.at, shown=lambda event: local_time(event.at), width=19),
        Column("EVENT", lambda event: event.type, width=16),
        Column("STATE", lambda event: event.state, style=_colour, width=9),
        Column("REASON", lambda event: event.reason, width=20),
        Column("ATTEMPT", lambda event: event.attempt, width=7),
        Column("MESSAGE", lambda event: event.message),
        Column("ACTOR", lambda event: event.actor, wide=True),
        Column("CAUSE", lambda event: event.cause, wide=True),
        Column("SEQ", lambda event: event.seq, wide=True),
    ),
)

ARTIFACTS: Final[View[Artifact]] = View(
    lambda artifact: artifact.path,
    (
        Column("PATH", lambda artifact: artifact.path),
        Column("SIZE", lambda artifact: artifact.size, shown=lambda artifact: size(artifact.size)),
        Column("SHA256", lambda artifact: artifact.sha256, shown=lambda artifact: artifact.sha256[:12]),
        Column("ATTEMPT", lambda artifact: artifact.attempt),
        Column("CREATED", lambda artifact: artifact.created_at),
        Column("TYPE", lambda artifact: artifact.media_type, wide=True),
    ),
)
