"""The order in which an epoch visits the examples: a pure function of (seed, epoch)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def epoch_order(n: int, *, seed: int, epoch: int) -> Rows:
    """Return the rows 0..n-1 in the order of this epoch (from 1), shape (n,)."""
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n)


def batches(rows: Rows, size: int) -> Iterator[Rows]:
    """Yield `rows` in pieces of `size`; the last may be smaller."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
