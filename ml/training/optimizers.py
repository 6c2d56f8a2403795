"""The optimizer of a recipe. All it remembers is in its variables: slots, averages, sums of gradients, the step."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import keras

from ml.training.lean_adam import LeanAdam, LeanAdamW
from ml.training.schedule import RateSchedule
from ml.training.tuning import Tuned
from trainshed.specs import Training

_NOT_DECAYED: Final = ("bias", "gamma", "beta")
_ADAMW_DECAY: Final = 0.004
_CLASSES: Final[dict[str, Callable[..., keras.Optimizer]]] = {
    "sgd": keras.optimizers.SGD,
    "adam": LeanAdam,
    "adamw": LeanAdamW,
    "rmsprop": keras.optimizers.RMSprop,
    "lion": keras.optimizers.Lion,
}


def make_optimizer(recipe: Training, tuned: Tuned, *, steps_per_epoch: int) -> keras.Optimizer:
    """Return the optimizer, not yet built; `steps_per_epoch` counts batches."""
    optimizer = _CLASSES[recipe.optimizer](
        learning_rate=_rate(recipe, tuned, steps_per_epoch / recipe.accumulate_steps),
        gradient_accumulation_steps=recipe.accumulate_steps if recipe.accumulate_steps > 1 else None,
        **_own(recipe),
        **_decay(recipe),
        **_clip(recipe),
        **({"use_ema": True, "ema_momentum": recipe.ema} if recipe.ema else {}),
    )
    if optimizer.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=list(_NOT_DECAYED))
    return optimizer


def _rate(recipe: Training, tuned: Tuned, changes_per_epoch: float) -> float | RateSchedule:
    if recipe.schedule.shape == "constant" and not recipe.schedule.warmup_epochs:
        return tuned.learning_rate
    return RateSchedule(
        recipe.schedule,
        peak=tuned.learning_rate,
        steps_per_epoch=changes_per_epoch,
        steps=math.ceil(recipe.epochs * changes_per_epoch),
    )


def _own(recipe: Training) -> dict[str, Any]:
    if recipe.optimizer == "sgd":
        return {"momentum": 0.9 if recipe.momentum is None else recipe.momentum, "nesterov": recipe.nesterov}
    return {"momentum": recipe.momentum or 0.0} if recipe.optimizer == "rmsprop" else {}


def _decay(recipe: Training) -> dict[str, float]:
    default = _ADAMW_DECAY if recipe.optimizer == "adamw" else None
    decay = default if recipe.weight_decay is None else recipe.weight_decay
    return {} if decay is None else {"weight_decay": decay}


def _clip(recipe: Training) -> dict[str, float]:
    if recipe.clip is None:
        return {}
    return {"clipvalue": recipe.clip.value} if recipe.clip.value else {"global_clipnorm": recipe.clip.norm or 0.0}
