"""`builtin/digits`: 1,797 real handwritten digits of 8x8 pixels, 0 (paper) to 16 (ink), that scikit-learn ships."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from ml.data.dataset import Dataset

SOURCE = "builtin/digits"


def load() -> Dataset:
    """Return the digits as uint8 of shape (1797, 8, 8, 1), in scikit-learn's order."""
    bunch = load_digits()
    return Dataset(
        source=SOURCE,
        images=bunch.images.astype(np.uint8)[..., np.newaxis],
        labels=bunch.target.astype(np.int64),
        class_names=tuple(str(name) for name in bunch.target_names),
        own_test_from=None,
        provenance="UCI Optical Recognition of Handwritten Digits (E. Alpaydin, C. Kaynak, 1998), test part, as shipped"
        " with scikit-learn. https://doi.org/10.24432/C50P49",
        licence="CC BY 4.0",
    )
