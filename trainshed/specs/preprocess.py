"""Preprocessing steps: those for images are here, and the list of all. Each has exactly one function in `ml`.

The steps run in the order given. Those that change what the model sees at prediction time come first and are saved
with the model; those that augment come last and run in training only (`trainshed.specs.augment`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Discriminator, Field
from pydantic_core import PydanticCustomError

from trainshed.specs.augment import AUGMENTING, AnyAugmenting
from trainshed.specs.step import ColumnNames, Step
from trainshed.specs.table_steps import OF_TABLES, AnyOfTables
from trainshed.specs.text_steps import OF_TEXTS, AnyOfTexts

Pixels = Annotated[int, Field(ge=1, le=4096)]


class Rescale(Step):
    """Multiply all pixels by `scale`, then add `offset`."""

    step: Literal["rescale"]
    scale: Annotated[float, Field(gt=0)]
    """For example 0.0625 for pixels of 0 to 16, or 0.00392156862745098 for 0 to 255."""
    offset: float = 0.0
    """Added after the multiplication."""


class Standardize(Step):
    """Subtract the mean of each channel or column and divide by its standard deviation, taken from the train part."""

    takes: ClassVar[frozenset[str]] = frozenset({"images", "pictures with boxes", "a table"})

    step: Literal["standardize"]
    columns: ColumnNames | None = None
    """Of tables. Default: all columns of numbers."""


class MinMax(Step):
    """Bring the smallest pixel, or number of a column, of the train part to 0 and the largest to 1. Others may fall
    outside."""

    takes: ClassVar[frozenset[str]] = frozenset({"images", "pictures with boxes", "a table"})

    step: Literal["min_max"]
    columns: ColumnNames | None = None
    """Of tables. Default: all columns of numbers."""


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
AnyStep = Annotated[AnySaved | AnyAugmenting | AnyOfTables | AnyOfTexts, Discriminator("step")]
OF_IMAGES: tuple[type[Step], ...] = (
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
STEP_CLASSES: tuple[type[Step], ...] = (*OF_IMAGES, *OF_TABLES, *OF_TEXTS)


def name_of(step: type[Step]) -> str:
    """Return what a spec calls a step."""
    (name,) = get_args(step.model_fields["step"].annotation)
    return str(name)


def check_order(steps: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuse a step that is saved with the model after one that runs in training only."""
    augmenting = [step.augments for step in steps]
    if augmenting != sorted(augmenting):
        raise PydanticCustomError(
            "step_order",
            "steps that augment run in training only and come last: {steps}",
            {"steps": ", ".join(name_of(step) for step in STEP_CLASSES if step.augments)},
        )
    return steps


def refuse_other_steps(steps: Sequence[Step], *, takes: str, who: str) -> None:
    """Raise for a step that is not for what `who`, say a family, takes; the message says which are."""
    fitting = [name_of(step) for step in STEP_CLASSES if takes in step.takes]
    for place, step in enumerate(steps):
        name = name_of(type(step))
        if takes not in step.takes:
            raise PydanticCustomError(
                "step",
                "preprocess[{place}]: {step} is for {for_what}, and {who} takes {takes}; {fitting}",
                {
                    "place": place,
                    "step": name,
                    "for_what": " or ".join(sorted(step.takes)),
                    "who": who,
                    "takes": takes,
                    "fitting": f"what fits is {', '.join(fitting)}" if fitting else "no step fits",
                },
            )
        if step.named_columns and takes != "a table":
            raise PydanticCustomError(
                "columns",
                "preprocess[{place}]: columns of {step} are for tables, and {who} takes {takes}",
                {"place": place, "step": name, "who": who, "takes": takes},
            )
