"""How pairs become the numbers that a network takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ml.pairs.subwords import BEGIN, END, Splitter

Numbers = npt.NDArray[np.int32]


def encode_sources(splitter: Splitter, texts: Sequence[str], *, length: int) -> list[list[int]]:
    """Return the numbers of each text and `END`, at most so many: what is longer is cut."""
    return [[*splitter.encode(text)[: length - 1], END] for text in texts]


def taught_pair(source: Sequence[int], target: Sequence[int], *, length: int) -> tuple[Numbers, Numbers]:
    """Return (2, length): source, and target behind `BEGIN`; and (length,): target with `END`. 0 fills up."""
    both, wanted = np.zeros((2, length), np.int32), np.zeros(length, np.int32)
    both[0, : len(source)] = source
    both[1, 0] = BEGIN
    both[1, 1 : len(target)] = target[:-1]
    wanted[: len(target)] = target
    return both, wanted
