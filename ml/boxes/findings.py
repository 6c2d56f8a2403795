"""What a training job says of its pictures before it begins: those that are in two parts, and what was left out."""

from __future__ import annotations

from ml.boxes.box_set import BoxSet
from ml.data import Parts
from ml.data.copies import copies_across, first_equal


def box_findings(pictures: BoxSet, parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with how the pictures are divided, in words. Empty: nothing was found."""
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    return tuple(
        f"{count:,} of the {len(named[later]):,} {later} pictures {'is' if count == 1 else 'are'} in {earlier}, too,"
        " pixel by pixel: what is measured on them is too good; remove the copies"
        for (earlier, later), count in copies_across(first_equal(pictures.images), named).items()
    )
