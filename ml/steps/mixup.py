"""`mixup`: each image and its label blended with those of another one (Zhang et al., 2017)."""

from __future__ import annotations

import numpy as np

from ml.steps.draws import Draws
from ml.steps.mixed import Mixed
from trainshed.specs import Mixup


def mixup(step: Mixup, ours: Mixed, others: Mixed, draws: Draws) -> Mixed:
    """Return the blend; each row of `others` is the partner of the row of `ours`."""
    share = (draws.uniform(0) * step.strength / 2).astype(np.float32)
    return Mixed(
        ours.images + share[:, None, None, None] * (others.images - ours.images),
        ours.shares + share[:, None] * (others.shares - ours.shares),
    )
