"""What `auto` stands for: batch size, learning rate, feeding and steps a call, by rules that are measured.

Where a batch of 32 leaves many steps in an epoch, 64 or 128 reach the same accuracy on fewer CPU seconds if the
learning rate grows with them: by more than the square root (Krizhevsky, "One weird trick for parallelizing
convolutional neural networks", 2014) and by less than in proportion (Goyal et al., "Accurate, large minibatch SGD",
2017). Two epochs of Fashion-MNIST, medians of three seeds: accuracy 0.887 with 32, and with 128 0.878 at 2 times the
rate, 0.888 at 3 times and 0.887 at 4 times.
Only batch size and learning rate change results; the other two change how fast they come.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from trainshed.specs import Training

_LEARNING_RATES: Final = {"sgd": 0.01, "adam": 0.001, "adamw": 0.001, "rmsprop": 0.001, "lion": 0.0001}
_BATCH_SIZES: Final = (128, 64, 32)
_RATE_GROWS: Final = 0.8
"""As this power of the batch size."""
_LEAST_STEPS: Final = 200
"""In an epoch: a larger batch leaves the weights too few changes."""
_MOST_STEPS_PER_CALL: Final = 8
_MOST_BYTES_PER_CALL: Final = 16 * 2**20
"""Of images: what a call takes lies beside what it computes."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """A recipe's values for one set of examples, none of them `auto`."""

    batch_size: int
    learning_rate: float
    feeding: Literal["direct", "prefetch"]
    steps_per_call: int

    @property
    def facts(self) -> dict[str, Any]:
        """The values by name, JSON types."""
        return {
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
            "feeding": self.feeding,
            "steps_per_call": self.steps_per_call,
        }


def tune(
    recipe: Training, *, examples: int, image_shape: tuple[int | None, ...], augments: bool, threads: int
) -> Tuned:
    """Choose what the recipe leaves to `auto` for so many training examples, on so many threads."""
    batch_size = recipe.batch_size or _batch_size(examples)
    return Tuned(
        batch_size=batch_size,
        learning_rate=recipe.learning_rate or _LEARNING_RATES[recipe.optimizer] * (batch_size / 32) ** _RATE_GROWS,
        feeding=_feeding(recipe, augments=augments, threads=threads),
        steps_per_call=recipe.steps_per_call or _steps_per_call(batch_size, image_shape),
    )


def halved(tuned: Tuned, recipe: Training, times: int) -> tuple[Tuned, Training]:
    """Return values and recipe for half the batch, `times` over, with as many examples to each change of the weights.

    A batch of one example stays.
    """
    while times and tuned.batch_size > 1:
        tuned = replace(tuned, batch_size=tuned.batch_size // 2)
        recipe = recipe.model_copy(update={"accumulate_steps": 2 * recipe.accumulate_steps})
        times -= 1
    return tuned, recipe


def _batch_size(examples: int) -> int:
    return next((size for size in _BATCH_SIZES if examples >= size * _LEAST_STEPS), _BATCH_SIZES[-1])


def _feeding(recipe: Training, *, augments: bool, threads: int) -> Literal["direct", "prefetch"]:
    """A thread of its own pays when there is work for it and a core to do it on."""
    if recipe.feeding != "auto":
        return recipe.feeding
    return "prefetch" if augments and threads > 1 else "direct"


def _steps_per_call(batch_size: int, image_shape: tuple[int | None, ...]) -> int:
    sides = [side for side in image_shape if side is not None]
    if len(sides) < len(image_shape):
        return 1  # what is in a call is made as long as the longest
    batch_bytes = 4 * batch_size * math.prod(sides)
    return max(1, min(_MOST_STEPS_PER_CALL, _MOST_BYTES_PER_CALL // batch_bytes))
