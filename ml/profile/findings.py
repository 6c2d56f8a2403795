"""From numbers to sentences: what is wrong with the data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ml.profile.copies import Copies
from ml.profile.document import FieldProfile, LabelProfile

_UNEVEN: Final = 10
_FEW: Final = 5
MOST_PROBLEMS: Final = 50


def of_field(field: FieldProfile) -> Iterator[str]:
    if field.missing:
        yield f"{field.name} has {_count(field.missing, 'missing value')}."
    if field.infinite:
        yield f"{field.name} has {_count(field.infinite, 'infinite value')}."
    if field.constant_columns and len(field.shape) == 2:  # the rim of an image is mostly black, and that is no fault
        yield f"{field.constant_columns} of {field.shape[1]} columns of {field.name} are the same in every row."


def of_labels(labels: LabelProfile | None, rows: int) -> Iterator[str]:
    if labels is None:
        return
    name = labels.field
    if labels.class_count == 1:
        yield f"All rows have the same {name}: there is nothing to tell apart."
    if rows > 100 and labels.class_count > rows // 2:
        yield f"{name} has {labels.class_count} different values in {rows} rows: it may be a number and no class."
        return
    counts = sorted(labels.classes, key=lambda each: each.count)
    least, most = counts[0], counts[-1]
    if len(counts) > 1 and least.count < _FEW:
        yield f"Class {least.label} of {name} has {_count(least.count, 'row')}: too few to learn and to test."
    if most.count > _UNEVEN * least.count:
        yield (
            f"The classes are uneven: {_count(most.count, 'row')} of {most.label}, and {least.count} of {least.label}. "
            "Accuracy says little here; look at F1."
        )


def of_copies(copies: Copies) -> Iterator[str]:
    if copies.duplicates:
        yield (
            f"{_count(copies.duplicates, 'row')} {_are(copies.duplicates)} an exact copy of an earlier one; such rows "
            "can end up in both training and test."
        )
    if copies.contradictions:
        count = copies.contradictions
        yield f"{_count(count, 'row')} {_are(count)} like an earlier one with another label."


def first_problems(problems: Iterator[str]) -> Sequence[str]:
    """Return the problems, each once and not too many."""
    return list(dict.fromkeys(problems))[:MOST_PROBLEMS]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"
