"""Images whose labels may be mixed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Mixed:
    """A batch."""

    images: npt.NDArray[np.float32]
    """Shape (n, height, width, channels)."""
    shares: npt.NDArray[np.float32]
    """Share of each class in each image, shape (n, classes); each row sums to 1."""
