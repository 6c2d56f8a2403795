"""Keeps the leases of this worker: one statement every three seconds, from a thread and connection of its own.

What a beat brings back goes to the attempts: requests such as cancel, and the news that a lease is lost. Between two
beats a read that costs nothing looks for requests, so that a cancel is carried out within half a second. While the
database is away nothing is concluded: an attempt is superseded only when the database says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection

from db import leases, workers
from db.counters import Counts
from db.engine import Database, DatabaseUnavailable
from db.leases import BEAT_S, Held, Lease
from db.pulse import Pulse
from db.workers import Seen, WorkerFacts
from trainshed.states import JobRequest
from worker.tally import Tally

log = structlog.get_logger(__name__)

LOOK_S: Final = 0.5


class Beaten(Protocol):
    """A running attempt, as the heartbeat sees it."""

    lease: Lease

    def on_beat(self, held: Held | None) -> None:
        """Take note of the answer; None: the lease is lost."""

    def on_request(self, request: JobRequest) -> None:
        """Take note of what the job was asked to do."""


class Heartbeat:
    """Beats for all attempts of one worker."""

    def __init__(
        self,
        database: Database,
        facts: WorkerFacts,
        *,
        busy: Callable[[], int],
        state: Callable[[], str],
        tally: Tally,
        told: Callable[[Seen], None] = lambda _: None,
        pulse: Pulse | None = None,
    ) -> None:
        """`told` hears what the database says to a worker that lives; `pulse` beats also while it says nothing."""
        self._database = database
        self._facts = facts
        self._busy = busy
        self._state = state
        self._tally = tally
        self._told = told
        self._pulse = pulse or Pulse(None)
        self._running: dict[Lease, Beaten] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

    def start(self) -> None:
        """Begin to beat. The first beat registers the worker."""
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def add(self, attempt: Beaten) -> None:
        with self._lock:
            self._running[attempt.lease] = attempt

    def remove(self, attempt: Beaten) -> None:
        with self._lock:
            self._running.pop(attempt.lease, None)

    def _run(self) -> None:
        beat_at = time.monotonic()
        while not self._stop.is_set():
            self._pulse.beat()
            try:
                if time.monotonic() >= beat_at:
                    beat_at = time.monotonic() + BEAT_S
                    self.beat_once()
                else:
                    self.look_once()
            except DatabaseUnavailable as error:
                log.warning("heartbeat.failed", error=str(error))
            except Exception:
                # A worker whose heartbeat has ended works on jobs that are being taken away from it. Never end.
                log.exception("heartbeat.broken")
            self._stop.wait(LOOK_S)

    def look_once(self) -> None:
        """Pass on what running jobs were asked to do."""
        with self._lock:
            running = dict(self._running)
        if not running:
            return
        with self._database.read() as conn:
            requested = leases.requested(conn, self._facts.id)
        for lease, attempt in running.items():
            request = requested.get((lease.job_id, lease.attempt))
            if request is not None:
                attempt.on_request(request)

    def beat_once(self) -> None:
        """Extend all leases, and tell each attempt what the database answered."""
        with self._lock:
            before = dict(self._running)
        counted = self._tally.read()
        with self._database.begin(urgent=True) as conn:
            held = leases.beat(conn, self._facts.id, [lease.job_id for lease in before])
            seen = self._say_that_it_lives(conn, counted)
        if seen is None:
            self._tally.row_is_new()
        else:
            self._tally.written(counted)
        self._told(seen or Seen(drain=False))
        # Only those that were there before the statement: one claimed meanwhile is in no answer yet.
        for lease, attempt in before.items():
            attempt.on_beat(held.get((lease.job_id, lease.attempt)))

    def _say_that_it_lives(self, conn: Connection, counted: Counts) -> Seen | None:
        """Write the worker's row, or a new one when there is none. None: it is new."""
        counts = self._tally.of_row(counted)
        seen = workers.seen(conn, self._facts.id, busy=self._busy(), state=self._state(), counts=counts)
        if seen is None:
            workers.register(conn, self._facts)
        return seen
