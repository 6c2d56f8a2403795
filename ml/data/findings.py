"""What a training job says of its data before it begins: what cleaning took out, and what leaks from part to part."""

from __future__ import annotations

from ml.data.copies import copies_across, first_equal
from ml.data.dataset import Dataset
from ml.data.split import Parts


def findings(dataset: Dataset, parts: Parts) -> tuple[str, ...]:
    """Return what is wrong with the data and with how they are divided, in words. Empty: nothing was found."""
    named = {"train": parts.train, "validation": parts.validation, "test": parts.test}
    across = copies_across(first_equal(dataset.images) if dataset.equal is None else dataset.equal, named)
    return tuple(_leak(count, earlier, later, len(named[later])) for (earlier, later), count in across.items())


def _leak(count: int, earlier: str, later: str, size: int) -> str:
    return (
        f"{count:,} of the {size:,} {later} examples {'is' if count == 1 else 'are'} in {earlier}, too, pixel by pixel:"
        " what is measured on them is too good; set data.clean.duplicates to drop"
    )
