"""What a training job says of its pictures before it begins: those that are in two parts, and classes without a box."""

from __future__ import annotations

from typing import Final

from ml.boxes.box_set import BoxSet
from ml.boxes.division import train_box_counts
from ml.data import Parts
from ml.data.copies import copies_across, first_equal

_SHOWN: Final = 10


def box_findings(pictures: BoxSet, parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with how the pictures are divided, in words. Empty: nothing was found."""
    return (*_copies(pictures, parts), *_untrained(pictures, parts))


def _copies(pictures: BoxSet, parts: Parts) -> tuple[str, ...]:
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    return tuple(
        f"{count:,} of the {len(named[later]):,} {later} pictures {'is' if count == 1 else 'are'} in {earlier}, too,"
        " pixel by pixel: what is measured on them is too good; remove the copies"
        for (earlier, later), count in copies_across(first_equal(pictures.images), named).items()
    )


def _untrained(pictures: BoxSet, parts: Parts) -> tuple[str, ...]:
    counts = train_box_counts(pictures, parts)
    missing = [name for name, count in zip(pictures.class_names, counts, strict=True) if not count]
    if not missing:
        return ()
    shown = ", ".join(missing[:_SHOWN])
    return (f"{len(missing)} of {len(counts)} classes have no box in the train part, and will never be found: {shown}",)
