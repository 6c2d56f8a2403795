"""The learning rate at each step: a pure function of the step, with warm-up in front of any shape."""

from __future__ import annotations

import math
from typing import Any

import keras

from trainshed.specs import Schedule


class RateSchedule(keras.optimizers.schedules.LearningRateSchedule):
    """`schedule(step)` for steps from 0; `steps_per_epoch` and `steps` count changes of the weights."""

    def __init__(self, schedule: Schedule, *, peak: float, steps_per_epoch: float, steps: float) -> None:
        super().__init__()
        self._schedule = schedule
        self._peak = peak
        self._warmup = schedule.warmup_epochs * steps_per_epoch
        self._period = schedule.every_epochs * steps_per_epoch
        self._rest = max(steps - self._warmup, 1.0)

    def __call__(self, step: Any) -> Any:
        """Return the rate as a float32 tensor. Warm-up reaches the peak with the first step after it."""
        step = keras.ops.cast(step, "float32")
        after = keras.ops.maximum(step - self._warmup, 0.0)
        rate = self._peak * self._share(after)
        if not self._warmup:
            return rate
        # From one part, not from zero: a first step with rate 0 would be lost.
        rising = self._peak * (step + 1.0) / (self._warmup + 1.0)
        return keras.ops.where(step < self._warmup, rising, rate)

    def _share(self, after: Any) -> Any:
        """Return what is left of the peak, so many steps after the warm-up."""
        match self._schedule.shape:
            case "constant":
                return keras.ops.ones_like(after)
            case "step":
                return keras.ops.power(self._schedule.factor, keras.ops.floor(after / self._period))
            case "exponential":
                return keras.ops.power(self._schedule.factor, after / self._period)
            case "cosine":
                wave = 0.5 * (1.0 + keras.ops.cos(math.pi * keras.ops.minimum(after / self._rest, 1.0)))
                return self._schedule.final_share + (1.0 - self._schedule.final_share) * wave

    def get_config(self) -> dict[str, Any]:
        """Return nothing to save: optimizers are never written with a model."""
        return {}
