"""Tells who waits for a job that it has moved: one query for all of them, while anybody waits.

A waiter holds neither a session nor a thread. It opens a watch *before* it first looks at the job, so that no change
falls in between. What it reads then, it reads in one of a few threads that all followers share (`Tail.read`), so that
however many there are, other requests find threads free.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, ParamSpec, TypeAlias, TypeVar

import anyio
import anyio.to_thread

from api.operations.feed import Feed
from api.operations.rounds import Rounds
from api.operations.waiting import Waiter, wake_all
from db.engine import Database
from db.queries.jobs import get_marks
from trainshed.states import JobState

P = ParamSpec("P")
R = TypeVar("R")

_READERS: Final = 4
CONNECTIONS: Final = _READERS + 2
"""Most connections to the database that are in use here at once: those of readers, of the tail and of the feed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a job has come. `log_bytes` are those of its latest attempt."""

    version: int
    attempt: int
    event_seq: int
    state: JobState
    log_bytes: int


# Of hundreds of jobs that are looked at, few have moved: a row is taken apart only when it is another.
_Row: TypeAlias = tuple[Any, ...]


def _mark(row: _Row) -> Mark:
    _, version, attempt, event_seq, state, log_bytes = row
    return Mark(version, attempt, event_seq, JobState(state), log_bytes)


class Watch(Waiter):
    """One waiter's view of one job."""

    def __init__(self, *, closed: bool) -> None:
        super().__init__(closed=closed)
        self._row: _Row | None = None
        self._mark: Mark | None = None

    def tell(self, row: _Row | None) -> bool:
        """Note how far the job has come, or that it is gone. True: that is news, and the waiter has to be woken."""
        if row is None:
            self.closed = True
        elif row == self._row:
            return False
        else:
            self._row, self._mark = row, _mark(row)
        return True

    async def until(self, wanted: Callable[[Mark], bool], *, timeout_s: float) -> bool:
        """Wait for a mark that `wanted` accepts. False: none came in time, or the server shuts down."""
        return await self.until_true(lambda: self._mark is not None and wanted(self._mark), timeout_s=timeout_s)


class Tail:
    """Follows the jobs that somebody watches. Lives on the event loop; a thread of its own asks the database."""

    def __init__(self, database: Database) -> None:
        self.feed = Feed(database)
        self._database = database
        self._watches: dict[str, set[Watch]] = {}
        self._rounds = Rounds("tail", waited_for=lambda: bool(self._watches))
        self._thread = anyio.CapacityLimiter(1)
        self._readers = anyio.CapacityLimiter(_READERS)
        self._closed = False

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Be told of changes of a job until the end of the block."""
        watch = Watch(closed=self._closed)
        self._watches.setdefault(job_id, set()).add(watch)
        self._rounds.wake()
        try:
            yield watch
        finally:
            self._watches[job_id].discard(watch)
            if not self._watches[job_id]:
                del self._watches[job_id]

    @property
    def watching(self) -> int:
        """How many wait."""
        return sum(len(watches) for watches in self._watches.values())

    async def read(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call a function that asks the database, in one of the threads that followers share."""
        return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=self._readers)

    def nudge(self, job_id: str) -> None:
        """Look at once: this process has just changed a job. From any thread."""
        if job_id in self._watches:
            self._rounds.nudge()

    def close(self) -> None:
        """Let all go that wait, and all that come after."""
        self._closed = True
        self.feed.close()
        for watches in self._watches.values():
            for watch in watches:
                watch.close()

    async def run(self) -> None:
        """Look every now and then, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rounds.run(self._turn), name="tail")
            group.create_task(self.feed.run(), name="feed")

    async def _turn(self) -> None:
        asked = tuple(self._watches)
        rows = await anyio.to_thread.run_sync(self._look, asked, limiter=self._thread)
        watches = [watch for job_id in asked for watch in self._watches.get(job_id, ()) if watch.tell(rows.get(job_id))]
        await wake_all(watches)

    def _look(self, job_ids: Sequence[str]) -> dict[str, _Row]:
        with self._database.read() as conn:
            return {row[0]: tuple(row) for row in get_marks(conn, job_ids)}
