"""Examples that are to be answered: without labels, each with its row in the data, read a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A batch."""

    rows: Rows
    """Shape (n,): where each is in the data, from 0, ascending."""
    inputs: npt.NDArray[Any]
    """Shape (n, ...): as the model takes them, prepared as for training."""
    kept: Mapping[str, Sequence[str]]
    """What the data says of each beside, as it is written there."""


@dataclass(frozen=True, slots=True, eq=False)
class Questions:
    """All of them."""

    source: str
    """As the spec names the data."""
    count: int
    read: Callable[[int], Iterator[Asked]]
    """Read them in batches of so many; the last may be smaller. Raises `InvalidData`."""


def of_arrays(
    source: str, rows: Rows, take: Callable[[Rows], npt.NDArray[Any]], kept: Callable[[Rows], Mapping[str, list[str]]]
) -> Questions:
    """Return the questions of data that lies in memory; `take` and `kept` give what is in some of its rows."""

    def read(size: int) -> Iterator[Asked]:
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            yield Asked(some, take(some), kept(some))

    return Questions(source, len(rows), read)
