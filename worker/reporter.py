"""Writes what an attempt reports, in batches, each in one fenced transaction.

While the database is away everything is kept: numbers in memory, log bytes in their file.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection

from db import reports
from db.engine import Database
from db.leases import Lease, fence
from db.reports import Point
from worker.logs import LogCarrier


class Superseded(Exception):
    """The attempt is no longer this worker's: nothing was written."""


class Reporter:
    """Collects the reports of one attempt. Belongs to one thread."""

    def __init__(self, database: Database, lease: Lease, logs: LogCarrier) -> None:
        self._database = database
        self._lease = lease
        self._logs = logs
        self._points: list[Point] = []
        self._progress: dict[str, Any] | None = None
        self._start: tuple[str, dict[str, Any]] | None = None
        self._facts: dict[str, Any] = {}

    def started(self, message: str, facts: dict[str, Any]) -> None:
        self._start = (message, facts)

    def amend_start(self, *, sandbox: str, timeline: dict[str, float]) -> None:
        """Add what became known while the job started."""
        if self._start is not None:
            facts = self._start[1]
            facts["sandbox"] = sandbox
            facts["timeline"] |= timeline

    def add_facts(self, facts: dict[str, Any]) -> None:
        self._facts |= facts

    def add_points(self, points: list[Point]) -> None:
        self._points.extend(points)

    def set_progress(self, values: dict[str, Any]) -> None:
        self._progress = values

    def flush(self) -> None:
        """Write what has come together, if anything. Raises `Superseded`, or `DatabaseUnavailable` and keeps it all."""
        chunks = self._logs.read()
        if not (chunks or self._points or self._progress or self._start or self._facts):
            return
        points = list(self._points)
        with self._database.begin() as conn:
            if fence(conn, self._lease) is None:
                raise Superseded
            self._write(conn, points)
            offset = self._logs.store(conn, chunks)
        self._logs.stored(offset)
        self._forget(len(points))

    def write_rest(self, conn: Connection) -> None:
        """Write all but log bytes inside the caller's fenced transaction, which ends the attempt."""
        self._write(conn, self._points)

    def _write(self, conn: Connection, points: list[Point]) -> None:
        if self._start is not None:
            message, facts = self._start
            reports.started(conn, self._lease, message=message, facts=facts)
        if self._facts:
            reports.add_facts(conn, self._lease, self._facts)
        reports.add_points(conn, self._lease, points)
        if self._progress is not None:
            reports.progress(conn, self._lease, self._progress)

    def _forget(self, points: int) -> None:
        del self._points[:points]
        self._progress = self._start = None
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
