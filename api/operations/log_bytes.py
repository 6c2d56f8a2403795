"""Where the bytes of a log are: in chunks in the database while it grows, in one blob once it was compacted.

Whoever reads says what he wants of it as a function; it is called with one or the other, and once more should the log
be compacted between two of its looks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeAlias, TypeVar

import anyio.to_thread
from sqlalchemy import Connection

from api.auth.principal import Principal
from api.operations.jobs import not_found
from api.operations.parts import Parts
from db.engine import Database
from db.queries import logs
from storage import Store
from trainshed.errors import NotFound
from trainshed.states import AttemptOutcome, JobState

T = TypeVar("T")

_TRIES: Final = 3


@dataclass(frozen=True, slots=True)
class Log:
    """The log of one attempt as it stands, and its job as far as that matters."""

    job_id: str
    attempt: int
    begun: bool
    """Whether the job has an attempt of that number."""
    size: int
    outcome: AttemptOutcome | None
    ended_at: float | None
    """By the clock of the database, like `now`. None: it goes on."""
    sha256: str | None
    """What it was compacted to."""
    now: float
    state: JobState
    event_seq: int
    latest: int
    """Number of the latest attempt, and what its log has."""
    latest_size: int


class LogGone(NotFound):
    """The bytes were removed. `size` is how many there were."""

    def __init__(self, log: Log) -> None:
        super().__init__(
            f"The log of attempt {log.attempt} of job {log.job_id} was removed.",
            facts={"job_id": log.job_id, "attempt": log.attempt},
            remedy="Logs are kept as long as the retention of the project says.",
        )
        self.size = log.size


class LogBytes(Protocol):
    """The bytes of one log."""

    def read(self, start: int, stop: int) -> bytes:
        """Return those from `start` up to and without `stop`, which are there."""

    def since(self, at: float) -> int:
        """Return an offset behind which lies all that was stored at that time or later."""


Look: TypeAlias = Callable[[Log, LogBytes], T]
InThread: TypeAlias = Callable[[Callable[[], T | Log]], Awaitable[T | Log]]


async def look_into(
    parts: Parts, who: Principal, job_id: str, attempt: int | None, look: Look[T], *, in_thread: InThread[T]
) -> T:
    """Return what `look` finds in the log of an attempt, by default the latest. The database is asked `in_thread`.

    Raises `NotFound` for an unknown job, `LogGone`, and whatever `look` raises.
    """
    gone: _Moved | None = None
    for _ in range(_TRIES):
        try:
            found = await in_thread(partial(_look_in_database, parts.database, who, job_id, attempt, look))
            if not isinstance(found, Log):
                return found
            blob = _Blob(parts.store, found)
            return await anyio.to_thread.run_sync(look, found, blob, limiter=parts.store_threads)
        except _Moved as moved:
            gone = moved
    assert gone is not None
    raise LogGone(gone.log)


def _look_in_database(database: Database, who: Principal, job_id: str, attempt: int | None, look: Look[T]) -> T | Log:
    """Return what `look` finds, or the log when it has become a blob."""
    with database.read() as conn:
        log = _find(conn, who, job_id, attempt)
        return look(log, _Chunks(conn, log)) if log.sha256 is None else log


def _find(conn: Connection, who: Principal, job_id: str, attempt: int | None) -> Log:
    row = logs.find_log(conn, who.project_id, job_id, attempt)
    if row is None:
        raise not_found(job_id)
    begun = row.number is not None
    return Log(
        job_id=job_id,
        attempt=row.number if begun else attempt or 0,
        begun=begun,
        size=row.log_bytes or 0,
        outcome=AttemptOutcome(row.outcome) if begun else None,
        ended_at=row.ended_at,
        sha256=row.log_sha256,
        now=row.now,
        state=JobState(row.state),
        event_seq=row.event_seq,
        latest=row.latest,
        latest_size=row.latest_log_bytes,
    )


class _Moved(Exception):
    """Chunks that were to be read are not there any more."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self.log = log


class _Chunks:
    def __init__(self, conn: Connection, log: Log) -> None:
        self._conn = conn
        self._log = log

    def read(self, start: int, stop: int) -> bytes:
        if start >= stop:
            return b""
        data = logs.read_log(self._conn, self._log.job_id, self._log.attempt, offset=start, stop=stop)
        if len(data) < stop - start:
            raise _Moved(self._log)
        return data

    def since(self, at: float) -> int:
        found = logs.log_offset_since(self._conn, self._log.job_id, self._log.attempt, at)
        if found is not None:
            return min(found, self._log.size)
        self.read(max(0, self._log.size - 1), self._log.size)  # that none is so late says nothing if they are gone
        return self._log.size


class _Blob:
    def __init__(self, store: Store, log: Log) -> None:
        assert log.sha256 is not None
        self._store = store
        self._sha256 = log.sha256
        self._log = log

    def read(self, start: int, stop: int) -> bytes:
        return b"".join(self._store.read_range(self._sha256, start, stop - start)) if start < stop else b""

    def since(self, at: float) -> int:
        """When which of its bytes came is not known any more: all of them, or none."""
        ended_before = self._log.ended_at is not None and self._log.ended_at < at
        return self._log.size if ended_before else 0
