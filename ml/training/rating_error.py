"""The objective of ratings: the squared error of standardised ones, and a penalty on what they were made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ml.training.squared_error import SquaredError


@dataclass(frozen=True, slots=True)
class RatingError(SquaredError):
    """Targets (n,) are standardised; outputs (n, 2) are answers and the sum of squares of what each was made of."""

    penalty: float
    """Weight of the sum of squares, in training alone."""

    def losses(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of each example, shape (n,)."""
        return self.plain_losses(targets, outputs) + self.penalty * outputs[:, 1]
