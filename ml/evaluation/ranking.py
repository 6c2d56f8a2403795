"""How well lists of items hold what a user chose next, beside baselines, and how sure that is.

All metrics are means over users, so a bootstrap (Efron, 1979; percentile method) draws users anew. Every item that a
user has not chosen before is ranked: a sample of them would favour weak models (Krichene and Rendle, "On sampled
metrics for item recommendation", 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluation.intervals import Interval, middle
from trainshed.specs import SpecModel

CUT: Final = 10
"""Items of a list that are looked at."""
_DRAWS: Final = 1000
_MOST_NUMBERS: Final = 4_000_000
"""Drawn at a time: bounds memory."""

Floats = npt.NDArray[np.float64]
Lists = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What lists come to, user by user. Each array is of shape (users,)."""

    hits: Floats
    """1 for a list that holds a relevant item, otherwise 0."""
    gains: Floats
    """NDCG (Järvelin and Kekäläinen, 2002) with gains of 0 and 1."""
    coverage: float
    """Share of all items that are in some list."""

    @property
    def metrics(self) -> dict[str, float]:
        return {
            f"hr_at_{CUT}": float(self.hits.mean()),
            f"ndcg_at_{CUT}": float(self.gains.mean()),
            "coverage": self.coverage,
        }


class RankingBaseline(SpecModel):
    """What one has without the model."""

    name: str
    metrics: dict[str, float]
    hr_difference: float
    """Hit rate of the model less that of the baseline: above 0, the model is better."""
    hr_difference_interval: Interval


def ranked(lists: Lists, relevant: Mapping[int, frozenset[int]], *, items: int) -> Ranked:
    """Score lists (users, at most `CUT`; 0 is no item) by the relevant items of each row, of so many `items`."""
    found = np.array([[item in relevant[row] for item in items_of] for row, items_of in enumerate(lists.tolist())])
    discounts = 1 / np.log2(np.arange(2, CUT + 2))
    best = np.array([discounts[: len(relevant[row])].sum() for row in range(len(lists))])
    gains: Floats = (found * discounts[: lists.shape[1]]).sum(axis=1) / best
    return Ranked(np.asarray(found.any(axis=1), np.float64), gains, len(np.unique(lists[lists > 0])) / items)


def ranking_intervals(ours: Ranked) -> dict[str, Interval]:
    """Return the 95 % interval of hit rate and NDCG."""
    names = (f"hr_at_{CUT}", f"ndcg_at_{CUT}")
    return {name: middle(_drawn(values)) for name, values in zip(names, (ours.hits, ours.gains), strict=True)}


def beside_ranking(name: str, ours: Ranked, theirs: Ranked) -> RankingBaseline:
    """Return the baseline with the difference of hit rates, drawn in pairs: the same users for both."""
    difference = ours.hits - theirs.hits
    return RankingBaseline(
        name=name,
        metrics=theirs.metrics,
        hr_difference=float(difference.mean()),
        hr_difference_interval=middle(_drawn(difference)),
    )


def ranking_verdict(ours: Ranked, baseline: RankingBaseline) -> str:
    """Return one sentence. A difference counts when 0 lies outside of its interval."""
    interval, name = baseline.hr_difference_interval, f"hr_at_{CUT}"
    return (
        f"{_compared(interval)} {baseline.name}: {ours.metrics[name]:.1%} of the users have what they chose among the"
        f" first {CUT}, beside {baseline.metrics[name]:.1%}; difference {100 * baseline.hr_difference:+.1f}"
        f" [{100 * interval.low:+.1f}, {100 * interval.high:+.1f}] points."
    )


def ranks_better(baseline: RankingBaseline) -> bool:
    """Whether the model is better than it, beyond doubt of the draw."""
    return baseline.hr_difference_interval.low > 0


def _compared(interval: Interval) -> str:
    if interval.low > 0:
        return "Better than"
    return "Worse than" if interval.high < 0 else "No better than"


def _drawn(values: Floats) -> Floats:
    """Return the means of draws of the users anew, (draws,)."""
    random = np.random.Generator(np.random.PCG64(0))
    n = len(values)
    at_once = max(1, _MOST_NUMBERS // n)
    pieces = []
    for start in range(0, _DRAWS, at_once):
        size = (min(at_once, _DRAWS - start), n)
        pieces.append(values[random.integers(0, n, size)].mean(axis=1))
    return np.concatenate(pieces)
