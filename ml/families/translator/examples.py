"""Pairs as a network is taught them, no longer than those that are learned together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.pairs import PairSet, Splitter, taught_pair
from ml.pairs.subwords import END
from ml.training.loop import Prepared

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TaughtPairs:
    """Encoded pairs. It is a `Source`: what rows have, cut to the longest of them."""

    all: Prepared
    """Inputs (n, 2, length) and targets (n, length)."""
    lengths: Rows
    """Shape (n,): the pieces of the longer text of each pair."""

    def __len__(self) -> int:
        return len(self.lengths)

    def __call__(self, rows: Rows, *, epoch: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Return inputs and targets of these rows, the same in each epoch."""
        longest = int(self.lengths[rows].max())
        return self.all.inputs[rows, :, :longest], self.all.targets[rows, :longest]

    @property
    def mean_length(self) -> float:
        """Pieces of a target, `END` among them."""
        return float(np.count_nonzero(self.all.targets) / len(self.all.targets))


def taught(pairs: PairSet, rows: Rows, splitter: Splitter, *, length: int) -> TaughtPairs:
    """Encode the pairs of rows that have at most `length` pieces each; the others are left out."""
    encoded = [
        ([*splitter.encode(pairs.sources[row]), END], [*splitter.encode(pairs.targets[row]), END])
        for row in rows.tolist()
    ]
    kept = [pair for pair in encoded if max(map(len, pair)) <= length]
    lengths = np.array([max(map(len, pair)) for pair in kept], np.int64)
    longest = int(lengths.max(initial=1))
    each = [taught_pair(*pair, length=longest) for pair in kept]
    inputs = np.array([both for both, _ in each], np.int32).reshape(-1, 2, longest)
    targets = np.array([wanted for _, wanted in each], np.int32).reshape(-1, longest)
    return TaughtPairs(Prepared(inputs, targets), lengths)
