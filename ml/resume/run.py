"""A training as a whole that can be saved between two steps, and go on from there bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ml.errors import Diverged
from ml.resume.state import Array, Position, TrainingState
from ml.training.epoch import Epoch
from ml.training.learner import Learner
from ml.training.loop import Fit
from ml.training.stopping import BestWeights


@dataclass(slots=True)
class Run:
    """What a training has come to: variables, the loop's position and sums, the best epoch, and all epochs so far."""

    learner: Learner
    fit: Fit
    best: BestWeights
    history: list[Epoch] = field(default_factory=list)

    def state(self, at: Position, *, environment: Mapping[str, Any], identity: Mapping[str, Any]) -> TrainingState:
        """Return a copy of all of it. `identity` tells the training from every other one.

        Raises `Diverged` rather than keep variables or losses that are no numbers.
        """
        arrays: dict[str, Array] = {f"learner/{name}": array for name, array in self.learner.state().items()}
        _refuse_not_finite(arrays)
        arrays |= {f"fit/{name}": array for name, array in self.fit.arrays().items()}
        arrays |= {f"best/{number}": np.array(array) for number, array in enumerate(self.best.weights)}
        values = {
            "identity": dict(identity),
            "fit": self.fit.values(),
            "best": None if self.best.epoch is None else asdict(self.best.epoch),
            "history": [asdict(epoch) for epoch in self.history],
        }
        return TrainingState(at, arrays, values, environment)

    def go_on_from(self, state: TrainingState) -> None:
        """Become what was saved. Raises KeyError or ValueError for the state of another training."""
        self.learner.restore(_below("learner", state.arrays))
        self.fit.go_on_from(state.position, _below("fit", state.arrays), state.values["fit"])
        weights = _below("best", state.arrays)
        self.best.weights = [weights[str(number)] for number in range(len(weights))]
        best = state.values["best"]
        self.best.epoch = None if best is None else Epoch(**best)
        self.history[:] = [Epoch(**epoch) for epoch in state.values["history"]]


def _refuse_not_finite(arrays: Mapping[str, Array]) -> None:
    """A loss does not show all: it is that of the weights before the step, and a ReLU makes 0 of what is no number."""
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            variable = name.rpartition("/")[2]
            raise Diverged(f"The variable {variable} is no longer finite.", facts={"variable": variable})


def _below(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(f"{prefix}/")}
