"""`to_rgb`: three channels of one or four."""

from __future__ import annotations

import keras
import numpy as np

from ml.errors import InvalidData
from ml.steps.channels import weigh_channels
from ml.steps.seen import Seen
from trainshed.specs import ToRgb


def to_rgb(step: ToRgb, seen: Seen, *, name: str) -> keras.Layer:
    """Return the layer that does it. Raises `InvalidData` for another number of channels."""
    channels = seen.shape[2]
    if channels not in {1, 4}:
        raise InvalidData(
            f"to_rgb takes images of 1 or 4 channels, and these have {channels}.",
            remedy="Leave the step out.",
            field="preprocess",
        )
    return weigh_channels(np.ones((1, 3), np.float32) if channels == 1 else np.eye(4, 3, dtype=np.float32), name=name)
