"""The order in which an epoch visits the examples: a pure function of (seed, epoch)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


def epoch_order(n: int, *, seed: int, epoch: int) -> Rows:
    """Return the rows 0..n-1 in the order of this epoch (from 1), shape (n,)."""
    return np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n)


Order = Callable[[int, int, int], Rows]
"""From number of examples, seed and epoch (from 1) to the rows 0..n-1 in the order of that epoch."""


def shuffled(n: int, seed: int, epoch: int) -> Rows:
    """Return `epoch_order`: the `Order` of examples that cost the same."""
    return epoch_order(n, seed=seed, epoch=epoch)


def by_length(lengths: npt.NDArray[np.int64], batch_size: int) -> Order:
    """Return an order in which the examples of a batch are about as long, and batches come in any order.

    Within a length the examples are shuffled anew in each epoch. A last batch that is not full stays the last.
    """

    def order(n: int, seed: int, epoch: int) -> Rows:
        random = np.random.Generator(np.random.PCG64([seed, epoch]))
        drawn = random.permutation(n)
        full = n // batch_size
        rows, left = np.split(drawn, [full * batch_size])  # left is of any length, or the longest would always be last
        ordered = rows[np.argsort(lengths[rows], kind="stable")]
        return np.concatenate([ordered.reshape(full, batch_size)[random.permutation(full)].ravel(), left])

    return order


def batches(rows: Rows, size: int) -> Iterator[Rows]:
    """Yield `rows` in pieces of `size`; the last may be smaller."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
