"""The objective of forecasts with intervals: the pinball loss (Koenker and Bassett, "Regression quantiles", 1978)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from ml.training.objective import Score


@dataclass(frozen=True, slots=True)
class Pinball:
    """Targets are (n, horizon), outputs (n, horizon * quantiles), step by step.

    The score is the absolute error of the middle quantile, in the scale of the targets.
    """

    score: ClassVar[Score] = "error"

    quantiles: tuple[float, ...]
    """Ascending, an odd number of them."""
    horizon: int
    guessing: float
    """The loss of answering 0 always."""

    @property
    def taught(self) -> tf.TensorSpec:
        return self.measured

    @property
    def measured(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.horizon), tf.float32)

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        missed = targets[:, :, None] - self._by_step(outputs)
        share = tf.constant(self.quantiles, tf.float32)
        return tf.reduce_mean(tf.maximum(share * missed, (share - 1.0) * missed), axis=(1, 2))

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        return self.losses(targets, outputs)

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the sum over examples of their mean absolute error, float32."""
        middle = self._by_step(outputs)[:, :, len(self.quantiles) // 2]
        return tf.reduce_sum(tf.reduce_mean(tf.abs(middle - targets), axis=1))

    def _by_step(self, outputs: Any) -> Any:
        return tf.reshape(outputs, (-1, self.horizon, len(self.quantiles)))


def guessing_loss(targets: npt.NDArray[np.float32], quantiles: tuple[float, ...]) -> float:
    """Return the mean pinball loss of answering 0 for targets (n, horizon)."""
    shares = np.array(quantiles)
    missed = targets[:, :, None].astype(np.float64)
    return float(np.maximum(shares * missed, (shares - 1) * missed).mean())
