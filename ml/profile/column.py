"""What is seen of one column of a table, value by value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from ml.data.fields import as_number, is_missing
from ml.data.leaks import FEWEST_ROWS
from ml.profile.document import MOST_CLASSES, FieldProfile, as_name

_MOST_COUNTED: Final = 1000
"""Different values of a column that are counted."""
_NEARLY_ALL: Final = 0.99
_FEWEST_ROWS: Final = 200
"""In fewer rows, one that differs is more than a hundredth."""


@dataclass(slots=True)
class Column:
    """What was seen of one column so far."""

    name: str
    rows: int = 0
    missing: int = 0
    texts: int = 0
    infinite: int = 0
    whole: int = 0
    finite: int = 0
    total: float = 0.0
    minimum: float = float("inf")
    maximum: float = float("-inf")
    counts: Counter[str] = field(default_factory=Counter)
    """How often each value occurred, of the first `_MOST_COUNTED`."""
    is_counted: bool = True
    """Whether those are all."""
    codes: dict[str, str] = field(default_factory=dict)
    """Its value for each label, as long as it has one."""
    tells_label: bool = True

    def add(self, field: str, label: str) -> None:
        if self.tells_label:
            self.tells_label = self.codes.setdefault(label, field) == field and len(self.codes) <= MOST_CLASSES
        self.rows += 1
        self._count(field)
        if is_missing(field):
            self.missing += 1
        elif (number := as_number(field)) is None:
            self.texts += 1
        elif number in (float("inf"), float("-inf")):
            self.infinite += 1
        else:
            self._add_number(number)

    def _count(self, field: str) -> None:
        if field in self.counts or len(self.counts) < _MOST_COUNTED:
            self.counts[field] += 1
        else:
            self.is_counted = False

    def _add_number(self, number: float) -> None:
        self.finite += 1
        self.whole += number.is_integer()
        self.total += number
        self.minimum = min(self.minimum, number)
        self.maximum = max(self.maximum, number)

    @property
    def is_constant(self) -> bool:
        return self.rows > 1 and self.is_counted and len(self.counts) == 1

    @property
    def is_nearly_constant(self) -> bool:
        share = self.most_common[1] / self.rows
        return self.rows >= _FEWEST_ROWS and not self.is_constant and share >= _NEARLY_ALL

    @property
    def most_common(self) -> tuple[str, int]:
        """The most frequent value, and in how many rows it is."""
        return max(self.counts.items(), key=lambda item: item[1], default=("", 0))

    @property
    def is_label_again(self) -> bool:
        different = len(set(self.codes.values()))
        return self.tells_label and self.rows >= FEWEST_ROWS and different == len(self.codes) > 1

    def profile(self) -> FieldProfile:
        is_text, is_whole = self.texts > 0, self.whole == self.finite and not self.infinite
        shows_range = self.finite > 0 and not is_text
        mean = self.total / self.finite if shows_range else None
        return FieldProfile(
            name=as_name(self.name),
            shape=(self.rows,),
            dtype="text" if is_text else "integer" if is_whole else "number",
            missing=self.missing,
            infinite=self.infinite,
            minimum=self.minimum if shows_range else None,
            maximum=self.maximum if shows_range else None,
            mean=mean if mean is not None and abs(mean) < float("inf") else None,
            constant_columns=int(self.is_constant),
            different=len(self.counts) if self.is_counted else None,
            most_common=as_name(self.most_common[0]),
            most_common_count=self.most_common[1],
        )
