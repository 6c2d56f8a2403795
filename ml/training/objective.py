"""What training minimises, and what it counts beside that. A task brings an `Objective` of its own."""

from __future__ import annotations

from typing import Any, Literal, Protocol

import tensorflow as tf

Score = Literal["accuracy", "error"]
"""`accuracy`: the share of right answers. `error`: the mean distance of an answer from the truth."""


class Objective(Protocol):
    """The loss of a task, and its score. All functions take tensors, and are traced into the step."""

    @property
    def score(self) -> Score:
        """What `scores` are."""

    @property
    def guessing(self) -> float:
        """The loss of answers that know nothing of an example."""

    @property
    def taught(self) -> tf.TensorSpec:
        """What targets of training look like."""

    @property
    def measured(self) -> tf.TensorSpec:
        """What targets of validation look like."""

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example in training, shape (n,)."""

    def plain_losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example in validation, shape (n,), whatever training adds to it."""

    def sum_scores(self, targets: Any, outputs: Any) -> Any:
        """Return the sum of the scores of the examples, float32."""
