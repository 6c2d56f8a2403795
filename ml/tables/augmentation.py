"""`noise` and `swap_values`: what a row becomes in an epoch is a function of (seed, epoch, row) and of nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.steps.draws import Draws
from ml.tables.encoding import Encoding, Span, spans
from trainshed.specs import Noise, Step, SwapValues

Floats = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_PARTNER: Final = 0


@dataclass(frozen=True, slots=True, eq=False)
class RowAugmentation:
    """The augmenting steps of a spec, in order, over the train part that they are for. It is a `Source`."""

    steps: tuple[Step, ...]
    seed: int
    inputs: Floats
    """The train part as the network takes it, shape (n, features)."""
    targets: npt.NDArray[Any]
    columns: tuple[Span, ...]
    """Which features come of which column."""
    deviations: Floats
    """Of each feature over the train part, shape (features,)."""

    @classmethod
    def of(
        cls, steps: Sequence[Step], *, seed: int, inputs: Floats, targets: npt.NDArray[Any], columns: tuple[Span, ...]
    ) -> RowAugmentation:
        """Take the augmenting ones of all `steps`."""
        deviations = inputs.astype(np.float64).std(axis=0).astype(np.float32)
        return cls(tuple(step for step in steps if step.augments), seed, inputs, targets, columns, deviations)

    def __len__(self) -> int:
        return len(self.targets)

    def __call__(self, rows: Rows, *, epoch: int) -> tuple[Floats, npt.NDArray[Any]]:
        """Return the rows, augmented, and their targets as they are."""
        inputs = self.inputs[rows]
        for place, step in enumerate(self.steps):
            inputs = _CHANGES[type(step)](self, step, inputs, Draws(self.seed, epoch, place, rows))
        return inputs, self.targets[rows]


def refuse_unknown_columns(steps: Sequence[Step], encoding: Encoding, source: str) -> None:
    """Raise `InvalidData` for an augmenting step that names a column which the steps before it do not leave."""
    known = [span.name for span in spans(encoding)]
    for step in (step for step in steps if step.augments):
        for name in step.named_columns:
            if name not in known:
                raise InvalidData(
                    f"{source} has no column {name!r}, which a step of preprocess names.",
                    remedy=f"After the steps before it, the columns are {', '.join(known[:50])}.",
                    path=source,
                    field=name,
                )


def whole_row(features: int) -> tuple[Span, ...]:
    """Return the columns of examples that are numbers throughout, such as windows of series."""
    return (Span("", 0, features, features),)


def _noisy(rows: RowAugmentation, step: Noise, inputs: Floats, draws: Draws) -> Floats:
    chosen = _chosen(rows.columns, step.columns)
    features = np.concatenate([np.arange(one.begin, one.begin + one.numbers) for one in chosen]).astype(np.int64)
    noisy = inputs.copy()
    noisy[:, features] += (step.amount * rows.deviations[features] * _normal(draws, features)).astype(np.float32)
    return noisy


def _swapped(rows: RowAugmentation, step: SwapValues, inputs: Floats, draws: Draws) -> Floats:
    partners = np.floor(draws.uniform(_PARTNER) * len(rows.inputs)).astype(np.int64)
    swapped = inputs.copy()
    for number, span in enumerate(_chosen(rows.columns, step.columns), start=_PARTNER + 1):
        swaps = draws.uniform(number) < step.share
        features = slice(span.begin, span.begin + span.width)
        swapped[swaps, features] = rows.inputs[partners[swaps], features]
    return swapped


_CHANGES: Final[dict[type[Step], Callable[[RowAugmentation, Any, Floats, Draws], Floats]]] = {
    Noise: _noisy,
    SwapValues: _swapped,
}
"""Steps of training alone: `(rows, step, inputs, draws)` gives inputs of the same shape."""
AUGMENTATIONS: Final = frozenset(_CHANGES)


def _chosen(columns: Sequence[Span], names: Sequence[str] | None) -> list[Span]:
    return [span for span in columns if names is None or span.name in names]


def _normal(draws: Draws, features: Rows) -> npt.NDArray[np.float64]:
    """Return normal deviates, shape (batch, features) (G. Box, M. Muller, 1958)."""
    radius = np.sqrt(-2.0 * np.log1p(-draws.uniforms(2 * features)))
    return radius * np.cos(2.0 * np.pi * draws.uniforms(2 * features + 1))
