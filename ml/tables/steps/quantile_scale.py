"""`quantile_scale`: the share of the train part below a number, or the normal deviate of that share."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist
from typing import Annotated, Final, Literal

import numpy as np
from pydantic import Field

from ml.tables.frame import Frame
from ml.tables.steps.choosing import Floats, known, numbers_for
from ml.tables.steps.fitted import Fitted
from ml.tables.table import Numbers
from trainshed.specs import QuantileScale, SpecModel

_OUTERMOST: Final = 1e-3
"""The share that the least number gets with `normal`; its deviate is -3.09. The deviate of 0 would be infinite."""
_POINTS: Final = 2001
"""Shares of which deviates are kept; between two of them it is a straight line."""


class Quantiles(SpecModel):
    """Of one column, at even shares from 0 to 1."""

    name: str
    values: Annotated[tuple[float, ...], Field(min_length=3)]


class Ranked(Fitted):
    """Replaces numbers by shares or deviates, which a network takes as they are."""

    step: Literal["quantile_scale"] = "quantile_scale"
    columns: tuple[Quantiles, ...]
    to: Literal["uniform", "normal"]

    def apply(self, frame: Frame) -> Frame:
        return frame.replacing({one.name: [self._ranked(frame.numbers(one.name), one)] for one in self.columns})

    def _ranked(self, column: Numbers, quantiles: Quantiles) -> Numbers:
        shares = _shares(column.values, np.array(quantiles.values))
        return replace(column, values=shares if self.to == "uniform" else _deviates(shares), is_scaled=True)


def fit_quantile_scale(step: QuantileScale, frame: Frame) -> Ranked:
    """Fit the quantiles on the train part."""
    at = np.linspace(0, 100, step.quantiles)
    columns = tuple(
        Quantiles(name=one.name, values=tuple(np.percentile(known(one), at).tolist()))
        for one in numbers_for(step.columns, frame)
    )
    return Ranked(columns=columns, to=step.to)


def _shares(values: Floats, quantiles: Floats) -> Floats:
    """Return shares of [0, 1]. A number that many quantiles are equal to gets the middle of their shares."""
    at = np.linspace(0, 1, len(quantiles))
    upper = np.interp(values, quantiles, at)
    lower = -np.interp(-values, -quantiles[::-1], -at[::-1])
    return np.where(np.isnan(values), np.nan, (upper + lower) / 2)


def _deviates(shares: Floats) -> Floats:
    at = np.linspace(_OUTERMOST, 1 - _OUTERMOST, _POINTS)
    normal = NormalDist()
    return np.interp(shares, at, [normal.inv_cdf(share) for share in at])
