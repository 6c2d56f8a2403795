"""Which function carries out which step of a spec. Each class of `trainshed.specs.STEP_CLASSES` is here once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.steps.center_crop import center_crop
from ml.steps.cutmix import cutmix
from ml.steps.cutout import cutout
from ml.steps.draws import Draws
from ml.steps.grayscale import grayscale
from ml.steps.min_max import min_max
from ml.steps.mixed import Mixed
from ml.steps.mixup import mixup
from ml.steps.pad import pad
from ml.steps.per_image_standardize import per_image_standardize
from ml.steps.random_brightness import random_brightness
from ml.steps.random_color import random_color
from ml.steps.random_contrast import random_contrast
from ml.steps.random_crop import random_crop
from ml.steps.random_flip import random_flip
from ml.steps.random_rotate import random_rotate
from ml.steps.random_translate import random_translate
from ml.steps.random_zoom import random_zoom
from ml.steps.rescale import rescale
from ml.steps.resize import resize
from ml.steps.standardize import standardize
from ml.steps.to_rgb import to_rgb
from trainshed import specs
from trainshed.specs import Step

Batch = npt.NDArray[np.float32]

LAYERS: Final[dict[type[Step], Callable[..., keras.Layer]]] = {
    specs.Rescale: rescale,
    specs.Standardize: standardize,
    specs.MinMax: min_max,
    specs.PerImageStandardize: per_image_standardize,
    specs.Resize: resize,
    specs.CenterCrop: center_crop,
    specs.Pad: pad,
    specs.Grayscale: grayscale,
    specs.ToRgb: to_rgb,
}
"""Steps that are saved with the model: `(step, seen, *, name)` gives a built-in Keras layer."""

AUGMENTATIONS: Final[dict[type[Step], Callable[[Any, Batch, Draws], Batch]]] = {
    specs.RandomFlip: random_flip,
    specs.RandomTranslate: random_translate,
    specs.RandomCrop: random_crop,
    specs.RandomRotate: random_rotate,
    specs.RandomZoom: random_zoom,
    specs.RandomContrast: random_contrast,
    specs.RandomBrightness: random_brightness,
    specs.RandomColor: random_color,
    specs.Cutout: cutout,
}
"""Steps of training alone: `(step, batch, draws)` gives a batch of the same shape."""

MIXTURES: Final[dict[type[Step], Callable[[Any, Mixed, Mixed, Draws], Mixed]]] = {
    specs.Mixup: mixup,
    specs.Cutmix: cutmix,
}
"""Steps of training alone that need a partner for each example: `(step, ours, others, draws)` gives the mixture."""
