"""Ends a training whose loss has left the range that it began in."""

from __future__ import annotations

from typing import Final

from ml.errors import Diverged

_IN_A_ROW: Final = 3


class LossGuard:
    """Told of each report's mean training loss. `factor` None: it minds nothing."""

    def __init__(self, factor: float | None) -> None:
        self._factor = factor
        self.first: float | None = None
        """The loss of the first report."""
        self.high = 0
        """How many reports in a row were too high."""

    def take(self, step: int, loss: float) -> None:
        """Raise `Diverged` when the last reports, this one at `step` included, were all far above the first."""
        if self.first is None:
            self.first = loss
        if self._factor is None:
            return
        self.high = self.high + 1 if loss > self._factor * self.first else 0
        if self.high == _IN_A_ROW:
            raise Diverged(
                f"The training loss is {loss:.4g} at step {step}, and was above {self._factor:g} times the"
                f" {self.first:.4g} it began with for {_IN_A_ROW} reports in a row.",
                remedy="Lower training.learning_rate, or add training.clip or schedule.warmup_epochs; where such losses"
                " are no sign of trouble, raise guards.loss_factor.",
                facts={"step": step},
            )
