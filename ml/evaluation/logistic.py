"""The baseline that a network has to beat: logistic regression on the pixels, bounded so that it takes seconds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from ml.data import Dataset, Labels

_MOST_EXAMPLES: Final = 4000
_MOST_FEATURES: Final = 400
_ITERATIONS: Final = 60
_COLUMN_ITERATIONS: Final = 1000
_TEXT_C: Final = 4.0
_PREDICT_AT_ONCE: Final = 4096


@dataclass(frozen=True, slots=True)
class LogisticBaseline:
    """How well logistic regression does on the same examples."""

    accuracy: float
    trained_on: int
    """Examples of the train part, drawn evenly from it."""
    features: int
    """Numbers it sees of an example: of an image its pixels, or means of square blocks of them; of a text TF-IDF."""


@dataclass(frozen=True, slots=True, eq=False)
class LogisticAnswers:
    """The baseline, and where it is right (n,)."""

    baseline: LogisticBaseline
    right: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, right: npt.NDArray[np.bool_], *, trained_on: int, features: int) -> LogisticAnswers:
        """Score what it answers."""
        return cls(LogisticBaseline(float(np.mean(right)), trained_on, features), right)


def logistic_baseline(
    dataset: Dataset, *, train_rows: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
) -> LogisticAnswers | None:
    """Fit on some of `train_rows` and score on `rows`; None when those are all of one class."""
    chosen = train_rows[np.linspace(0, len(train_rows) - 1, min(len(train_rows), _MOST_EXAMPLES)).astype(int)]
    if len(np.unique(dataset.labels[chosen])) < 2:
        return None
    side = _block_side(dataset.image_shape)
    features = _features(dataset, chosen, side)
    # One scale for all pixels: by pixel, the noise of a dark border would weigh as much as the middle.
    scale = float(np.abs(features).max()) or 1.0
    model = LogisticRegression(max_iter=_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bounded baseline is the point
        model.fit(features / scale, dataset.labels[chosen])
    right = []
    for start in range(0, len(rows), _PREDICT_AT_ONCE):
        some = rows[start : start + _PREDICT_AT_ONCE]
        right.append(model.predict(_features(dataset, some, side) / scale) == dataset.labels[some])
    return LogisticAnswers.of(np.concatenate(right), trained_on=len(chosen), features=features.shape[1])


def logistic_on_columns(
    train: npt.NDArray[np.float32], labels: Labels, measured: npt.NDArray[np.float32], measured_labels: Labels
) -> LogisticAnswers:
    """Fit on standardised columns (n, columns) of all training examples, and score on others."""
    model = LogisticRegression(max_iter=_COLUMN_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bounded baseline is the point
        model.fit(train, labels)
    right = model.predict(measured) == measured_labels
    return LogisticAnswers.of(right, trained_on=len(train), features=train.shape[1])


def logistic_on_texts(
    train: Sequence[str],
    labels: Labels,
    measured: Sequence[str],
    measured_labels: Labels,
    *,
    words_of: Callable[[str], list[str]],
) -> LogisticAnswers:
    """Fit on TF-IDF of the words, and pairs of them, of all training texts, and score on others."""
    vectors = TfidfVectorizer(
        tokenizer=words_of, token_pattern=None, lowercase=False, ngram_range=(1, 2), min_df=2, sublinear_tf=True
    )
    try:
        known = vectors.fit_transform(train)
    except ValueError:  # no word is in two texts
        known = vectors.set_params(min_df=1).fit_transform(train)
    model = LogisticRegression(C=_TEXT_C, max_iter=_COLUMN_ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a bounded baseline is the point
        model.fit(known, labels)
    answers = model.predict(vectors.transform(measured))
    return LogisticAnswers.of(answers == measured_labels, trained_on=len(train), features=known.shape[1])


def _block_side(shape: tuple[int, int, int]) -> int:
    """Return the side of the blocks whose means are few enough."""
    height, width, channels = shape
    side = 1
    while -(-height // side) * -(-width // side) * channels > _MOST_FEATURES and side < min(height, width):
        side += 1
    return side


def _features(dataset: Dataset, rows: npt.NDArray[np.int64], side: int) -> npt.NDArray[np.float32]:
    images = np.asarray(dataset.images[rows], np.float32)
    if side > 1:
        images = _block_sums(_block_sums(images, 1, side), 2, side) / np.float32(side**2)
    return images.reshape(len(rows), -1)


def _block_sums(images: npt.NDArray[np.float32], axis: int, side: int) -> npt.NDArray[np.float32]:
    sums: npt.NDArray[np.float32] = np.add.reduceat(images, np.arange(0, images.shape[axis], side), axis=axis)
    return sums
