"""What the numbers say, in words: whether a classifier is better than what one has without it.

Model and baseline answer the same examples, so what counts is the difference between them, example by example. Its
interval is a bootstrap (Efron, 1979; percentile method) that draws both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.evaluation.intervals import Interval, middle
from trainshed.specs import SpecModel

_DRAWS: Final = 1000
Flags = npt.NDArray[np.bool_]


class Comparison(SpecModel):
    """A baseline beside the model, on the same examples."""

    name: str
    accuracy: float
    """Of the baseline."""
    difference: float
    """Accuracy of the model minus that of the baseline."""
    interval: Interval
    """95 % bootstrap interval of the difference."""

    @property
    def is_won(self) -> bool:
        """Whether the model is better, beyond doubt of the draw."""
        return self.interval.low > 0


def compared(right: Flags, baselines: Mapping[str, Flags]) -> tuple[Comparison, ...]:
    """Compare where the model is right (n,) with where each baseline is."""
    return tuple(_compared(name, right, theirs) for name, theirs in baselines.items())


def verdict(accuracy: float, comparisons: tuple[Comparison, ...]) -> str:
    """Return one sentence for each baseline. A difference counts when 0 lies outside of its interval."""
    return " ".join(
        f"{_word(one)} {one.name}: accuracy {accuracy:.3f} beside {one.accuracy:.3f}, difference {one.difference:+.3f}"
        f" [{one.interval.low:+.3f}, {one.interval.high:+.3f}]."
        for one in comparisons
    )


def _compared(name: str, right: Flags, theirs: Flags) -> Comparison:
    n = len(right)
    gained, lost = int(np.count_nonzero(right & ~theirs)), int(np.count_nonzero(~right & theirs))
    random = np.random.Generator(np.random.PCG64(0))
    drawn = random.multinomial(n, np.array([gained, lost, n - gained - lost]) / n, size=_DRAWS)
    return Comparison(
        name=name,
        accuracy=float(np.mean(theirs)),
        difference=(gained - lost) / n,
        interval=middle((drawn[:, 0] - drawn[:, 1]) / n),
    )


def _word(one: Comparison) -> str:
    if one.is_won:
        return "Better than"
    return "Worse than" if one.interval.high < 0 else "No better than"
