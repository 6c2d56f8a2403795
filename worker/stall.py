"""Notices a training that makes no step any more.

Times are of one monotonic clock, in seconds. What is asked of a process here is a sign of life now and then, in
proportion to how fast it was until now.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

from trainshed.specs import Guards
from worker.protocol import Progress

_SAMPLES: Final = 101
_FROZEN_S: Final = 10.0
"""Who looks five times a second and did not for so long was stopped itself, and the training most likely with it."""


class StallWatch:
    """Watches one attempt from `now` on."""

    def __init__(self, guards: Guards, now: float) -> None:
        self._guards = guards
        self._looked_at = self._alive_at = self._stepped_at = now
        self._step: int | None = None
        self._step_s: deque[float] = deque(maxlen=_SAMPLES)
        self._is_over = False

    def heard(self, progress: Progress, now: float) -> None:
        """Take note of a report. The same step again is a sign of life, too."""
        self._alive_at = now
        if progress.step is None or progress.step == self._step:
            return
        if self._step is not None and progress.step > self._step:
            self._step_s.append((now - self._stepped_at) / (progress.step - self._step))
        self._step, self._stepped_at = progress.step, now
        self._is_over = progress.step == progress.steps

    def why(self, now: float) -> str | None:
        """Return in words why the training counts as stalled; None while it does not."""
        if now - self._looked_at > _FROZEN_S:
            self._alive_at = self._stepped_at = now
        self._looked_at = now
        silent_s, limit_s = now - self._alive_at, self._limit_s()
        if self._is_over or limit_s is None or silent_s <= limit_s:
            return None
        if self._step is None:
            return f"Made no first step within {limit_s:g} s (guards.first_step)."
        return (
            f"Made no step for {silent_s:.0f} s after step {self._step}, where a step took {self._median_s():.2g} s"
            " (guards.stall_factor, guards.stall_at_least)."
        )

    def _limit_s(self) -> float | None:
        if self._step is None:
            return self._guards.first_step
        factor = self._guards.stall_factor
        return None if factor is None else max(factor * self._median_s(), self._guards.stall_at_least)

    def _median_s(self) -> float:
        return median(self._step_s) if self._step_s else 0.0
