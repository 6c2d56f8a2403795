"""What the numbers say, in words: whether a model is better than what one has without it."""

from __future__ import annotations

from ml.evaluation.intervals import Interval


def verdict(accuracy: float, interval: Interval, baselines: dict[str, float]) -> str:
    """Return one sentence for each baseline, from its name to its accuracy.

    A difference counts when the baseline lies outside of the 95 % interval of the model's accuracy.
    """
    return " ".join(
        f"{_compared(value, interval)} {name}: accuracy {accuracy:.3f} [{interval.low:.3f}, {interval.high:.3f}] beside"
        f" {value:.3f}."
        for name, value in baselines.items()
    )


def _compared(value: float, interval: Interval) -> str:
    if value < interval.low:
        return "Better than"
    return "Worse than" if value > interval.high else "No better than"
