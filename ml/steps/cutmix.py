"""`cutmix`: a rectangle of each image replaced by that of another one, the label by the share of its area
(Yun et al., 2019)."""

from __future__ import annotations

import numpy as np

from ml.steps.draws import Draws
from ml.steps.mixed import Mixed
from ml.steps.rectangles import rectangles
from trainshed.specs import Cutmix


def cutmix(step: Cutmix, ours: Mixed, others: Mixed, draws: Draws) -> Mixed:
    """Return the mixture; each row of `others` is the partner of the row of `ours`."""
    _, height, width, _ = ours.images.shape
    side = np.sqrt(draws.uniform(2) * step.strength / 2)
    tall, wide = (np.floor(side * length + 0.5).astype(np.int64) for length in (height, width))
    replaced = rectangles(tall, wide, draws, height=height, width=width)
    # By what was replaced: a rectangle at the border is smaller than it was drawn.
    share = replaced.mean(axis=(1, 2), dtype=np.float32)
    return Mixed(
        np.where(replaced[..., None], others.images, ours.images),
        ours.shares + share[:, None] * (others.shares - ours.shares),
    )
