"""`grayscale`: one channel of three or four."""

from __future__ import annotations

from typing import Final

import keras
import numpy as np

from ml.errors import InvalidData
from ml.steps.channels import weigh_channels
from ml.steps.seen import Seen
from trainshed.specs import Grayscale

LUMA: Final = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in brightness: ITU-R BT.601."""


def grayscale(step: Grayscale, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it. Raises `InvalidData` for images without colours."""
    channels = seen.shape[2]
    if channels not in {3, 4}:
        raise InvalidData(
            f"grayscale takes images of 3 or 4 channels, and these have {channels}.",
            remedy="Leave the step out.",
            field="preprocess",
        )
    return weigh_channels(np.asarray([*LUMA, 0.0][:channels], np.float32)[:, None], name=name)
