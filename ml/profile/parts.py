"""The parts that pictures have of their own."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt


class HeldOut(Protocol):
    """Examples whose last ones may be held out by the data itself."""

    @property
    def own_validation_from(self) -> int | None: ...
    @property
    def own_test_from(self) -> int | None: ...
    @property
    def held_out_from(self) -> int | None: ...


def rows_of_parts(data: HeldOut, count: int) -> dict[str, npt.NDArray[np.int64]]:
    """Return which of `count` rows are in which part; all that can be divided is `train`."""
    rows = np.arange(count, dtype=np.int64)
    found = {"train": rows[: data.held_out_from]}
    if data.own_validation_from is not None:
        found["validation"] = rows[data.own_validation_from : data.own_test_from]
    if data.own_test_from is not None:
        found["test"] = rows[data.own_test_from :]
    return found
