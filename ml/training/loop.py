"""The epoch loop.

Order and augmentation are pure functions of (seed, epoch), so an epoch depends on weights and optimizer alone, and a
run can go on from any of them. Metrics are read from TensorFlow at report points only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ml.report import Report
from ml.resume.state import Position
from ml.training.epoch import Epoch
from ml.training.feed import FEEDS, Chunk, Examples, Plan
from ml.training.learner import Learner
from ml.training.loss_guard import LossGuard
from ml.training.norms import report_norms
from ml.training.objective import Score
from ml.training.order import Order, batches, shuffled
from ml.training.progress import ProgressMeter
from ml.training.stopping import Patience
from ml.training.tally import Mean, Tally
from ml.training.tuning import Tuned
from trainshed.specs import Schedule, Training

_REPORTS_PER_EPOCH: Final = 20
_VALIDATION_BATCH: Final = 256
_VALIDATION_NUMBERS: Final = 1 << 24
"""Of inputs at a time: large pictures are measured in smaller batches, or what the network holds would not fit."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Examples as the network takes them: inputs (n, ...), and their targets (n, ...) as the objective has them."""

    inputs: npt.NDArray[Any]
    targets: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.targets)

    def __call__(self, rows: npt.NDArray[np.int64], *, epoch: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return inputs and targets of these rows, the same in each epoch: they are a `Source`."""
        return self.inputs[rows], self.targets[rows]


class Source(Protocol):
    """The examples of the train part, as an epoch has them: a pure function of rows and epoch."""

    def __len__(self) -> int: ...

    def __call__(self, rows: npt.NDArray[np.int64], *, epoch: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return inputs and targets of these rows."""


def _nothing(position: Position) -> None:
    """Do nothing between two steps."""


class Fit:
    """One training run. Iterate over it: each epoch is trained, measured, reported, and handed out.

    `between` is called between any two calls of TensorFlow, and after each epoch that was handed out: the only times at
    which `arrays` and `values` hold all that the rest of the run depends on beside the learner.

    While an epoch is handed out, the network has the weights that were validated (with `ema` the averages), and so it
    has when the iteration is over.
    """

    def __init__(
        self,
        learner: Learner,
        validation: Prepared,
        recipe: Training,
        tuned: Tuned,
        report: Report,
        *,
        source: Source,
        score: Score,
        loss_guard: LossGuard,
        clock: Callable[[], float],
        order: Order = shuffled,
    ) -> None:
        self.between: Callable[[Position], None] = _nothing
        self._learner = learner
        self._validation = validation
        self._recipe = recipe
        self._report = report
        self._source = source
        self._score = score
        self._loss_guard = loss_guard
        self._clock = clock
        self._order = order
        self._feed = FEEDS[tuned.feeding]
        self._steps_per_epoch = math.ceil(len(source) / tuned.batch_size)
        self._steps = recipe.epochs * self._steps_per_epoch
        self._plan = Plan(
            batch_size=tuned.batch_size,
            steps_per_call=tuned.steps_per_call,
            report_every=recipe.report_every_steps or math.ceil(self._steps_per_epoch / _REPORTS_PER_EPOCH),
            record_every=recipe.record_norms_every,
        )
        self.patience = Patience(recipe.early_stopping)
        self._begin = Position(0, 0, 0)
        self._started = clock()
        self._tally = Tally()
        self._since_report = Tally()
        self._progress = ProgressMeter(report, epochs=recipe.epochs, steps_per_epoch=self._steps_per_epoch, clock=clock)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Return a copy of the sums of the epoch, and of those since the last report.

        Raises `Diverged` when a loss among them is no number: what is kept to go on from shall be good.
        """
        self._tally.refuse_not_finite()
        parts = {"epoch": self._tally, "since_report": self._since_report}
        return {f"{part}/{name}": array for part, tally in parts.items() for name, array in tally.arrays().items()}

    def values(self) -> dict[str, Any]:
        """Return what else the rest depends on; JSON values."""
        patience = self.patience
        return {"best": patience.best, "waited": patience.waited, "seconds": self._clock() - self._started} | {
            "first_loss": self._loss_guard.first,
            "high_losses": self._loss_guard.high,
        }

    def go_on_from(self, position: Position, arrays: Mapping[str, npt.NDArray[Any]], values: Mapping[str, Any]) -> None:
        """Become the run that gave `arrays` and `values` at `position`. Call it before the iteration."""
        self._begin = position
        self._tally, self._since_report = (_tally(part, arrays) for part in ("epoch", "since_report"))
        self.patience.best, self.patience.waited = values["best"], values["waited"]
        self._started = self._clock() - values["seconds"]
        self._loss_guard.first, self._loss_guard.high = values["first_loss"], values["high_losses"]
        self._progress.go_on_from(position.step)

    def __iter__(self) -> Iterator[Epoch]:
        """Train epoch by epoch, until the last one or until patience is over. Raises `Diverged`."""
        for number in range(self._begin.epoch + 1, self._recipe.epochs + 1):
            trained = self._pass(number)
            with self._learner.averaged():
                epoch = self._measured(number, trained)
                _report_epoch(epoch, self._report)
                yield epoch
            if self.patience.is_over(epoch):
                self._stop_early(epoch)
                break
            self._tally, self._started = Tally(), self._clock()
            self.between(Position(number * self._steps_per_epoch, number, 0))
        self._learner.settle()

    def _pass(self, epoch: int) -> Mean:
        """Learn from each example once; in the first epoch from those that are left."""
        order = self._order(len(self._source), self._recipe.seed, epoch)
        before = (epoch - 1) * self._steps_per_epoch
        done = self._begin.step_in_epoch if epoch == self._begin.epoch + 1 else 0
        chunks = self._plan.chunks(order, first=before + 1, done=done)
        with closing(self._feed(chunks, partial(self._prepare, epoch))) as fed:
            for chunk, examples in fed:
                sums = self._learn(chunk, examples)
                self._tally.add(chunk.first, sums, len(chunk.rows))
                self._since_report.add(chunk.first, sums, len(chunk.rows))
                self._report_step(chunk.last)
                self.between(Position(chunk.last, epoch - 1, chunk.last - before))
        return self._tally.read()

    def _prepare(self, epoch: int, chunk: Chunk) -> Examples:
        return Examples(*self._source(chunk.rows, epoch=epoch))

    def _learn(self, chunk: Chunk, examples: Examples) -> Any:
        if not chunk.recorded:
            return self._learner.learn(examples.inputs, examples.targets)
        sums, values = self._learner.learn_recorded(examples.inputs, examples.targets)
        if np.isfinite(np.asarray(values)).all():  # otherwise the loss is not finite either, which ends the run
            report_norms(self._report, self._learner.layer_names, chunk.first, values)
        return sums

    def _report_step(self, step: int) -> None:
        if step % self._plan.report_every == 0 or step == self._steps:
            mean = self._since_report.read()
            self._report.metric("train/loss", step, mean.loss)
            self._report.metric(f"train/{self._score}", step, mean.score)
            self._loss_guard.take(step, mean.loss)
            if self._recipe.schedule != Schedule():
                self._report.metric("train/learning_rate", step, self._learner.learning_rate())
            self._since_report = Tally()
        self._progress.at(step)

    def _measured(self, number: int, trained: Mean) -> Epoch:
        validated = self._validate(number)
        return Epoch.of(number, self._score, trained, validated, seconds=self._clock() - self._started)

    def _validate(self, epoch: int) -> Mean | None:
        tally = Tally()
        for rows in batches(np.arange(len(self._validation)), _validation_batch(self._validation)):
            sums = self._learner.measure(self._validation.inputs[rows], self._validation.targets[rows])
            tally.add(epoch * self._steps_per_epoch, sums, len(rows))
            self._progress.at(epoch * self._steps_per_epoch)
        return None if tally.is_empty else tally.read()

    def _stop_early(self, epoch: Epoch) -> None:
        self._report.message(f"epoch {epoch.number}: no gain for {self.patience.waited} epochs, so training ends here")
        self._progress.stopped(epoch.number * self._steps_per_epoch)


def _validation_batch(validation: Prepared) -> int:
    each = max(1, math.prod(validation.inputs.shape[1:]))
    return max(1, min(_VALIDATION_BATCH, _VALIDATION_NUMBERS // each))


def _tally(part: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Tally:
    return Tally.of({name: arrays[f"{part}/{name}"] for name in ("sums", "taken")})


def _report_epoch(epoch: Epoch, report: Report) -> None:
    for name, value in epoch.metrics.items():
        report.metric(f"epoch/{name}", epoch.number, value)
    report.metric("epoch/seconds", epoch.number, epoch.seconds)
    numbers = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in epoch.metrics.items())
    report.message(f"epoch {epoch.number}: {numbers}, {epoch.seconds:.2f} s")
