"""What an array holds, column by column, in pieces that fit into memory beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ml.profile.document import FieldProfile, as_name

_PIECE_BYTES: Final = 1 << 26


@dataclass(slots=True)
class _Columns:
    """Least and greatest finite value of each column, and counts over all of them."""

    least: npt.NDArray[Any]
    greatest: npt.NDArray[Any]
    missing: int = 0
    infinite: int = 0
    finite: int = 0
    total: float = 0.0


def profile_array(name: str, array: npt.NDArray[Any]) -> FieldProfile:
    """Return shape, dtype, range and gaps of an array. Only of numbers there is more than shape and dtype."""
    plain = FieldProfile(name=as_name(name), shape=array.shape, dtype=as_name(str(array.dtype)), missing=0)
    if array.dtype.kind in "US":
        return plain.model_copy(update={"missing": int(np.count_nonzero(array == array.dtype.type()))})
    if array.dtype.kind not in "biuf" or array.size == 0:
        return plain
    columns = _look_at(array.view(np.uint8) if array.dtype.kind == "b" else array)
    constant = int(np.count_nonzero(columns.least == columns.greatest))
    is_table = array.ndim >= 1 and len(array) > 1
    found = {
        "missing": columns.missing,
        "infinite": columns.infinite,
        "minimum": _finite(np.fmin.reduce(columns.least)),
        "maximum": _finite(np.fmax.reduce(columns.greatest)),
        "mean": _finite(columns.total / columns.finite) if columns.finite else None,
        "constant_columns": constant if is_table and not columns.missing else 0,
    }
    return plain.model_copy(update=found)


def _look_at(array: npt.NDArray[Any]) -> _Columns:
    rows = array.reshape(len(array) if array.ndim else 1, -1)
    piece = max(1, _PIECE_BYTES // max(1, rows.shape[1] * 8))
    found: _Columns | None = None
    for start in range(0, len(rows), piece):
        block, counts = _without_gaps(rows[start : start + piece])
        least, greatest = np.fmin.reduce(block, axis=0), np.fmax.reduce(block, axis=0)
        if found is None:
            found = _Columns(least, greatest)
        else:
            found.least, found.greatest = np.fmin(found.least, least), np.fmax(found.greatest, greatest)
        found.missing += counts[0]
        found.infinite += counts[1]
        found.finite += block.size - sum(counts)
        with np.errstate(over="ignore"):  # a sum that is too large is no mean, and none is shown
            found.total += float(np.nansum(block, dtype=np.float64))
    assert found is not None
    return found


def _without_gaps(block: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], tuple[int, int]]:
    """Return the block with NaN in the place of what is infinite, and how many were missing and infinite."""
    if block.dtype.kind != "f":
        return block, (0, 0)
    missing, infinite = int(np.count_nonzero(np.isnan(block))), int(np.count_nonzero(np.isinf(block)))
    return (np.where(np.isinf(block), np.nan, block) if infinite else block), (missing, infinite)


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
