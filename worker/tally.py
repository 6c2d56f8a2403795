"""Counts what one worker does, for `/metrics`. Its heartbeat writes the counts into the worker's row."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict

from db import counters
from db.counters import Counts
from trainshed.states import AttemptOutcome


class Tally:
    """The counts of one worker process since its start. Any thread may count; one thread writes.

    A row that was removed while the worker was cut off has left its counts to the pool. The row after it begins at
    zero, or they would count twice.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: dict[str, float] = defaultdict(float)
        self._written: Counts = {}
        self._left_behind: Counts = {}

    def claimed(self, source: str) -> None:
        """Count a claim by one of `CLAIM_SOURCES`."""
        self._add(counters.claims_by(source), 1)

    def started(self, latency_s: float) -> None:
        """Count a job whose code runs so long after it became claimable."""
        bound = counters.START_BOUNDS_S[bisect_left(counters.START_BOUNDS_S, latency_s)]
        with self._lock:
            self._counted[counters.starts_within(bound)] += 1
            self._counted[counters.START_SECONDS] += latency_s

    def ended(self, outcome: AttemptOutcome) -> None:
        """Count an attempt whose end is written."""
        self._add(counters.attempts_with(outcome), 1)

    def fenced(self) -> None:
        """Count a write that was refused because another attempt had taken over."""
        self._add(counters.FENCED_WRITES, 1)

    def read(self) -> Counts:
        """Return all that was counted."""
        with self._lock:
            return dict(self._counted)

    def of_row(self, counted: Counts) -> Counts:
        """Return the part of `counted` that belongs into the worker's present row."""
        return {name: value - self._left_behind.get(name, 0) for name, value in counted.items()}

    def written(self, counted: Counts) -> None:
        """Take note that the row holds `counted`, and that this is committed."""
        self._written = counted

    def row_is_new(self) -> None:
        """Take note that the row which held what was written last is gone."""
        self._left_behind = self._written

    def _add(self, name: str, value: int) -> None:
        with self._lock:
            self._counted[name] += value
