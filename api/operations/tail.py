"""Tells who waits for a job that it has moved: one query for all of them, while anybody waits.

A waiter holds neither a session nor a thread. It opens a watch *before* it first looks at the job, so that no change
falls in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import anyio
import anyio.to_thread
import structlog

from db.engine import Database, DatabaseUnavailable
from db.queries.jobs import get_marks
from trainshed.states import JobState

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 0.2
_LOOK_AGAIN_AFTER_FAILURE_S: Final = 1.0
_ASKED_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a job has come."""

    version: int
    attempt: int
    event_seq: int
    state: JobState


class Watch:
    """One waiter's view of one job."""

    def __init__(self) -> None:
        self.closed = False
        self._mark: Mark | None = None
        self._changed = asyncio.Event()

    def tell(self, mark: Mark) -> None:
        if mark != self._mark:
            self._mark = mark
            self._changed.set()

    def close(self) -> None:
        self.closed = True
        self._changed.set()

    async def until(self, wanted: Callable[[Mark], bool], *, timeout_s: float) -> bool:
        """Wait for a mark that `wanted` accepts. False: none came in time, or the server shuts down."""
        try:
            async with asyncio.timeout(timeout_s):
                while not self.closed:
                    self._changed.clear()
                    if self._mark is not None and wanted(self._mark):
                        return True
                    await self._changed.wait()
        except TimeoutError:
            pass
        return False


class Tail:
    """Follows the jobs that somebody watches. Lives on the event loop; a thread of its own asks the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watches: dict[str, set[Watch]] = {}
        self._occupied = asyncio.Event()
        self._nudged = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    @contextmanager
    def watch(self, job_id: str) -> Iterator[Watch]:
        """Be told of changes of a job until the end of the block."""
        watch = Watch()
        watch.closed = self._closed
        self._watches.setdefault(job_id, set()).add(watch)
        self._occupied.set()
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

    def nudge(self, job_id: str) -> None:
        """Look at once: this process has just changed a job. From any thread."""
        if self._loop is not None and job_id in self._watches:
            self._loop.call_soon_threadsafe(self._nudged.set)

    def close(self) -> None:
        """Let all go that wait, and all that come after."""
        self._closed = True
        for watches in self._watches.values():
            for watch in watches:
                watch.close()

    async def run(self) -> None:
        """Look every now and then, until cancelled."""
        self._loop = asyncio.get_running_loop()
        thread = anyio.CapacityLimiter(1)
        while True:
            await self._wait_for_watches()
            wait_s = _LOOK_EVERY_S
            try:
                marks = await anyio.to_thread.run_sync(self._look, tuple(self._watches), limiter=thread)
            except DatabaseUnavailable as error:
                log.warning("tail.blind", error=str(error))
                wait_s = _LOOK_AGAIN_AFTER_FAILURE_S
            except Exception:
                log.exception("tail.failed")
                wait_s = _LOOK_AGAIN_AFTER_FAILURE_S
            else:
                self._tell(marks)
            await self._rest(wait_s)

    async def _wait_for_watches(self) -> None:
        if not self._watches:
            self._occupied.clear()
            await self._occupied.wait()

    async def _rest(self, wait_s: float) -> None:
        try:
            async with asyncio.timeout(wait_s):
                await self._nudged.wait()
        except TimeoutError:
            pass
        self._nudged.clear()

    def _look(self, job_ids: Sequence[str]) -> dict[str, Mark]:
        marks = {}
        for start in range(0, len(job_ids), _ASKED_AT_ONCE):
            with self._database.read() as conn:
                for row in get_marks(conn, job_ids[start : start + _ASKED_AT_ONCE]):
                    marks[row.id] = Mark(row.version, row.attempt, row.event_seq, JobState(row.state))
        return marks

    def _tell(self, marks: dict[str, Mark]) -> None:
        for job_id, mark in marks.items():
            for watch in self._watches.get(job_id, ()):
                watch.tell(mark)
