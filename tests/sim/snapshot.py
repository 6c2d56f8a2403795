"""All that was committed, as a third party sees it: read over a connection of its own, by statements of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from trainshed.specs import Retry


class JobRow(NamedTuple):
    """What the judge looks at of a job."""

    id: str
    kind: str
    name: str
    state: str
    reason: str
    message: str
    event_seq: int
    version: int
    held: bool
    priority: int
    pool: str
    cpus: float | None
    memory_bytes: int | None
    gpus: int
    not_before: float
    queued_at: float | None
    queue_timeout_s: float | None
    hinted_at: float
    attempt: int
    owner: str | None
    lease_expires_at: float | None
    hb: int
    request: str | None
    started_at: float | None
    finished_at: float | None


class AttemptRow(NamedTuple):
    job_id: str
    number: int
    worker_id: str
    outcome: str
    message: str
    charged: bool
    started_at: float
    ended_at: float | None
    log_bytes: int


class EventRow(NamedTuple):
    job_id: str
    seq: int
    type: str
    state: str
    reason: str
    actor: str
    cause: str
    attempt: int


class PointRow(NamedTuple):
    job_id: str
    series: str
    step: int
    value: float
    attempt: int


class SeriesRow(NamedTuple):
    job_id: str
    name: str
    last_step: int
    last_value: float


class ChunkRow(NamedTuple):
    job_id: str
    attempt: int
    start: int
    length: int


class WorkerRow(NamedTuple):
    id: str
    state: str
    drain: bool
    last_seen_at: float


class KeyRow(NamedTuple):
    project_id: str
    key: str
    request_sha256: str
    job_id: str
    created_at: float


class ArtifactRow(NamedTuple):
    job_id: str
    path: str
    sha256: str
    attempt: int


class CheckpointRow(NamedTuple):
    job_id: str
    attempt: int
    step: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One committed state of the database."""

    jobs: dict[str, JobRow]
    attempts: dict[tuple[str, int], AttemptRow]
    events: dict[tuple[str, int], EventRow]
    points: dict[tuple[str, str, int], PointRow]
    series: dict[tuple[str, str], SeriesRow]
    chunks: dict[tuple[str, int, int], ChunkRow]
    workers: dict[str, WorkerRow]
    keys: dict[tuple[str, str], KeyRow]
    artifacts: dict[tuple[str, str], ArtifactRow]
    checkpoints: dict[tuple[str, int, int], CheckpointRow]
    needs: dict[str, tuple[str, ...]]


EMPTY: Final = Snapshot({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})


def _columns(row: type[Any]) -> str:
    return ", ".join(row._fields)


_JOBS: Final = f"SELECT {_columns(JobRow)} FROM job"
_ATTEMPTS: Final = f"SELECT {_columns(AttemptRow)} FROM attempt"
_EVENTS: Final = f"SELECT {_columns(EventRow)} FROM event"
_POINTS: Final = """
    SELECT job_id, name, step, value, attempt FROM metric_point JOIN metric_series ON metric_series.id = series_id
"""
_SERIES: Final = f"SELECT {_columns(SeriesRow)} FROM metric_series"
_CHUNKS: Final = "SELECT job_id, attempt, start, length(data) FROM log_chunk"
_WORKERS: Final = f"SELECT {_columns(WorkerRow)} FROM worker"
_KEYS: Final = f"SELECT {_columns(KeyRow)} FROM idempotency_key"
_ARTIFACTS: Final = f"SELECT {_columns(ArtifactRow)} FROM artifact"
_CHECKPOINTS: Final = f"SELECT {_columns(CheckpointRow)} FROM checkpoint"
_NEEDS: Final = "SELECT job_id, needs_id FROM dependency ORDER BY job_id, needs_id"


class DriverConnection(Protocol):
    """A connection of sqlite3 or psycopg, on which each statement is a transaction of its own."""

    def execute(self, sql: str, /) -> Any: ...


class Witness:
    """Reads snapshots. What belongs to a job for ever (its retry policy, what it needs) is read once."""

    def __init__(self, connection: DriverConnection, *, mark: str) -> None:
        """`mark` stands for a parameter in the driver's SQL."""
        self._connection: Any = connection
        self._spec = f"SELECT spec FROM job WHERE id = {mark}"
        self._log = f"SELECT data FROM log_chunk WHERE job_id = {mark} AND attempt = {mark} ORDER BY start"

    def look(self) -> Snapshot:
        """Return what is committed now."""
        needs: dict[str, tuple[str, ...]] = {}
        for job_id, needed in self._rows(_NEEDS):
            needs[job_id] = (*needs.get(job_id, ()), needed)
        return Snapshot(
            jobs={row.id: row for row in self._read(_JOBS, JobRow._make)},
            attempts={row[:2]: row for row in self._read(_ATTEMPTS, AttemptRow._make)},
            events={row[:2]: row for row in self._read(_EVENTS, EventRow._make)},
            points={row[:3]: row for row in self._read(_POINTS, PointRow._make)},
            series={row[:2]: row for row in self._read(_SERIES, SeriesRow._make)},
            chunks={row[:3]: row for row in self._read(_CHUNKS, ChunkRow._make)},
            workers={row.id: row for row in self._read(_WORKERS, WorkerRow._make)},
            keys={row[:2]: row for row in self._read(_KEYS, KeyRow._make)},
            artifacts={row[:2]: row for row in self._read(_ARTIFACTS, ArtifactRow._make)},
            checkpoints={row[:3]: row for row in self._read(_CHECKPOINTS, CheckpointRow._make)},
            needs=needs,
        )

    def retry_of(self, job_id: str) -> Retry:
        """Return the retry policy that a job was submitted with."""
        (spec,) = self._connection.execute(self._spec, (job_id,)).fetchone()
        document = json.loads(spec) if isinstance(spec, str) else spec
        return Retry.model_validate(document["retry"])

    def log_of(self, job_id: str, attempt: int) -> bytes:
        """Return the stored log of an attempt."""
        return b"".join(bytes(row[0]) for row in self._connection.execute(self._log, (job_id, attempt)).fetchall())

    def _rows(self, sql: str) -> Sequence[tuple[Any, ...]]:
        rows: Sequence[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return rows

    def _read(self, sql: str, make: Callable[[Any], Any]) -> list[Any]:
        return [make(row) for row in self._rows(sql)]
