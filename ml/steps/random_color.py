"""`random_color`: saturation and hue changed.

Both are one linear map of the colours of an image: in YIQ (the NTSC colour space) hue is an angle and saturation a
length, while brightness stays as it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ml.errors import InvalidData
from ml.steps.draws import Draws
from trainshed.specs import RandomColor

_TO_YIQ: Final = np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
_FROM_YIQ: Final = np.linalg.inv(_TO_YIQ)


def random_color(step: RandomColor, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, 3) of the same shape; `images` stays as it is. Raises `InvalidData`."""
    n, height, width, channels = images.shape
    if channels != 3:
        raise InvalidData(
            f"random_color takes images of 3 channels, and these have {channels}.",
            remedy="Leave the step out.",
            field="preprocess",
        )
    length = draws.between(0, 1 - step.saturation, 1 + step.saturation)
    angle = np.deg2rad(draws.between(1, -step.hue, step.hue))
    # As a change of the image, so that no strength is no change to the last bit.
    change = (_maps(length, angle) - np.eye(3)).astype(np.float32)
    pixels = images.reshape(n, height * width, channels)
    return images + (pixels @ change.transpose(0, 2, 1)).reshape(images.shape)


def _maps(length: npt.NDArray[np.float64], angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return matrices (n, 3, 3) from old to new red, green and blue."""
    turned = np.zeros((len(angle), 3, 3))
    turned[:, 0, 0] = 1
    turned[:, 1, 1] = turned[:, 2, 2] = length * np.cos(angle)
    turned[:, 2, 1] = length * np.sin(angle)
    turned[:, 1, 2] = -turned[:, 2, 1]
    exact: npt.NDArray[np.float64] = _FROM_YIQ @ turned @ _TO_YIQ
    exact[(length == 1) & (angle == 0)] = np.eye(3)
    return exact
