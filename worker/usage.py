"""Samples what a job takes while it runs, as series that the job itself cannot write (`trainshed.series`).

Each sample of the processors is the average since the one before, so that nothing is lost between two. Their steps are
seconds since the job first started: they go on over all of its attempts, and none of them is dropped when an attempt
begins again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from db.reports import Point
from trainshed.series import SYSTEM_CPU, SYSTEM_MEMORY
from worker.launch.usage import Usage

_FIRST_S: Final = 1.0
"""A job that is shorter leaves no sample, and pays for none."""
_EVERY_S: Final = 5.0
_AN_HOUR_S: Final = 3_600.0
_MOST_RECENT: Final = _AN_HOUR_S / _EVERY_S


def interval_s(age_s: float) -> float:
    """Return how long to wait for the next sample of an attempt that has run for so long.

    After 1, 2, 4 and 8 seconds, then every five; after an hour every 720th part of the age, so that an attempt of a
    month leaves some 5,500 samples.
    """
    return max(min(max(age_s, _FIRST_S), _EVERY_S), age_s / _MOST_RECENT)


class UsageWatch:
    """Says when it is time for a sample, and makes points of it. Belongs to one thread; times are monotonic."""

    def __init__(self, *, began_at: float, since_first_start_s: float) -> None:
        """`since_first_start_s`: for how long the job had been started when this part of it began."""
        self._began_at = self._last_at = began_at
        self._since_first_start_s = since_first_start_s
        self._last_cpu_s = 0.0
        self._due_at = began_at + _FIRST_S

    def look(self, now: float, measure: Callable[[], Usage | None]) -> list[Point]:
        """Return the points of a sample if one is due, and there is still something to measure."""
        if now < self._due_at:
            return []
        usage = measure()
        self._due_at = now + interval_s(now - self._began_at)
        if usage is None:
            return []
        step = int(self._since_first_start_s + now - self._began_at)
        # A process whose parent does not wait for it takes its time along when it ends.
        cpus = max(0.0, usage.cpu_s - self._last_cpu_s) / (now - self._last_at)
        self._last_at, self._last_cpu_s = now, usage.cpu_s
        return [Point(SYSTEM_CPU, step, cpus), Point(SYSTEM_MEMORY, step, float(usage.memory_bytes))]
