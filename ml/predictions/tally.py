"""What is counted of predictions while they are written: the facts of the job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Protocol

import numpy as np

from ml.predictions.columns import Columns

PREDICTION: Final = "prediction"
"""The column of answers."""


class Tally(Protocol):
    """Something that is counted."""

    def add(self, columns: Columns) -> None:
        """Take a batch."""

    def facts(self) -> dict[str, Any]:
        """Return what has come of all of them; JSON types."""


class Nothing:
    """Counts nothing: answers that are neither classes nor quantities."""

    def add(self, columns: Columns) -> None:
        """Take a batch."""

    def facts(self) -> dict[str, Any]:
        """Return nothing."""
        return {}


class ClassCounts:
    """How often each class was the answer."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes = classes
        self._counts: Counter[str] = Counter()

    def add(self, columns: Columns) -> None:
        """Take a batch."""
        self._counts.update(columns[PREDICTION])

    def facts(self) -> dict[str, Any]:
        """Return the count of each class, also of those that were never the answer."""
        return {"classes": {name: self._counts[name] for name in self._classes}}


class Range:
    """Where predicted quantities lie."""

    def __init__(self) -> None:
        self._low, self._high, self._sum, self._count = np.inf, -np.inf, 0.0, 0

    def add(self, columns: Columns) -> None:
        """Take a batch."""
        values = np.asarray(columns[PREDICTION], np.float64)
        if not len(values):
            return
        self._low, self._high = min(self._low, float(values.min())), max(self._high, float(values.max()))
        self._sum += float(values.sum())
        self._count += len(values)

    def facts(self) -> dict[str, Any]:
        """Return the least, the mean and the greatest; nothing where there is none."""
        if not self._count:
            return {}
        return {PREDICTION: {"least": self._low, "mean": self._sum / self._count, "greatest": self._high}}
