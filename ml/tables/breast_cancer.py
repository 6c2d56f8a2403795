"""`builtin/breast-cancer`: 569 real tumours, each measured in 30 ways, malignant or benign. Scikit-learn ships it."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_breast_cancer

from ml.tables.table import Numbers, Table

SOURCE = "builtin/breast-cancer"


def load() -> Table:
    """Return the table in scikit-learn's order."""
    bunch = load_breast_cancer()
    return Table(
        source=SOURCE,
        columns=tuple(
            Numbers(str(name), np.ascontiguousarray(bunch.data[:, place]))
            for place, name in enumerate(bunch.feature_names)
        ),
        labels=bunch.target.astype(np.int64),
        class_names=tuple(str(name) for name in bunch.target_names),
        label="diagnosis",
        provenance="UCI Breast Cancer Wisconsin (Diagnostic) (W. Wolberg, O. Mangasarian, N. Street, W. Street, 1995),"
        " as shipped with scikit-learn. https://doi.org/10.24432/C5DW2B",
        licence="CC BY 4.0",
    )
