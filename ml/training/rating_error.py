"""The objective of ratings: the squared error of standardised ones, and a penalty on what they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from ml.training.objective import Score


@dataclass(frozen=True, slots=True)
class RatingError:
    """Targets (n,) are standardised, outputs (n, 2) are that and a sum of squares. The score is the absolute error."""

    score: ClassVar[Score] = "error"

    deviation: float
    """Of the train part, in units of the data."""
    penalty: float
    """Weight of the sum of squares, in training alone."""

    @property
    def guessing(self) -> float:
        return 1.0

    @property
    def taught(self) -> tf.TensorSpec:
        return self.measured

    @property
    def measured(self) -> tf.TensorSpec:
        return tf.TensorSpec((None,), tf.float32)

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        return self.plain_losses(targets, outputs) + self.penalty * outputs[:, 1]

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the squared error of each example, shape (n,)."""
        return tf.square(outputs[:, 0] - targets)

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the sum of the absolute errors in units of the data, float32."""
        return self.deviation * tf.reduce_sum(tf.abs(outputs[:, 0] - targets))
