"""What one pass over the training examples came to."""

from __future__ import annotations

from dataclasses import dataclass

from ml.training.objective import Score
from ml.training.tally import Mean


@dataclass(frozen=True, slots=True)
class Epoch:
    """`number` is from 1. Of accuracy and error, the one that the task has no score of is None.

    Without a validation part, its numbers are None as well.
    """

    number: int
    train_loss: float
    train_accuracy: float | None
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float
    train_error: float | None = None
    """Mean absolute error, in units of the data."""
    validation_error: float | None = None

    @classmethod
    def of(cls, number: int, score: Score, trained: Mean, validated: Mean | None, *, seconds: float) -> Epoch:
        """Put the means of an epoch where their names say."""
        is_error = score == "error"
        scores = (trained.score, validated.score if validated else None)
        return cls(
            number=number,
            train_loss=trained.loss,
            train_accuracy=None if is_error else scores[0],
            validation_loss=validated.loss if validated else None,
            validation_accuracy=None if is_error else scores[1],
            seconds=seconds,
            train_error=scores[0] if is_error else None,
            validation_error=scores[1] if is_error else None,
        )

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers that exist, by name."""
        named = {
            "train_loss": self.train_loss,
            "train_accuracy": self.train_accuracy,
            "train_error": self.train_error,
            "validation_loss": self.validation_loss,
            "validation_accuracy": self.validation_accuracy,
            "validation_error": self.validation_error,
        }
        return {name: value for name, value in named.items() if value is not None}
