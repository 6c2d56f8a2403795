"""Preprocessing steps. Each class here has exactly one function in `ml.steps`, and a test holds the two sets equal.

The steps run in the order given. Those that change what the model sees at prediction time come first and are saved
with the model; those that augment come last and run in training only (`trainshed.specs.augment`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field
from pydantic_core import PydanticCustomError

from trainshed.specs.augment import AUGMENTING, AnyAugmenting
from trainshed.specs.step import Step

Pixels = Annotated[int, Field(ge=1, le=4096)]


class Rescale(Step):
    """Multiply all pixels by `scale`, then add `offset`."""

    step: Literal["rescale"]
    scale: Annotated[float, Field(gt=0)]
    """For example 0.0625 for pixels of 0 to 16, or 0.00392156862745098 for 0 to 255."""
    offset: float = 0.0
    """Added after the multiplication."""


class Standardize(Step):
    """Subtract the mean of each channel and divide by its standard deviation, both taken from the train part."""

    step: Literal["standardize"]


class MinMax(Step):
    """Bring the smallest pixel of the train part to 0 and the largest to 1. Others may fall outside."""

    step: Literal["min_max"]


class PerImageStandardize(Step):
    """Bring the pixels of each image by itself to mean 0 and standard deviation 1."""

    step: Literal["per_image_standardize"]


class Resize(Step):
    """Bring all images to one size."""

    step: Literal["resize"]
    height: Pixels
    """Pixels."""
    width: Pixels
    """Pixels."""
    interpolation: Literal["bilinear", "nearest", "bicubic"] = "bilinear"
    """How new pixels come from old ones."""


class CenterCrop(Step):
    """Cut out the middle."""

    step: Literal["center_crop"]
    height: Pixels
    """Pixels that are left; not more than there are."""
    width: Pixels
    """Pixels that are left; not more than there are."""


class Pad(Step):
    """Add a border of zeros, as wide on both sides as can be."""

    step: Literal["pad"]
    height: Pixels
    """Pixels with the border; not less than there are."""
    width: Pixels
    """Pixels with the border; not less than there are."""


class Grayscale(Step):
    """Make one channel of three or four: luma by ITU-R BT.601. A fourth channel is left out."""

    step: Literal["grayscale"]


class ToRgb(Step):
    """Make three channels of one by repeating it, or of four by leaving the last out."""

    step: Literal["to_rgb"]


AnySaved = Rescale | Standardize | MinMax | PerImageStandardize | Resize | CenterCrop | Pad | Grayscale | ToRgb
AnyStep = Annotated[AnySaved | AnyAugmenting, Discriminator("step")]
STEP_CLASSES: tuple[type[Step], ...] = (
    Rescale,
    Standardize,
    MinMax,
    PerImageStandardize,
    Resize,
    CenterCrop,
    Pad,
    Grayscale,
    ToRgb,
    *AUGMENTING,
)


def check_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Refuse a step that is saved with the model after one that runs in training only."""
    augmenting = [step.augments for step in steps]
    if augmenting != sorted(augmenting):
        raise PydanticCustomError(
            "step_order", "the random_... steps, cutout, mixup and cutmix run in training only and come last"
        )
    return steps
