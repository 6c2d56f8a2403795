"""The parts that pictures have of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ml.data.split import HoldsOut


def rows_of_parts(data: HoldsOut, count: int) -> dict[str, npt.NDArray[np.int64]]:
    """Return which of `count` rows are in which part; all that can be divided is `train`."""
    rows = np.arange(count, dtype=np.int64)
    found = {"train": rows[: data.held_out_from]}
    if data.own_validation_from is not None:
        found["validation"] = rows[data.own_validation_from : data.own_test_from]
    if data.own_test_from is not None:
        found["test"] = rows[data.own_test_from :]
    return found


def held_out_parts(data: HoldsOut) -> list[str]:
    """Return the names of the parts that are held out."""
    own = {"validation": data.own_validation_from, "test": data.own_test_from}
    return [name for name, start in own.items() if start is not None]
