"""The answers that were most wrong, and which classes are taken for each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data import Labels

_SHOWN: Final = 300


@dataclass(frozen=True, slots=True)
class ConfusedExample:
    """One wrong answer."""

    row: int
    """Of the dataset, from 0."""
    true: str
    predicted: str
    confidence: float
    """The probability that the model gave to its answer."""
    text: str | None = None
    """How the example begins, where it is a text."""

    def with_text(self, text: str) -> ConfusedExample:
        """Return the same with the beginning of its text."""
        return replace(self, text=text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Examples of one class that were taken for another."""

    true: str
    predicted: str
    count: int
    share: float
    """Of the examples of the true class."""


def most_confused(
    rows: npt.NDArray[np.int64],
    labels: Labels,
    probabilities: npt.NDArray[np.float64],
    *,
    class_names: tuple[str, ...],
    most: int,
    answers: Labels | None = None,
) -> tuple[ConfusedExample, ...]:
    """Return the wrong answers with the highest confidence, highest first; of equal ones the first.

    `answers` (n,) are what a threshold made of the probabilities; by default the likeliest class is the answer.
    """
    predicted = probabilities.argmax(axis=1) if answers is None else answers
    confidence = probabilities[np.arange(len(labels)), predicted]
    wrong = np.flatnonzero(predicted != labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:most]
    return tuple(
        ConfusedExample(int(rows[i]), class_names[labels[i]], class_names[predicted[i]], float(confidence[i]))
        for i in worst
    )


def confused_pairs(
    confusion: npt.NDArray[np.int64], *, class_names: tuple[str, ...], most: int = 10
) -> tuple[ConfusedPair, ...]:
    """Return the pairs of classes with the most wrong answers."""
    wrong = confusion - np.diag(np.diag(confusion))
    order = np.argsort(-wrong.ravel(), kind="stable")[:most]
    found = [(*divmod(int(place), len(confusion)), int(wrong.ravel()[place])) for place in order]
    return tuple(
        ConfusedPair(class_names[true], class_names[guess], count, count / int(confusion[true].sum()))
        for true, guess, count in found
        if count
    )
