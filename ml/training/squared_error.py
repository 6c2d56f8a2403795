"""The objective of quantities: the squared error of standardised ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from ml.training.objective import Score


@dataclass(frozen=True, slots=True)
class SquaredError:
    """Targets (n,) and outputs (n, 1) are standardised. The score is the absolute error in units of the data."""

    score: ClassVar[Score] = "error"

    deviation: float
    """Of the train part, in units of the data."""

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
        return self.plain_losses(targets, outputs)

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the squared error of each example, shape (n,)."""
        return tf.square(outputs[:, 0] - targets)

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the sum of the absolute errors, float32."""
        return self.deviation * tf.reduce_sum(tf.abs(outputs[:, 0] - targets))
