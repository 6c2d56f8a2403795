"""The epoch loop.

Order and augmentation are pure functions of (seed, epoch), so an epoch depends on weights and optimizer alone, and a
run can go on from any of them. Metrics are read from TensorFlow at report points only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ml.data import Labels
from ml.report import Report
from ml.steps import Augmentation
from ml.training.epoch import Epoch
from ml.training.learner import Learner
from ml.training.order import batches, epoch_order
from ml.training.progress import ProgressMeter
from ml.training.tally import Mean, Tally
from trainshed.specs import Training

_REPORTS_PER_EPOCH: Final = 20
_VALIDATION_BATCH: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Examples as the network takes them: images (n, height, width, channels), labels (n,)."""

    images: npt.NDArray[np.float32]
    labels: Labels


class Fit:
    """One training run. Iterate over it: each epoch is trained, measured, reported, and handed out."""

    def __init__(
        self,
        learner: Learner,
        train: Prepared,
        validation: Prepared,
        recipe: Training,
        report: Report,
        *,
        augment: Augmentation,
        clock: Callable[[], float],
    ) -> None:
        self._learner = learner
        self._train = train
        self._validation = validation
        self._recipe = recipe
        self._report = report
        self._augment = augment
        self._clock = clock
        self._steps_per_epoch = math.ceil(len(train.labels) / recipe.batch_size)
        self._steps = recipe.epochs * self._steps_per_epoch
        self._report_every = recipe.report_every_steps or math.ceil(self._steps_per_epoch / _REPORTS_PER_EPOCH)
        self._since_report = Tally()
        self._progress = ProgressMeter(report, epochs=recipe.epochs, steps_per_epoch=self._steps_per_epoch, clock=clock)

    def __iter__(self) -> Iterator[Epoch]:
        """Train epoch by epoch. Raises `Diverged`."""
        for number in range(1, self._recipe.epochs + 1):
            started = self._clock()
            trained = self._pass(number)
            validated = self._validate(number)
            epoch = Epoch(
                number,
                trained.loss,
                trained.accuracy,
                validated.loss if validated else None,
                validated.accuracy if validated else None,
                self._clock() - started,
            )
            _report_epoch(epoch, self._report)
            yield epoch

    def _pass(self, epoch: int) -> Mean:
        """Learn from each example once."""
        tally = Tally()
        order = epoch_order(len(self._train.labels), seed=self._recipe.seed, epoch=epoch)
        first = (epoch - 1) * self._steps_per_epoch + 1
        for step, rows in enumerate(batches(order, self._recipe.batch_size), start=first):
            images = self._augment(self._train.images[rows], epoch=epoch, examples=rows)
            sums = self._learner.learn(images, self._train.labels[rows])
            tally.add(step, sums, len(rows))
            self._since_report.add(step, sums, len(rows))
            self._report_step(step)
        return tally.read()

    def _report_step(self, step: int) -> None:
        if step % self._report_every == 0 or step == self._steps:
            mean = self._since_report.read()
            self._report.metric("train/loss", step, mean.loss)
            self._report.metric("train/accuracy", step, mean.accuracy)
            self._since_report = Tally()
        self._progress.at(step)

    def _validate(self, epoch: int) -> Mean | None:
        tally = Tally()
        for rows in batches(np.arange(len(self._validation.labels)), _VALIDATION_BATCH):
            sums = self._learner.measure(self._validation.images[rows], self._validation.labels[rows])
            tally.add(epoch * self._steps_per_epoch, sums, len(rows))
        return None if tally.is_empty else tally.read()


def _report_epoch(epoch: Epoch, report: Report) -> None:
    for name, value in epoch.metrics.items():
        report.metric(f"epoch/{name}", epoch.number, value)
    report.metric("epoch/seconds", epoch.number, epoch.seconds)
    numbers = ", ".join(f"{name.replace('_', ' ')} {value:.4f}" for name, value in epoch.metrics.items())
    report.message(f"epoch {epoch.number}: {numbers}, {epoch.seconds:.2f} s")
