"""Scores by the values of a column: where a model is worse than it is on the whole.

Numbers are cut at the quartiles of the examples that are measured. Values that few examples have are put together,
since their scores would be chance; what is too little even so is left out, and counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.data.fields import as_number, is_missing
from ml.evaluation.intervals import Interval, middle
from ml.evaluation.quantities import intervals_of, metrics_of
from trainshed.specs import SpecModel

LEAST_EXAMPLES: Final = 20
MOST_VALUES: Final = 20
_MOST_NUMBERS: Final = 10
"""Different numbers up to which each is a value, such as a grade."""
_DRAWS: Final = 1000
_MISSING: Final = "missing"
_OTHERS: Final = "all others"

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Slice(SpecModel):
    """The examples with one value, or with values that are alike."""

    value: str
    examples: int
    metrics: dict[str, float]
    intervals: dict[str, Interval]
    """95 % bootstrap intervals of them."""
    than_all: Literal["better", "alike", "worse"]
    """By the first metric: whether that of all examples lies outside of the interval. Of twenty values that are alike
    one will, by chance."""


class SlicedColumn(SpecModel):
    """The slices of one column."""

    column: str
    slices: tuple[Slice, ...]
    left_out: int
    """Examples of values that too few have."""


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Which value each example has."""

    column: str
    values: tuple[str, ...]
    codes: Labels
    """Shape (n,): the place of each in `values`; -1 is left out."""

    def repeated(self, times: int) -> Grouped:
        """Return the same where each example stands for so many in a row."""
        return replace(self, codes=np.repeat(self.codes, times))


Measure = Callable[[Rows], tuple[dict[str, float], dict[str, Interval]]]
"""From places of examples to metrics and their intervals."""


def grouped(column: str, texts: Sequence[str]) -> Grouped:
    """Group the texts (n,) of a column."""
    stripped = [_MISSING if is_missing(text) else text.strip() for text in texts]
    numbers = {text: as_number(text) for text in set(stripped) - {_MISSING}}
    finite = [number for number in numbers.values() if number is not None and np.isfinite(number)]
    if len(finite) == len(numbers) > _MOST_NUMBERS:
        return _by_quartiles(column, stripped, {text: number for text, number in numbers.items() if number is not None})
    return _by_values(column, stripped, numbers)


def slices_of_classes(
    groups: Sequence[Grouped], labels: Labels, answers: Labels, *, positive: int | None
) -> tuple[SlicedColumn, ...]:
    """Return accuracy, and the recall of the class `positive` where there is one, of answers (n,)."""
    right = labels == answers

    def measure(rows: Rows) -> tuple[dict[str, float], dict[str, Interval]]:
        shares = {"accuracy": (int(right[rows].sum()), len(rows))}
        if positive is not None:
            true = labels[rows] == positive
            shares["recall"] = (int((right[rows] & true).sum()), int(true.sum()))
        there = {name: (hits, of) for name, (hits, of) in shares.items() if of}
        return (
            {name: hits / of for name, (hits, of) in there.items()},
            {name: _drawn_share(hits, of, len(rows)) for name, (hits, of) in there.items()},
        )

    return _sliced(groups, measure, len(labels), better=1)


def slices_of_quantities(
    groups: Sequence[Grouped], truth: Floats, predicted: Floats, blocks: Rows
) -> tuple[SlicedColumn, ...]:
    """Return MAE and RMSE of predictions (n,); `blocks` (n,) tell what is drawn together."""

    def measure(rows: Rows) -> tuple[dict[str, float], dict[str, Interval]]:
        _, drawn_together = np.unique(blocks[rows], return_inverse=True)
        metrics = metrics_of(truth[rows], predicted[rows])
        intervals = intervals_of(truth[rows], predicted[rows], drawn_together.astype(np.int64))
        names = ("mae", "rmse")
        return {name: metrics[name] for name in names}, {name: intervals[name] for name in names}

    return _sliced(groups, measure, len(truth), better=-1)


def _by_quartiles(column: str, texts: Sequence[str], numbers: Mapping[str, float]) -> Grouped:
    known = np.array([numbers[text] for text in texts if text != _MISSING])
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75]))
    names = [
        f"up to {edges[0]:g}",
        *(f"above {low:g} to {high:g}" for low, high in pairwise(edges)),
        f"above {edges[-1]:g}",
    ]
    codes = [
        len(names) if text == _MISSING else int(np.searchsorted(edges, numbers[text], side="left")) for text in texts
    ]
    return _with_enough(column, [*names, _MISSING], np.array(codes, np.int64))


def _by_values(column: str, texts: Sequence[str], numbers: Mapping[str, float | None]) -> Grouped:
    frequent = [text for text, _ in Counter(texts).most_common(MOST_VALUES)]
    ordered = sorted(frequent, key=lambda text: (text == _MISSING, numbers.get(text) is None, numbers.get(text), text))
    places = {text: place for place, text in enumerate(ordered)}
    codes = np.array([places.get(text, len(ordered)) for text in texts], np.int64)
    return _with_enough(column, [*ordered, _OTHERS], codes)


def _with_enough(column: str, names: list[str], codes: Labels) -> Grouped:
    """Put values that too few examples have together, and leave out what are too few even so."""
    counts = np.bincount(codes, minlength=len(names))
    kept = [place for place, name in enumerate(names) if counts[place] >= LEAST_EXAMPLES and name != _OTHERS]
    rest = len(codes) - int(counts[kept].sum())
    values = tuple(names[place] for place in kept)
    lookup = np.full(len(names), len(kept) if rest >= LEAST_EXAMPLES else -1, np.int64)
    lookup[kept] = np.arange(len(kept))
    return Grouped(column, (*values, _OTHERS) if rest >= LEAST_EXAMPLES else values, lookup[codes])


def _sliced(groups: Sequence[Grouped], measure: Measure, count: int, *, better: int) -> tuple[SlicedColumn, ...]:
    """Measure each value; `better` is 1 where more is better, and -1 where less is."""
    if not groups:
        return ()
    whole, _ = measure(np.arange(count))
    first = next(iter(whole))
    return tuple(
        SlicedColumn(
            column=group.column,
            slices=tuple(
                _slice(name, np.flatnonzero(group.codes == place), measure, whole[first], better)
                for place, name in enumerate(group.values)
            ),
            left_out=int(np.count_nonzero(group.codes < 0)),
        )
        for group in groups
    )


def _slice(value: str, rows: Rows, measure: Measure, of_all: float, better: int) -> Slice:
    metrics, intervals = measure(rows)
    interval = next(iter(intervals.values()))
    side = (interval.low > of_all) - (interval.high < of_all)
    than_all: Literal["better", "alike", "worse"] = "alike" if not side else "better" if side == better else "worse"
    return Slice(value=value, examples=len(rows), metrics=metrics, intervals=intervals, than_all=than_all)


def _drawn_share(hits: int, of: int, count: int) -> Interval:
    """Return the interval of `hits / of` when all `count` examples, of which `of` are asked about, are drawn anew."""
    random = np.random.Generator(np.random.PCG64(0))
    drawn = random.multinomial(count, np.array([hits, of - hits, count - of]) / count, size=_DRAWS)
    asked = drawn[:, 0] + drawn[:, 1]
    there = asked > 0
    return middle(drawn[there, 0] / asked[there])
