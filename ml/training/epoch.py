"""What one pass over the training examples came to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Epoch:
    """`number` is from 1. Without a validation part, both of its numbers are None."""

    number: int
    train_loss: float
    train_accuracy: float
    validation_loss: float | None
    validation_accuracy: float | None
    seconds: float

    @property
    def metrics(self) -> dict[str, float]:
        """The numbers that exist, by name."""
        named = {
            "train_loss": self.train_loss,
            "train_accuracy": self.train_accuracy,
            "validation_loss": self.validation_loss,
            "validation_accuracy": self.validation_accuracy,
        }
        return {name: value for name, value in named.items() if value is not None}
