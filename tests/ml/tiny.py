"""A network and examples so small that a test of the training loop takes a fraction of a second."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ml.report import MemoryReport
from ml.steps import MIXTURES, Augmentation
from ml.training.cross_entropy import make_cross_entropy
from ml.training.learner import Learner
from ml.training.loop import Fit, Prepared
from ml.training.loss_guard import LossGuard
from ml.training.optimizers import make_optimizer
from ml.training.tuning import tune
from trainshed.specs import RandomTranslate, Step, Training

_RANDOM = np.random.Generator(np.random.PCG64(3))
LABELS = np.arange(53) % 3
IMAGES = (_RANDOM.random((53, 4, 4, 1)) + LABELS[:, None, None, None]).astype(np.float32)
STEPS = (RandomTranslate(step="random_translate", height=0.25, width=0.25),)


def network() -> keras.Model:
    """A dense layer with normalisation and dropout: each kind of state a network can have."""
    keras.utils.set_random_seed(11)
    images = keras.Input((4, 4, 1))
    x = keras.layers.Flatten()(images)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Dropout(0.3, name="dropout")(x)
    return keras.Model(images, keras.layers.Dense(3, name="logits")(x))


def recipe(**keys: Any) -> Training:
    return Training(**{"epochs": 2, "batch_size": 8, "learning_rate": 0.01, **keys})


def learner(training: Training, *, soft_targets: bool = False) -> Learner:
    tuned = tune(training, examples=53, image_shape=(4, 4, 1), augments=True, threads=2)
    return Learner(
        network(),
        make_optimizer(training, tuned, steps_per_epoch=7),
        make_cross_entropy(training, class_counts=np.bincount(LABELS), class_names="abc", mixes=soft_targets),
        batch_size=tuned.batch_size,
    )


def fit(training: Training, learns: Learner, report: MemoryReport, steps: Sequence[Step] = STEPS) -> Fit:
    return Fit(
        learns,
        Prepared(IMAGES[:20], LABELS[:20]),
        training,
        tune(training, examples=53, image_shape=(4, 4, 1), augments=True, threads=2),
        report,
        source=Augmentation.of(steps, seed=training.seed, images=IMAGES, labels=LABELS, n_classes=3),
        score="accuracy",
        loss_guard=LossGuard(10.0, guessing=math.log(3)),
        clock=lambda: 0.0,
    )


def trained(training: Training, steps: Sequence[Step] = STEPS) -> tuple[Learner, MemoryReport]:
    """Run a recipe to its end."""
    mixes = any(type(step) in MIXTURES for step in steps)
    learns, report = learner(training, soft_targets=mixes), MemoryReport()
    for _ in fit(training, learns, report, steps):
        pass
    return learns, report
