"""Ends training when the validation part no longer gains, and remembers the best epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import keras

from ml.training.epoch import Epoch
from trainshed.specs import EarlyStopping

Monitor = Literal["validation_loss", "validation_accuracy"]


def gain(value: float, than: float, monitor: Monitor) -> float:
    """Return by how much `value` is better than `than`; less than 0 when it is worse."""
    return than - value if monitor == "validation_loss" else value - than


@dataclass(slots=True)
class Patience:
    """Counts epochs without a gain. Its state is `best` and `waited`."""

    policy: EarlyStopping | None
    best: float | None = None
    waited: int = 0

    def is_over(self, epoch: Epoch) -> bool:
        """Take note of `epoch` and return whether training ends with it."""
        if self.policy is None:
            return False
        value = epoch.metrics[self.policy.monitor]
        if self.best is None or gain(value, self.best, self.policy.monitor) > self.policy.min_delta:
            self.best, self.waited = value, 0
            return False
        self.waited += 1
        return self.waited >= self.policy.patience


@dataclass(slots=True)
class BestWeights:
    """Remembers the weights of the best epoch by `monitor`; of equal ones, the first."""

    network: keras.Model
    monitor: Monitor = "validation_loss"
    epoch: Epoch | None = None
    weights: list[Any] = field(default_factory=list)

    def after(self, epoch: Epoch) -> None:
        """Take the weights as they are after `epoch`, if no epoch was better."""
        value = epoch.metrics.get(self.monitor)
        if value is None:
            return
        if self.epoch is None or gain(value, self.epoch.metrics[self.monitor], self.monitor) > 0:
            self.epoch, self.weights = epoch, self.network.get_weights()

    def restore(self) -> Epoch:
        """Put them back and return the epoch they come from."""
        assert self.epoch is not None
        self.network.set_weights(self.weights)
        return self.epoch
