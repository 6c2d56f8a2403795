"""The objective of sequences: cross-entropy of each piece given those before it, with label smoothing in training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from ml.training.objective import Score


@dataclass(frozen=True, slots=True)
class NextPiece:
    """Targets (n, length) are numbers of pieces, 0 for no more; outputs (n, length, pieces) are logits.

    The loss of an example is the sum over its pieces by their mean number in training, so that in the mean each piece
    weighs the same. The score is the share of its pieces that are the likeliest.
    """

    score: ClassVar[Score] = "accuracy"

    pieces: int
    """How many different ones there are."""
    mean_length: float
    """Pieces of a target of the train part."""
    label_smoothing: float = 0.0

    @property
    def guessing(self) -> float:
        return math.log(self.pieces)

    @property
    def taught(self) -> tf.TensorSpec:
        return self.measured

    @property
    def measured(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, None), tf.int32)

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        right = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
        if not self.label_smoothing:
            return self._by_example(right, targets)
        even = tf.reduce_logsumexp(outputs, axis=-1) - tf.reduce_mean(outputs, axis=-1)
        return self._by_example((1 - self.label_smoothing) * right + self.label_smoothing * even, targets)

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example without smoothing, shape (n,)."""
        return self._by_example(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs), targets)

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the sum over examples of their shares of right pieces, float32."""
        counts = _counts(targets)
        right = tf.cast(tf.equal(tf.argmax(outputs, axis=-1, output_type=tf.int32), targets), tf.float32)
        return tf.reduce_sum(tf.reduce_sum(right * counts, axis=1) / tf.reduce_sum(counts, axis=1))

    def _by_example(self, losses: Any, targets: Any) -> Any:
        return tf.reduce_sum(losses * _counts(targets), axis=1) / self.mean_length


def _counts(targets: Any) -> Any:
    """Return 1 for each piece, and 0 where there is none."""
    return tf.cast(tf.not_equal(targets, 0), tf.float32)
