"""Running means of loss and score, and the guard against a loss that is no number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.errors import Diverged


@dataclass(frozen=True, slots=True)
class Mean:
    """Loss and score, averaged over examples."""

    loss: float
    score: float


@dataclass(slots=True)
class Tally:
    """Collects the sums of steps without reading them: to read a tensor is to wait for it."""

    _firsts: list[int] = field(default_factory=list)
    _sums: list[Any] = field(default_factory=list)
    _examples: int = 0

    def add(self, first: int, sums: Any, examples: int) -> None:
        """Take a tensor (steps, 2) of (sum of losses, sum of scores) from step `first` on, over so many examples."""
        self._firsts.append(first)
        self._sums.append(sums)
        self._examples += examples

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of what was taken: `sums` (steps, 2) float32, and `taken`: first step of it, examples."""
        sums = np.concatenate([np.zeros((0, 2), np.float32), *map(np.asarray, self._sums)])
        first = self._firsts[0] if self._firsts else 0
        return {"sums": sums, "taken": np.array([first, self._examples], np.int64)}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> Tally:
        """Return a tally that has taken what `arrays` gave. Steps follow each other without a gap."""
        first, examples = (int(number) for number in arrays["taken"])
        return cls([first], [arrays["sums"]], examples) if len(arrays["sums"]) else cls()

    @property
    def is_empty(self) -> bool:
        return not self._firsts

    def read(self) -> Mean:
        """Return the means over all steps taken. Raises `Diverged` that names the first step without a finite loss."""
        self.refuse_not_finite()
        sums = np.concatenate([np.asarray(chunk, np.float64) for chunk in self._sums])
        loss, score = sums.sum(axis=0) / self._examples
        return Mean(float(loss), float(score))

    def refuse_not_finite(self) -> None:
        """Raise `Diverged` that names the first step without a finite loss."""
        for first, chunk in zip(self._firsts, self._sums, strict=True):
            _refuse_not_finite(first, np.asarray(chunk)[:, 0])


def _refuse_not_finite(first: int, losses: npt.NDArray[np.float64]) -> None:
    bad = np.flatnonzero(~np.isfinite(losses))
    if bad.size:
        step = first + int(bad[0])
        raise Diverged(f"The loss is {losses[bad[0]]} at step {step}.", facts={"step": step})
