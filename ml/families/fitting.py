"""Fits the network of any family: recipe, epochs, checkpoints, exact resume. A family brings a `Task`."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import dataclass

import keras

from ml.data import Parts
from ml.errors import InvalidData
from ml.job import RunSettings
from ml.model.checkpoints import Checkpoints
from ml.precision import has_bfloat16
from ml.report import Report
from ml.resume.resumable import make_resumable, naming_last_state
from ml.resume.run import Run
from ml.training.epoch import Epoch
from ml.training.learner import Learner
from ml.training.loop import Fit, Prepared, Source
from ml.training.loss_guard import LossGuard
from ml.training.objective import Objective
from ml.training.optimizers import make_optimizer
from ml.training.order import Order, shuffled
from ml.training.stopping import BestWeights, Monitor
from ml.training.tuning import Tuned, halved, tune
from ml.workspace import Workspace
from trainshed.specs import TrainSpec, dump_spec


def _as_it_is(train: Prepared) -> Source:
    return train


def _shuffled(_: int) -> Order:
    return shuffled


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is to be learned, and the network that shall learn it."""

    network: keras.Model
    """Takes examples as `prepare` has them, and gives outputs as the objective takes them."""
    model: keras.Model
    """What is saved; it shares its weights with the network."""
    objective: Objective
    data_digest: str
    parts: Parts
    source: Callable[[Prepared], Source] = _as_it_is
    """Makes of the train part what training has of it in each epoch."""
    order: Callable[[int], Order] = _shuffled
    """From the batch size to the order of each epoch."""
    augments: bool = False
    """Whether that takes work of its own."""
    left_out: int = 0
    """Rows of the train part that a step leaves out of training."""

    @property
    def examples(self) -> int:
        """How many examples an epoch has."""
        return len(self.parts.train) - self.left_out


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What fitting has come to; the network has the weights of `exported`."""

    spec: TrainSpec
    """As it was carried out: with less memory, of a smaller batch."""
    tuned: Tuned
    history: tuple[Epoch, ...]
    exported: Epoch


def refuse_watching_nothing(spec: TrainSpec, parts: Parts) -> None:
    """Raise `InvalidData` where something is chosen by a validation part that is empty."""
    watching = {
        "checkpoint.keep_best": spec.checkpoint.keep_best,
        "training.early_stopping": spec.training.early_stopping is not None,
    }
    for field, watches in watching.items():
        if watches and not len(parts.validation):
            raise InvalidData(
                f"{field} chooses by the validation part, and data.split.validation is 0.",
                remedy=f"Set data.split.validation above 0, or leave {field} out.",
                field=field,
            )


def warn_of_slow_precision(spec: TrainSpec, report: Report) -> None:
    """Say so where the numbers asked for are slow on this processor."""
    if spec.training.precision == "mixed_bfloat16" and not has_bfloat16():
        report.message(
            "warning: training.precision is mixed_bfloat16, and this processor has no instructions for it; float32 is "
            "faster here"
        )


def describe(source: str, task: Task, *, learns: str) -> str:
    """Return in one line what learns what from what; `learns` is for example `10 classes`."""
    counts = ", ".join(f"{count} {name}" for name, count in task.parts.counts.items())
    return f"{source}: {counts} examples, {learns}; {task.network.name} with {task.network.count_params():,} parameters"


def fit_task(
    spec: TrainSpec,
    task: Task,
    prepare: Callable[[str], Prepared],
    workspace: Workspace,
    report: Report,
    *,
    settings: RunSettings,
    clock: Callable[[], float],
) -> Fitted:
    """Train, or go on with an earlier attempt. `prepare` gives the part of a name. Raises `Diverged`."""
    spec, tuned = _fitting(spec, _tune(spec, task, settings), settings, report)
    report.message(_chosen(tuned, spec))
    history, exported = _fit(spec, task, prepare, tuned, workspace, report, settings, clock)
    return Fitted(spec, tuned, history, exported)


def _tune(spec: TrainSpec, task: Task, settings: RunSettings) -> Tuned:
    return tune(
        spec.training,
        examples=task.examples,
        image_shape=task.network.input_shape[1:],
        augments=task.augments,
        threads=settings.threads,
    )


def _fitting(spec: TrainSpec, tuned: Tuned, settings: RunSettings, report: Report) -> tuple[TrainSpec, Tuned]:
    """Halve the batch if a whole one did not fit into the memory before."""
    smaller, training = halved(tuned, spec.training, settings.halvings)
    if smaller == tuned:
        return spec, tuned
    report.message(
        f"warning: an earlier attempt ran out of memory with batches of {tuned.batch_size}; these are of"
        f" {smaller.batch_size}, and gradients are summed over {training.accumulate_steps} of them"
    )
    return spec.model_copy(update={"training": training}), smaller


def _chosen(tuned: Tuned, spec: TrainSpec) -> str:
    """Say what the run uses; (auto) marks what the spec left open."""
    open_fields = {name for name in tuned.facts if getattr(spec.training, name) in (None, "auto")}
    values = (
        f"{name} {value:g}{' (auto)' if name in open_fields else ''}"
        if isinstance(value, float | int)
        else f"{name} {value}{' (auto)' if name in open_fields else ''}"
        for name, value in tuned.facts.items()
    )
    return f"recipe: {', '.join(values)}"


def _fit(
    spec: TrainSpec,
    task: Task,
    prepare: Callable[[str], Prepared],
    tuned: Tuned,
    workspace: Workspace,
    report: Report,
    settings: RunSettings,
    clock: Callable[[], float],
) -> tuple[tuple[Epoch, ...], Epoch]:
    """Return all epochs, and the one whose weights the network has now."""
    learner = _learner(spec, task, tuned)
    fit = Fit(
        learner,
        prepare("validation"),
        spec.training,
        tuned,
        report,
        source=task.source(prepare("train")),
        score=task.objective.score,
        loss_guard=LossGuard(spec.guards.loss_factor, guessing=task.objective.guessing),
        clock=clock,
        order=task.order(tuned.batch_size),
    )
    checkpoints = Checkpoints(task.model, workspace, spec.checkpoint)
    keeps_best = _keeps_best(spec)
    run = Run(learner, fit, BestWeights(task.network, _monitor(spec)))
    keeper = make_resumable(
        run,
        workspace.checkpoints,
        spec.checkpoint,
        report,
        identity=_identity(spec, task, tuned),
        settings=settings,
        clock=clock,
    )
    with naming_last_state(keeper):
        for epoch in fit:
            run.history.append(epoch)
            checkpoints.after(epoch)
            if keeps_best:
                run.best.after(epoch)
    return tuple(run.history), run.best.restore() if keeps_best else run.history[-1]


def _identity(spec: TrainSpec, task: Task, tuned: Tuned) -> dict[str, str]:
    """Return what tells this training from every other: what it learns from, and how."""
    recipe = dump_spec(spec)
    told = {"model": recipe["model"], "preprocess": recipe["preprocess"], "training": recipe["training"]}
    how = json.dumps([told, tuned.batch_size, tuned.learning_rate], sort_keys=True)
    return {
        "data": task.data_digest,
        "split": task.parts.digest,
        "recipe": hashlib.sha256(how.encode()).hexdigest(),
    }


def _learner(spec: TrainSpec, task: Task, tuned: Tuned) -> Learner:
    recipe = spec.training
    steps_per_epoch = math.ceil(task.examples / tuned.batch_size)
    return Learner(
        task.network,
        make_optimizer(recipe, tuned, steps_per_epoch=steps_per_epoch),
        task.objective,
        batch_size=tuned.batch_size,
    )


def _keeps_best(spec: TrainSpec) -> bool:
    stopping = spec.training.early_stopping
    return spec.checkpoint.keep_best or (stopping is not None and stopping.restore_best)


def _monitor(spec: TrainSpec) -> Monitor:
    stopping = spec.training.early_stopping
    return stopping.monitor if stopping else "validation_loss"
