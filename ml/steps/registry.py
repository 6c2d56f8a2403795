"""Which function carries out which step of a spec. Each class of `trainshed.specs.STEP_CLASSES` is here once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import keras
import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.steps.random_flip import random_flip
from ml.steps.random_translate import random_translate
from ml.steps.rescale import rescale
from ml.steps.resize import resize
from trainshed.specs import RandomFlip, RandomTranslate, Rescale, Resize, Step

Batch = npt.NDArray[np.float32]

LAYERS: Final[dict[type[Step], Callable[..., keras.Layer]]] = {Rescale: rescale, Resize: resize}
"""Steps that are saved with the model: `(step, *, name)` gives a built-in Keras layer."""

AUGMENTATIONS: Final[dict[type[Step], Callable[[Any, Batch, Draws], Batch]]] = {
    RandomFlip: random_flip,
    RandomTranslate: random_translate,
}
"""Steps of training alone: `(step, batch, draws)` gives a batch of the same shape."""
