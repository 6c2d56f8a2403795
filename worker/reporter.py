"""Writes what an attempt reports, in batches, each in one fenced transaction.

While the database is away everything is kept: points in memory and then in a file, log bytes in their own.
"""

from __future__ import annotations

import time
from typing import Any

import structlog
from sqlalchemy import Connection

from db import checkpoints, reports
from db.blobs import BlobsLost
from db.checkpoints import Origin, SavedState
from db.engine import Database
from db.leases import Lease, fence
from db.reports import Point
from worker.logs import LogCarrier
from worker.points import BATCH, PointQueue

log = structlog.get_logger(__name__)


class Superseded(Exception):
    """The attempt is no longer this worker's: nothing was written."""


class Reporter:
    """Collects the reports of one attempt. Belongs to one thread."""

    def __init__(
        self, database: Database, lease: Lease, logs: LogCarrier, points: PointQueue, *, keep_states: int = 1
    ) -> None:
        self._database = database
        self._lease = lease
        self._keep_states = keep_states
        self._logs = logs
        self._points = points
        self._progress: dict[str, Any] | None = None
        self._start: tuple[str, dict[str, Any]] | None = None
        self._facts: dict[str, Any] = {}
        self._origin: Origin | None = None
        self._states: list[tuple[int, SavedState]] = []
        """Each with how many points had come before it."""

    def started(self, message: str, facts: dict[str, Any]) -> None:
        self._start = (message, facts)

    def amend_start(self, *, sandbox: str, timeline: dict[str, float]) -> None:
        """Add what became known while the job started."""
        if self._start is not None:
            facts = self._start[1]
            facts["sandbox"] = sandbox
            facts["timeline"] |= timeline

    def begun(self, origin: Origin, *, warnings: tuple[str, ...]) -> None:
        """Have the points beyond `origin` dropped before any point of this attempt is written."""
        self._origin = origin
        if origin.step or warnings:
            self._facts["resumed"] = {"step": origin.step, "epoch": origin.epoch, "warnings": list(warnings)}

    def add_states(self, states: list[SavedState]) -> None:
        """List checkpoints together with the points that came before them."""
        self._states.extend((self._points.added, state) for state in states)

    def add_facts(self, facts: dict[str, Any]) -> None:
        self._facts |= facts

    def add_points(self, points: list[Point]) -> None:
        """Take points. Raises `PointsLost` when they can no longer be kept."""
        self._points.add(points)

    def set_progress(self, values: dict[str, Any]) -> None:
        self._progress = values

    def flush(self) -> None:
        """Write what has come together, if anything, of the points a batch.

        Raises `Superseded`, or `DatabaseUnavailable` and keeps it all.
        """
        chunks, points = self._logs.read(), self._points.first()
        waiting = (points, self._progress, self._start, self._facts, self._origin, self._states)
        if not (chunks or any(waiting)):
            return
        with self._database.begin() as conn:
            if fence(conn, self._lease) is None:
                raise Superseded
            self._write(conn, points)
            offset = self._logs.store(conn, chunks)
        self._logs.stored(offset)
        self._forget(points)

    def flush_until_little_is_left(self) -> None:
        """Write until the rest is no more than one transaction takes. Raises as `flush` does."""
        while len(self._points) > BATCH:
            self.flush()

    def write_rest(self, conn: Connection) -> None:
        """Write all but log bytes inside the caller's fenced transaction, which ends the attempt."""
        self._write(conn, self._points.first())

    def _write(self, conn: Connection, points: list[Point]) -> None:
        if self._start is not None:
            message, facts = self._start
            reports.started(conn, self._lease, message=message, facts=facts)
        if self._facts:
            reports.add_facts(conn, self._lease, self._facts)
        if self._origin is not None:
            checkpoints.drop_points_beyond(conn, self._lease.job_id, self._origin)
        reports.add_points(conn, self._lease, points)
        written = self._points.dropped + len(points)
        for before, state in self._states:
            if before <= written:
                self._list(conn, state)
        if self._progress is not None:
            reports.progress(conn, self._lease, self._progress)

    def _list(self, conn: Connection, state: SavedState) -> None:
        try:
            checkpoints.add(conn, self._lease, state, keep_last=self._keep_states)
        except BlobsLost as error:  # stored so long ago that it counts as garbage; the next one will do
            log.warning("checkpoint.not_listed", job_id=self._lease.job_id, step=state.step, error=str(error))

    def _forget(self, points: list[Point]) -> None:
        self._points.drop(len(points))
        self._states = [(before, state) for before, state in self._states if before > self._points.dropped]
        self._progress = self._start = self._origin = None
        self._facts = {}


class Pace:
    """Says when it is time again."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._due = time.monotonic() + every_s

    def is_due(self) -> bool:
        """Whether `every_s` seconds have passed since it was last due."""
        now = time.monotonic()
        if now < self._due:
            return False
        self._due = now + self._every_s
        return True
