"""What a training job says of its series before it begins: those that are too short, and times that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from ml.series.series_set import Series, SeriesSet

_USUAL: Final = 0.95
"""Share of the steps that are usual: a month has up to 31 days, and markets rest at weekends."""
_LONG: Final = 1.5
"""From so many usual steps on, a time is missing."""


def series_findings(data: SeriesSet, *, span: int) -> tuple[str, ...]:
    """Return what is wrong with the series, in words; one forecast takes `span` values. Empty: nothing was found."""
    return (*_short(data, span), *_gaps(data))


def _short(data: SeriesSet, span: int) -> Iterator[str]:
    short = [one.name for one in data.series if len(one.values) < span]
    if short:
        yield f"{len(short)} series are shorter than {span} values and left out, among them {short[0]}"


def _gaps(data: SeriesSet) -> Iterator[str]:
    gaps = {one.name: count for one in data.series if (count := _gaps_of(one))}
    if gaps:
        total, steps = sum(gaps.values()), sum(len(one.times) - 1 for one in data.series)
        where = f" in {len(gaps)} series, among them {next(iter(gaps))}" if len(data.series) > 1 else ""
        yield (
            f"{total:,} of {steps:,} steps from one time to the next are much longer than usual{where}: values seem to"
            " be missing, and each step is taken as one; fill them in, or sum up by longer spans"
        )


def _gaps_of(series: Series) -> int:
    if len(series.times) < 3:
        return 0
    steps = np.diff(series.times)
    return int(np.count_nonzero(steps > _LONG * np.quantile(steps, _USUAL)))
