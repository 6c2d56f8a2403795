"""`builtin/diabetes`: how the diabetes of 442 real people went on within a year, beside ten measurements."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_diabetes

from ml.tables.table import Numbers, QuantityTable

SOURCE = "builtin/diabetes"


def load() -> QuantityTable:
    """Return the table in scikit-learn's order, in the units of the study."""
    bunch = load_diabetes(scaled=False)
    return QuantityTable(
        source=SOURCE,
        columns=tuple(
            Numbers(str(name), np.ascontiguousarray(bunch.data[:, place]))
            for place, name in enumerate(bunch.feature_names)
        ),
        quantities=bunch.target.astype(np.float64),
        label="progression",
        provenance="B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, Least angle regression, Annals of Statistics,"
        " 2004, as shipped with scikit-learn",
        licence="as published with the article",
    )
