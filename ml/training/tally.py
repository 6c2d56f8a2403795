"""Running means of loss and accuracy, and the guard against a loss that is no number."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ml.errors import Diverged


@dataclass(frozen=True, slots=True)
class Mean:
    """Loss and accuracy, averaged over examples."""

    loss: float
    accuracy: float


@dataclass(slots=True)
class Tally:
    """Collects the sums of steps without reading them: to read a tensor is to wait for it."""

    _steps: list[int] = field(default_factory=list)
    _sums: list[Any] = field(default_factory=list)
    _examples: int = 0

    def add(self, step: int, sums: Any, examples: int) -> None:
        """Take the tensor (sum of losses, number correct) of one step with its number of examples."""
        self._steps.append(step)
        self._sums.append(sums)
        self._examples += examples

    @property
    def is_empty(self) -> bool:
        return not self._steps

    def read(self) -> Mean:
        """Return the means over all steps taken. Raises `Diverged` that names the first step without a finite loss."""
        sums = np.asarray([np.asarray(pair) for pair in self._sums], np.float64)
        bad = np.flatnonzero(~np.isfinite(sums[:, 0]))
        if bad.size:
            step = self._steps[bad[0]]
            raise Diverged(f"The loss is {sums[bad[0], 0]} at step {step}.", facts={"step": step})
        loss, correct = sums.sum(axis=0) / self._examples
        return Mean(float(loss), float(correct))
