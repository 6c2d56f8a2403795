"""How far predictions of quantities are from the truth, beside baselines, and how sure that is.

All metrics follow from sums over examples, so a bootstrap (Efron, 1979; percentile method) draws the sums of blocks
anew. A block is what is drawn together: an example by itself, or forecasts of one time, whose errors are alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluation.intervals import Interval, middle
from trainshed.specs import SpecModel

Floats = npt.NDArray[np.float64]
_DRAWS: Final = 1000
_MOST_NUMBERS: Final = 4_000_000
"""Drawn at a time: bounds memory."""


class QuantityBaseline(SpecModel):
    """What one has without the model."""

    name: str
    metrics: dict[str, float]
    rmse_ratio: float
    """RMSE of the model by that of the baseline: below 1, the model is better."""
    rmse_ratio_interval: Interval


def metrics_of(truth: Floats, predicted: Floats) -> dict[str, float]:
    """Return `rmse`, `mae` and `r2` of predictions (n,). R2 of a truth that never changes is 0."""
    sums = _sums(truth, predicted, np.zeros(len(truth), np.int64))
    return {name: float(values[0]) for name, values in _metrics(sums).items()}


def intervals_of(truth: Floats, predicted: Floats, blocks: npt.NDArray[np.int64]) -> dict[str, Interval]:
    """Return the 95 % interval of each; `blocks` (n,) are numbered from 0."""
    (drawn,) = _drawn([_sums(truth, predicted, blocks)])
    return {name: middle(values) for name, values in _metrics(drawn).items()}


def beside(
    truth: Floats, predicted: Floats, baselines: Mapping[str, Floats], blocks: npt.NDArray[np.int64]
) -> tuple[QuantityBaseline, ...]:
    """Return each baseline with the ratio of errors, drawn in pairs: the same examples for both."""
    ours = _sums(truth, predicted, blocks)
    return tuple(_beside(name, truth, theirs, ours, blocks) for name, theirs in baselines.items())


def quantity_verdict(baselines: tuple[QuantityBaseline, ...]) -> str:
    """Return one sentence for each baseline. A difference counts when 1 lies outside of the interval of the ratio."""
    return " ".join(
        f"{_compared(one.rmse_ratio_interval)} {one.name}: RMSE ratio {one.rmse_ratio:.2f}"
        f" [{one.rmse_ratio_interval.low:.2f}, {one.rmse_ratio_interval.high:.2f}]."
        for one in baselines
    )


def is_better(baseline: QuantityBaseline) -> bool:
    """Whether the model is better than it, beyond doubt of the draw."""
    return baseline.rmse_ratio_interval.high < 1


def _compared(interval: Interval) -> str:
    if interval.high < 1:
        return "Better than"
    return "Worse than" if interval.low > 1 else "No better than"


def _beside(name: str, truth: Floats, theirs: Floats, ours: Floats, blocks: npt.NDArray[np.int64]) -> QuantityBaseline:
    sums = _sums(truth, theirs, blocks)
    drawn_ours, drawn_theirs = _drawn([ours, sums])
    return QuantityBaseline(
        name=name,
        metrics=metrics_of(truth, theirs),
        rmse_ratio=float(_ratio(ours.sum(axis=0), sums.sum(axis=0))),
        rmse_ratio_interval=middle(_ratio(drawn_ours, drawn_theirs)),
    )


def _sums(truth: Floats, predicted: Floats, blocks: npt.NDArray[np.int64]) -> Floats:
    """Return (blocks, 5): count, sum of truth and of its squares, of squared and of absolute errors."""
    error = predicted - truth
    centred = truth - truth.mean()  # or the squares of large numbers would drown what they differ by
    columns = (np.ones_like(truth), centred, centred**2, error**2, np.abs(error))
    return np.stack([np.bincount(blocks, column) for column in columns], axis=1)


def _drawn(each: list[Floats]) -> list[Floats]:
    """Draw the blocks anew, the same ones for all; each (blocks, k) becomes (draws, k)."""
    random = np.random.Generator(np.random.PCG64(0))
    n = len(each[0])
    at_once = max(1, _MOST_NUMBERS // n)
    pieces: list[list[Floats]] = [[] for _ in each]
    for start in range(0, _DRAWS, at_once):
        drawn = random.multinomial(n, np.full(n, 1 / n), size=min(at_once, _DRAWS - start)).astype(np.float64)
        for piece, sums in zip(pieces, each, strict=True):
            piece.append(drawn @ sums)
    return [np.concatenate(piece) for piece in pieces]


def _metrics(sums: Floats) -> dict[str, Floats]:
    """Return each metric of each row of sums."""
    count, total, squares, squared, absolute = np.maximum(sums[:, 0], 1), *sums[:, 1:].T
    spread = squares - total**2 / count
    r2 = np.where(spread > 0, 1 - squared / np.where(spread > 0, spread, 1), 0.0)
    return {"rmse": np.sqrt(squared / count), "mae": absolute / count, "r2": r2}


def _ratio(ours: Floats, theirs: Floats) -> Floats:
    """Return RMSE by RMSE; of two that are both without error, 1."""
    mine, other = ours[..., 3], theirs[..., 3]
    tiny = np.finfo(np.float64).tiny
    ratio: Floats = np.sqrt((mine + tiny) / (other + tiny))
    return ratio
