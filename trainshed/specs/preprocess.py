"""Preprocessing steps. Each class here has exactly one function in `ml.steps`, and a test holds the two sets equal.

The steps run in the order given. Those that change what the model sees at prediction time come first and are saved
with the model; those that augment (`random_...`) come last and run in training only.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Discriminator, Field
from pydantic_core import PydanticCustomError

from trainshed.specs.base import SpecModel


class Step(SpecModel):
    """Base of all steps."""

    augments: ClassVar[bool] = False
    """Whether the step runs in training only."""


class Rescale(Step):
    """Multiply all pixels by `scale`, then add `offset`."""

    step: Literal["rescale"]
    scale: Annotated[float, Field(gt=0)]
    """For example 0.0625 for pixels of 0 to 16, or 0.00392156862745098 for 0 to 255."""
    offset: float = 0.0
    """Added after the multiplication."""


class Resize(Step):
    """Bring all images to one size."""

    step: Literal["resize"]
    height: Annotated[int, Field(ge=1, le=4096)]
    """Pixels."""
    width: Annotated[int, Field(ge=1, le=4096)]
    """Pixels."""
    interpolation: Literal["bilinear", "nearest", "bicubic"] = "bilinear"
    """How new pixels come from old ones."""


class RandomFlip(Step):
    """Mirror each image with probability one half."""

    augments: ClassVar[bool] = True
    step: Literal["random_flip"]
    direction: Literal["horizontal", "vertical", "both"] = "horizontal"
    """Which way."""


class RandomTranslate(Step):
    """Shift each image by a random whole number of pixels; what comes in from outside is filled with `fill`."""

    augments: ClassVar[bool] = True
    step: Literal["random_translate"]
    height: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Largest shift up or down, as a share of the height."""
    width: Annotated[float, Field(ge=0, le=1)] = 0.1
    """Largest shift left or right, as a share of the width."""
    fill: float = 0.0
    """Value of the pixels that come in."""


AnyStep = Annotated[Rescale | Resize | RandomFlip | RandomTranslate, Discriminator("step")]
STEP_CLASSES: tuple[type[Step], ...] = (Rescale, Resize, RandomFlip, RandomTranslate)


def check_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Refuse a step that is saved with the model after one that runs in training only."""
    augmenting = [step.augments for step in steps]
    if augmenting != sorted(augmenting):
        raise PydanticCustomError("step_order", "the random_... steps run in training only and come last")
    return steps
