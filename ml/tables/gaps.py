"""What rows do not tell a model that training had told it: numbers that are missing, categories it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ml.tables.encoding import CategoryEncoding, Encoding
from ml.tables.table import Categories, Column


class Gaps:
    """Counts both by column, batch by batch."""

    def __init__(self) -> None:
        self._missing: Counter[str] = Counter()
        self._unseen: Counter[str] = Counter()

    def add(self, encoding: Encoding, columns: Sequence[Column]) -> None:
        """Take a batch of the columns of an encoding."""
        for one, column in zip(encoding, columns, strict=True):
            if isinstance(column, Categories):
                assert isinstance(one, CategoryEncoding)
                known = set(one.values)
                unseen = np.array([name not in known for name in column.names] + [False])
                self._unseen[one.name] += int(np.count_nonzero(unseen[column.codes]))
            else:
                self._missing[one.name] += int(np.count_nonzero(np.isnan(column.values)))

    def facts(self) -> dict[str, Any]:
        """Return the counts of the columns that have any."""
        found = {"missing": +self._missing, "unseen": +self._unseen}
        return {name: dict(counts) for name, counts in found.items() if counts}

    def warnings(self) -> Iterator[str]:
        """Yield what people should know of them."""
        for name, count in (+self._missing).items():
            yield f"{_values(count)} of {name} {_are(count)} missing, and filled in as in training"
        for name, count in (+self._unseen).items():
            yield f"{_values(count)} of {name} {_are(count)} not among those of training, and count as none of them"


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count:,} values"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
