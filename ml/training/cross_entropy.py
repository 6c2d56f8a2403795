"""The objective of classifiers: cross-entropy, with label smoothing and class weights where the recipe has them.

Targets are labels (n,) int64, or after mixing steps shares of each class (n, classes) float32.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from ml.errors import InvalidData
from ml.training.objective import Score
from trainshed.specs import Training


@dataclass(frozen=True, slots=True)
class CrossEntropy:
    """The loss of training; validation measures plain cross-entropy. The score is whether an answer is right."""

    score: ClassVar[Score] = "accuracy"

    n_classes: int
    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] | None = None
    mixes: bool = False
    """Whether training has shares of classes in the place of labels."""

    @property
    def guessing(self) -> float:
        return math.log(self.n_classes)

    @property
    def taught(self) -> tf.TensorSpec:
        return tf.TensorSpec((None, self.n_classes), tf.float32) if self.mixes else self.measured

    @property
    def measured(self) -> tf.TensorSpec:
        return tf.TensorSpec((None,), tf.int64)

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        losses = self._unweighted(targets, outputs)
        if self.class_weights is None:
            return losses
        weights = tf.constant(self.class_weights, tf.float32)
        if targets.dtype.is_integer:
            return losses * tf.gather(weights, targets)
        return losses * tf.linalg.matvec(targets, weights)

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        return cross_entropy(targets, outputs)

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the number of examples whose likeliest class is the one with the largest share, float32."""
        labels = targets if targets.dtype.is_integer else tf.argmax(targets, axis=-1)
        return tf.reduce_sum(tf.cast(tf.equal(tf.argmax(outputs, axis=-1), labels), tf.float32))

    def _unweighted(self, targets: Any, logits: Any) -> Any:
        if targets.dtype.is_integer and not self.label_smoothing:
            return cross_entropy(targets, logits)
        shares = tf.one_hot(targets, self.n_classes) if targets.dtype.is_integer else targets
        smooth = shares * (1.0 - self.label_smoothing) + self.label_smoothing / self.n_classes
        return tf.nn.softmax_cross_entropy_with_logits(smooth, logits)


def cross_entropy(labels: Any, logits: Any) -> Any:
    """Return the loss of each example, shape (n,)."""
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def make_cross_entropy(
    recipe: Training, *, class_counts: Sequence[int], class_names: Sequence[str], mixes: bool = False
) -> CrossEntropy:
    """Return the objective for training examples of so many a class. Raises `InvalidData` for an unknown class."""
    return CrossEntropy(
        n_classes=len(class_names),
        label_smoothing=recipe.label_smoothing,
        class_weights=_class_weights(recipe, np.asarray(class_counts), tuple(class_names)),
        mixes=mixes,
    )


def _class_weights(
    recipe: Training, counts: np.ndarray[Any, np.dtype[Any]], names: tuple[str, ...]
) -> tuple[float, ...] | None:
    if recipe.class_weights is None:
        return None
    if recipe.class_weights == "balanced":
        return tuple(float(weight) for weight in counts.sum() / (len(names) * counts))
    given = recipe.class_weights
    for name in given:
        if name not in names:
            raise InvalidData(
                f"training.class_weights names the class {name}, and the data has {', '.join(names)}.",
                remedy="Name classes of the data.",
                field="training.class_weights",
            )
    return tuple(given.get(name, 1.0) for name in names)
