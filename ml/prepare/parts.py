"""Which part each row of a prepared file is of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from ml.data import Parts

Rows = npt.NDArray[np.int64]


def by_part(parts: Parts, kept: Mapping[str, Rows]) -> Iterator[tuple[str, int]]:
    """Yield the name of the part and the row, train first; `kept` are the rows of parts that lost some."""
    for name in ("train", "validation", "test"):
        for row in kept.get(name, parts.rows(name)).tolist():
            yield name, row
