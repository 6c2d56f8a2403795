"""`cutout`: a random square of each image covered (DeVries and Taylor, 2017)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.steps.draws import Draws
from ml.steps.rectangles import rectangles
from trainshed.specs import Cutout


def cutout(step: Cutout, images: npt.NDArray[np.float32], draws: Draws) -> npt.NDArray[np.float32]:
    """Return a batch (n, height, width, channels) of the same shape; `images` stays as it is."""
    n, height, width, _ = images.shape
    side = np.full(n, int(step.size * min(height, width) + 1e-9))
    return np.where(rectangles(side, side, draws, height=height, width=width)[..., None], np.float32(step.fill), images)
