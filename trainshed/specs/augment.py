"""Steps of training alone. What an example becomes is a pure function of (training.seed, epoch, example).

They see images as the network does, after the steps that are saved with the model: `amount` and `fill` are in those
numbers.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from trainshed.specs.step import Augmenting

Share = Annotated[float, Field(ge=0, le=1)]


class RandomFlip(Augmenting):
    """Mirror each image with probability one half."""

    step: Literal["random_flip"]
    direction: Literal["horizontal", "vertical", "both"] = "horizontal"
    """Which way."""


class RandomTranslate(Augmenting):
    """Shift each image by a random whole number of pixels; what comes in from outside is filled with `fill`."""

    step: Literal["random_translate"]
    height: Share = 0.1
    """Largest shift up or down, as a share of the height."""
    width: Share = 0.1
    """Largest shift left or right, as a share of the width."""
    fill: float = 0.0
    """Value of the pixels that come in."""


class RandomCrop(Augmenting):
    """Add a border on all sides and cut a random piece of the old size out of it."""

    step: Literal["random_crop"]
    padding: Annotated[int, Field(ge=0, le=1024)] = 4
    """Width of the border in pixels."""
    border: Literal["constant", "reflect"] = "reflect"
    """What the border shows: `fill`, or the image mirrored."""
    fill: float = 0.0
    """Value of a constant border."""


class RandomRotate(Augmenting):
    """Turn each image around its middle."""

    takes: ClassVar[frozenset[str]] = frozenset({"images"})  # no box could follow

    step: Literal["random_rotate"]
    degrees: Annotated[float, Field(ge=0, le=180)] = 15.0
    """Largest angle, either way."""
    fill: float = 0.0
    """Value of the pixels that come in."""


class RandomZoom(Augmenting):
    """Enlarge or shrink each image around its middle."""

    step: Literal["random_zoom"]
    amount: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """The factor is drawn from 1 - amount to 1 + amount."""
    fill: float = 0.0
    """Value of the pixels that come in."""


class RandomContrast(Augmenting):
    """Multiply the distance of each pixel from the mean of its image."""

    step: Literal["random_contrast"]
    amount: Share = 0.2
    """The factor is drawn from 1 - amount to 1 + amount."""


class RandomBrightness(Augmenting):
    """Add one number to all pixels of an image."""

    step: Literal["random_brightness"]
    amount: Annotated[float, Field(ge=0)] = 0.1
    """The number is drawn from -amount to amount, in the units of the network's input."""


class RandomColor(Augmenting):
    """Change saturation and hue of images with three channels."""

    step: Literal["random_color"]
    saturation: Share = 0.3
    """The factor is drawn from 1 - saturation to 1 + saturation; 0 would be grey."""
    hue: Annotated[float, Field(ge=0, le=180)] = 10.0
    """Largest turn of the colours in degrees, either way."""


class Cutout(Augmenting):
    """Cover a random square of each image with `fill`."""

    step: Literal["cutout"]
    size: Share = 0.3
    """Side of the square, as a share of the image's shorter side. At the border a part of it falls outside."""
    fill: float = 0.0
    """Value of the covered pixels."""


class Mixup(Augmenting):
    """Blend each image and its label with those of another one of the train part."""

    takes: ClassVar[frozenset[str]] = frozenset({"images"})  # no box could follow

    step: Literal["mixup"]
    strength: Share = 0.4
    """The other one's part is drawn evenly from 0 to half of this."""


class Cutmix(Augmenting):
    """Replace a random rectangle of each image by the same one of another image of the train part, and the label by the
    share of its area."""

    takes: ClassVar[frozenset[str]] = frozenset({"images"})  # no box could follow

    step: Literal["cutmix"]
    strength: Share = 1.0
    """The rectangle's share of the area is drawn evenly from 0 to half of this."""


AUGMENTING: tuple[type[Augmenting], ...] = (
    RandomFlip,
    RandomTranslate,
    RandomCrop,
    RandomRotate,
    RandomZoom,
    RandomContrast,
    RandomBrightness,
    RandomColor,
    Cutout,
    Mixup,
    Cutmix,
)
AnyAugmenting = (
    RandomFlip
    | RandomTranslate
    | RandomCrop
    | RandomRotate
    | RandomZoom
    | RandomContrast
    | RandomBrightness
    | RandomColor
    | Cutout
    | Mixup
    | Cutmix
)
