"""How far training is, told at most a few times a second, and always at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ml.report import Report

_EVERY_S: Final = 0.25


class ProgressMeter:
    """Reports progress with the time that is left, by the mean pace so far."""

    def __init__(self, report: Report, *, epochs: int, steps_per_epoch: int, clock: Callable[[], float]) -> None:
        self._begin = 0
        self._report = report
        self._epochs = epochs
        self._steps_per_epoch = steps_per_epoch
        self._clock = clock
        self._started = self._told = clock()

    def go_on_from(self, step: int) -> None:
        """Measure the pace from here: `step` steps are an earlier attempt's."""
        self._begin = step

    def at(self, step: int) -> None:
        """Take note of global step `step` (from 1) being done."""
        now = self._clock()
        total = self._epochs * self._steps_per_epoch
        if now - self._told < _EVERY_S and step < total:
            return
        self._told = now
        done = step - self._begin  # none, when an attempt goes on behind the last step of an epoch
        self._report.progress(
            fraction=step / total,
            epoch=(step - 1) // self._steps_per_epoch + 1,
            epochs=self._epochs,
            step=step,
            steps=total,
            eta_s=(now - self._started) / done * (total - step) if done else None,
        )

    def stopped(self, step: int) -> None:
        """Tell that global step `step` was the last, before all epochs were over."""
        epoch = (step - 1) // self._steps_per_epoch + 1
        self._report.progress(fraction=1.0, epoch=epoch, epochs=epoch, step=step, steps=step, eta_s=0.0)
