"""The rows that data hold out themselves, for validation and for testing: no other division touches them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ml.data.parts import ORDER, PartName

Rows = npt.NDArray[np.int64]
Told: TypeAlias = tuple[PartName, ...] | None
"""In which part each row is. None: the data do not say."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnParts:
    """Rows by part, ascending; each is in one. Empty: the data hold out none for that."""

    train: Rows
    """All that may still be divided."""
    validation: Rows
    test: Rows

    @property
    def held_out(self) -> tuple[str, ...]:
        """The names of the parts that are held out."""
        return tuple(name for name, rows in (("validation", self.validation), ("test", self.test)) if len(rows))


def after_all_others(count: int, *, validation_from: int | None, test_from: int | None) -> OwnParts:
    """Return the parts of so many rows, where those for validation and then those for testing come last. None: none."""
    rows = np.arange(count, dtype=np.int64)
    test_at = count if test_from is None else test_from
    validation_at = test_at if validation_from is None else validation_from
    return OwnParts(rows[:validation_at], rows[validation_at:test_at], rows[test_at:])


def own_parts(told: Told, count: int) -> OwnParts:
    """Return the parts of so many rows, where the data tell that of each; where they do not, none is held out."""
    if told is None:
        return after_all_others(count, validation_from=None, test_from=None)
    places = np.array([ORDER.index(part) for part in told], np.int64)
    train, validation, test = (np.flatnonzero(places == place) for place in range(len(ORDER)))
    return OwnParts(train, validation, test)


def digest_of(told: Told) -> bytes:
    """Return what tells parts from others; nothing where the data tell none."""
    return b"" if told is None else bytes(ORDER.index(part) for part in told)
